"""One revision of one report for one period: read, compare, write, record. Nothing published is changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import DBAPIError

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import CourtyardError, HeldError, LeaseLost
from courtyard.period import SHANGHAI, Period
from courtyard.reports import (
    causes,
    changes,
    checking,
    closing,
    comparison_sheet,
    content,
    editions,
    facts,
    folder,
    form,
    query,
    readiness,
    recalling,
    reconciling,
    views,
)
from courtyard.reports.burden import counting
from courtyard.reports.changes import Entry
from courtyard.reports.checking import Checked, Unreconciled
from courtyard.reports.content import Content
from courtyard.reports.kept import Kept
from courtyard.store import database, lease

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_REVISIONS = text("""
SELECT revision, content_hash, as_known_at, folder, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY revision
""")
_KNOWN_AT = text("""
SELECT as_known_at FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period AND revision = :revision
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


@dataclass(frozen=True)
class Job:
    """One report for one period within a transaction of the publisher."""

    ctx: Context
    spec: ReportSpec
    period: Period
    connection: Connection
    kept: Kept = field(default_factory=Kept)

    @property
    def where(self) -> dict[str, str]:
        return {"street": self.ctx.street_code, "report": self.spec.report, "period": str(self.period)}

    def content(self, at: datetime, notes: list[str] | None = None) -> Content:
        """What the form says as known at a moment; `notes` replaces those that can change afterwards."""
        bound = query.parameters(self.ctx, self.spec, self.period, at)
        result = query.run(self.connection, self.ctx, self.spec, bound)
        self.kept.facts_of = self._facts_key(at)
        if notes is None:
            wanted = readiness.needs(self.ctx, self.spec, self.period)
            notes = [*result.notes, *readiness.submission_notes(self.connection, self.ctx, wanted)]
        return content.build(self.ctx, self.spec, self.period, result, notes, at)

    def known_content(self) -> Content:
        """What the form says as known now; its data must be there."""
        at = readiness.known_at(self.connection, self.ctx, self.spec, self.period)
        return self.kept.get(self.spec.report, (str(self.period), at), lambda: self.content(at))

    def other(self, spec: ReportSpec, period: Period) -> Content | None:
        """What another form says as known now, or None where its data is not there or it cannot be made."""
        wanted = readiness.needs(self.ctx, spec, period)
        if not wanted or readiness.missing(self.connection, self.ctx, wanted):
            return None
        try:
            with self.connection.begin_nested():
                return replace(self, spec=spec, period=period).known_content()
        except Exception:  # its own turn says what is wrong with it; this form is not held for it
            return None

    def keep_facts(self, revision: int, at: datetime) -> None:
        """Keep what a revision's figures are made of; another form may have been made in the transaction meanwhile."""
        if self.kept.facts_of != self._facts_key(at):
            query.make_facts(
                self.connection, self.ctx, self.spec, query.parameters(self.ctx, self.spec, self.period, at)
            )
        facts.keep(self.connection, self.spec, {**self.where, "revision": revision})

    def _facts_key(self, at: datetime) -> tuple[object, ...]:
        return self.connection.get_transaction(), self.spec.report, self.period, at

    def folder_name(self, revision: int) -> str:
        return f"{self.period}/{self.spec.report}/r{revision}"

    def path(self, revision: int) -> Path:
        return self.ctx.settings.published / self.folder_name(revision)


def publish(ctx: Context, until: date | None = None) -> dict[str, list[dict[str, Any]]]:
    """Every report period that ends in the quarter; a report that fails is held and the others go on."""
    done: dict[str, list[dict[str, Any]]] = {"published": [], "unchanged": [], "held": []}
    kept = Kept()
    for spec, period in due(ctx, until):
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
            outcome, entry = "held", _hold(ctx, spec, period, _reason(error))
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
        _restore(job, row)
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
    entries = _changes(job, made, revision, latest) if latest else []
    closing.guard(job, entries)
    files, manifest = _files(job, made, revision, entries)
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


def _changes(job: Job, made: Content, revision: int, latest: RowMapping) -> list[Entry]:
    return changes.between(job, editions.published(job, latest), editions.of_content(job, revision, made))


def _files(
    job: Job, made: Content, revision: int, entries: list[Entry], recorded: folder.Manifest | None = None
) -> tuple[dict[str, bytes], folder.Manifest]:
    """The form, beside it what changed and its views (of a recorded manifest as chosen then), and the manifest of all."""
    name = f"{job.spec.title}_{job.period}_r{revision}.xlsx"
    files = {name: form.render(job.ctx, job.spec, made)}
    if entries:
        compared = comparison_sheet.name(job.spec.title, str(job.period), revision)
        files[compared] = _comparison(job, made, revision, entries)
    shown = dict.fromkeys(files, folder.FULL)
    for view, (kind, body) in views.files(job, made, revision, recorded).items():
        files[view], shown[view] = body, kind
    return files, {
        "report": job.spec.report,
        "title": job.spec.title,
        "recipient": job.spec.recipient,
        "period": str(job.period),
        "revision": revision,
        "supersedes": revision - 1 if revision > 1 else None,
        "as_known_at": made.as_known_at.astimezone(SHANGHAI).isoformat(),
        "content_hash": made.content_hash,
        "form": name,
        "files": {file: folder.sha256(body) for file, body in files.items()},
        "views": shown,
        "changes": len(entries),
        "trace": f"courtyard trace {job.spec.report} {job.period} <单元格>",
        "rows": len(made.rows),
        "notes": list(made.notes),
        "approvals": [],
    }


def _comparison(job: Job, made: Content, revision: int, entries: list[Entry]) -> bytes:
    known_at = job.connection.scalar(_KNOWN_AT, {**job.where, "revision": revision - 1})
    title = f"{job.ctx.district.office.short_name}{job.period.title}{job.spec.title}"
    about = comparison_sheet.About(title, revision - 1, known_at, revision, made.as_known_at)
    words = causes.described(job.connection, job.ctx.district, {c for entry in entries for c in entry.causes})
    return comparison_sheet.render(about, entries, words)


def _restore(job: Job, row: RowMapping) -> None:
    """Make a recorded revision's folder whole again, from the warehouse as it was known then.

    The recorded manifest holds: what people added to it later (approvals) cannot be made again.
    """
    path, manifest = job.path(row["revision"]), row["manifest"]
    if folder.is_whole(path, manifest):
        return
    if folder.has_files(path, manifest):
        folder.write_manifest(path, manifest)
        return
    made = job.content(row["as_known_at"], notes=manifest["notes"])
    entries = changes.kept(job, row["revision"])
    files, again = _files(job, made, row["revision"], entries, manifest)
    if again["files"] != manifest["files"]:
        raise HeldError(
            f"已发布的第 {row['revision']} 版文件缺失或损坏，且无法按原样重做。", "请从备份恢复它的文件夹。"
        )
    folder.write(path, files, manifest)


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


def _reason(error: Exception) -> str:
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
