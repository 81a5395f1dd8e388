"""One revision of one report for one period: read, compare, write, record. Nothing published is changed."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import CourtyardError, HeldError, LeaseLost
from courtyard.period import Period
from courtyard.progress import Progress
from courtyard.reports import (
    changes,
    checking,
    closing,
    edition_files,
    editions,
    folder,
    form,
    readiness,
    recalling,
    reconciling,
)
from courtyard.reports.burden import counting
from courtyard.reports.checking import Checked, Unreconciled
from courtyard.reports.content import Content
from courtyard.reports.job import Job
from courtyard.reports.kept import Kept
from courtyard.store import database, lease

log = logging.getLogger(__name__)

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_REVISIONS = text("""
SELECT revision, content_hash, as_known_at, folder, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY revision
""")
_RECORD = text("""
INSERT INTO publish.publication
    (street_code, report, period, revision, content_hash, as_known_at, folder, rows, manifest)
VALUES (:street, :report, :period, :revision, :content_hash, :as_known_at, :folder, :rows, :manifest)
ON CONFLICT DO NOTHING RETURNING revision
""")
_RELEASE = text("DELETE FROM publish.hold WHERE street_code = :street AND report = :report AND period = :period")
_HOLD = text(
    "INSERT INTO publish.hold (street_code, report, period, reason) VALUES (:street, :report, :period, :reason)"
)
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'export', :object)")


class Overtaken(HeldError):
    """Another publisher is at, or was faster with, this very report: its outcome stands, so no hold is recorded."""


def publish(ctx: Context, until: date | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every report period that ends in the quarter; a report that fails is held and the others go on."""
    done: dict[str, list[dict[str, Any]]] = {"published": [], "unchanged": [], "held": []}
    kept = Kept()
    jobs = due(ctx, until)
    for spec, period in Progress(log, "发布报表", len(jobs), "张").of(jobs):
        try:
            with ctx.engine("publisher").begin() as connection:
                lease.check(connection, ctx)
                outcome, entry = _publish_one(Job(ctx, spec, period, connection, kept))
        except LeaseLost:
            raise
        except Overtaken as error:
            outcome, entry = "held", {"reason": str(error)}
        except Unreconciled as error:
            outcome, entry = "held", _hold(ctx, spec, period, str(error), error.checked)
        except Exception as error:  # whatever one report's pack files do, the others are still due
            outcome, entry = "held", _hold(ctx, spec, period, reason_of(error))
        if outcome == "held":
            log.warning("《%s》%s暂缓：%s", spec.title, period.title, entry["reason"])
        done[outcome].append({"report": spec.report, "period": str(period), **entry})
    return done


def due(ctx: Context, until: date | None = None) -> list[tuple[ReportSpec, Period]]:
    """The reports and periods that are counted for a day of the quarter (before `until`), by that day, then by name."""
    found = [
        (spec, period)
        for spec in ctx.district.reports.values()
        for period in spec.periods(ctx.period)
        if until is None or spec.as_of(period) < until
    ]
    return sorted(found, key=lambda job: (job[0].as_of(job[1]), job[0].report))


def _publish_one(job: Job) -> tuple[str, dict[str, Any]]:
    if not job.connection.scalar(_LOCK, {"name": "/".join(job.where.values())}):
        raise Overtaken("另一个进程正在发布这张报表。", "请等它结束后再运行。")
    wanted = readiness.needs(job.ctx, job.spec, job.period)
    if reason := readiness.missing(job.connection, job.ctx, wanted):
        raise HeldError(reason, "补齐后再运行。")
    revisions = job.connection.execute(_REVISIONS, job.where).mappings().all()
    for row in revisions:
        edition_files.restore(job, row)
    latest = revisions[-1] if revisions else None
    made = job.known_content()
    job.connection.execute(_RELEASE, job.where)
    if latest and latest["content_hash"] == made.content_hash:
        return "unchanged", {"revision": latest["revision"], "folder": latest["folder"]}
    revision = _next_revision(latest)
    if job.spec.kind == "aggregate":
        job.keep_facts(revision, made.as_known_at)
    form_ = reconciling.Form(job.ctx.district, job.spec, job.period, made, job.other)
    checked = checking.check(job.connection, job.where, form_)
    if checked.failing:
        raise Unreconciled(checked)
    _issue(job, made, latest, checked)
    return "published", {"revision": revision, "folder": job.folder_name(revision)}


def _next_revision(latest: RowMapping | None) -> int:
    return (latest["revision"] if latest else 0) + 1


def _issue(job: Job, made: Content, latest: RowMapping | None, checked: Checked) -> None:
    """Write the folder, then record it; HeldError tells a publisher that lost to another."""
    revision = _next_revision(latest)
    entries = (
        changes.between(job, editions.published(job, latest), editions.of_content(job, revision, made))
        if latest
        else []
    )
    closing.guard(job, entries)
    files, manifest = edition_files.made_of(job, made, revision, entries)
    manifest["checks"] = [verdict.plain() for verdict in checked.verdicts]
    path = job.path(revision)
    if not folder.is_whole(path, manifest):  # whole: written by a run that was killed before it could record it
        folder.write(path, files, manifest)
    recorded = job.connection.scalar(
        _RECORD,
        {
            **job.where,
            "revision": revision,
            "content_hash": made.content_hash,
            "as_known_at": made.as_known_at,
            "folder": job.folder_name(revision),
            "rows": len(made.rows),
            "manifest": Jsonb(manifest),
        },
    )
    if recorded is None:
        raise Overtaken(f"第 {revision} 版已由另一个进程发布。", "请再运行一次核对。")
    database.copy_rows(
        job.connection,
        "publish.cell_row",
        ("street_code", "report", "period", "revision", "row_index", "form_row", "sources"),
        (
            (*job.where.values(), revision, index, form.form_row(job.spec, index), Jsonb(sources))
            for index, sources in enumerate(made.sources)
        ),
    )
    checking.store(job.connection, job.where, checked)
    counting.record(job.connection, job.ctx, job.where, revision, counting.count(job.ctx.district, job.spec, made))
    changes.keep(job, revision, entries)
    recalling.queue(job, made, revision, entries)
    job.connection.execute(_AUDIT, {"actor": job.ctx.holder, "object": job.folder_name(revision)})


def _hold(
    ctx: Context, spec: ReportSpec, period: Period, reason: str, checked: Checked | None = None
) -> dict[str, str]:
    where = {"street": ctx.street_code, "report": spec.report, "period": str(period)}
    with ctx.engine("publisher").begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_RELEASE, where)
        connection.execute(_HOLD, {**where, "reason": reason})
        if checked:
            checking.store(connection, where, checked)
    return {"reason": reason}


def reason_of(error: Exception) -> str:
    """Why a report waits, without a value of the data: a database's message may quote one."""
    if isinstance(error, CourtyardError):
        return str(error)
    if isinstance(error, DBAPIError):
        diagnosis = getattr(error.orig, "diag", None)
        state = getattr(diagnosis, "sqlstate", None) or "无代码"
        about_the_query = state.startswith("42")  # syntax, unknown table or column: quotes the query, not a row
        detail = f"：{diagnosis.message_primary}" if about_the_query else ""
        return f"报表查询出错（SQLSTATE {state}）{detail}。请检查报表的 SQL。"
    if isinstance(error, OSError):
        return f"文件写不进 published 文件夹（{error.strerror}）。请检查磁盘。"
    return f"报表未能生成（{type(error).__name__}）。请检查报表的定义、SQL 和空白表。"
