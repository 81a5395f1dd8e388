"""The exact answer: the quarters run in a copy of the warehouse, without fetching, and what that changed.

The copy is a database of its own on the same server and a folder that reads the landed bytes; both are always removed.
The warehouse, its folders and everybody outside stay as they are: nothing is fetched, sent or delivered.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from courtyard import stages
from courtyard.backfill.planned import Form
from courtyard.context import Context
from courtyard.errors import CourtyardError, HeldError, NotConnected
from courtyard.period import Period
from courtyard.reports.changes import KINDS
from courtyard.runtime import postgres
from courtyard.store import database

DATABASE = "courtyard_trial"
STEPS = tuple(step.name for step in stages.STAGES if step.name not in ("fetch", "deliver"))

_ALONE = text("SELECT pg_try_advisory_lock(hashtextextended('backfill/trial', 0))")
_FREE = text("UPDATE warehouse.lease SET expires_at = clock_timestamp()")
_FOLDERS = text("SELECT folder FROM publish.publication WHERE street_code = :street")
_NEWEST = text("""
SELECT report, period, max(revision) AS revision FROM publish.publication
 WHERE street_code = :street GROUP BY report, period
""")
_CHANGES = text("""
SELECT kind, count(*) AS lines FROM publish.change
 WHERE street_code = :street AND report = :report AND period = :period AND revision > :old AND revision <= :new
 GROUP BY kind
""")
_RECALLS = text("""
SELECT recipient, report, period, max(new_revision) AS revision FROM publish.recall WHERE street_code = :street
 GROUP BY recipient, report, period ORDER BY recipient, period, report
""")
_FOLLOW = text("SELECT DISTINCT quarter FROM mart.follow_on WHERE street_code = :street AND is_due ORDER BY quarter")

Newest = dict[tuple[str, str], int]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Changed:
    """A form that got a new revision; `lines` counts its comparison by kind, in Chinese, without a value."""

    report: str
    title: str
    period: str
    old: int | None
    new: int
    lines: dict[str, int]


@dataclass(frozen=True)
class Trial:
    """What the copy came to. `follow_on` are later quarters that were run too, since facts behind their forms changed."""

    quarters: tuple[str, ...]
    changed: tuple[Changed, ...]
    held: tuple[Form, ...]
    recalls: tuple[tuple[str, str, str], ...]
    follow_on: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def run(ctx: Context, quarters: Sequence[Period], progress: Say = lambda line: None) -> Trial:
    """Run these quarters in a copy and tell what changed. HeldError while another trial is at it."""
    with _copied(ctx, progress) as copy:
        with copy.engine("publisher").connect() as connection:
            before, told = _newest(connection, copy), _recalls(connection, copy)
            due = set(_due(connection, copy))
        held = [form for quarter in quarters for form in _run(copy, quarter, progress)]
        follow_on = _following(copy, {*map(str, quarters)}, due, progress, held)
        with copy.engine("publisher").connect() as connection:
            changed = tuple(_changed(connection, copy, before))
            recalls = tuple(sorted(_recalls(connection, copy) - told))
        recalled = tuple((name, report, period) for name, report, period, _ in recalls)
        return Trial(tuple(map(str, quarters)), changed, tuple(held), recalled, follow_on)


def _run(copy: Context, quarter: Period, progress: Say) -> Iterator[Form]:
    """One quarter in the copy; yields what its publishing holds. CourtyardError where a stage fails."""
    for step, result in stages.run_steps(replace(copy, period=quarter), STEPS):
        if isinstance(result, CourtyardError):
            raise CourtyardError(f"试算 {quarter} 的 {step} 未能完成：{result}")
        progress(f"{quarter} {stages.stage(step).title}")
        if step == "publish":
            for entry in result["held"]:
                spec = copy.district.reports.get(entry["report"])
                title = spec.title if spec else entry["report"]
                yield Form(entry["report"], title, entry["period"], str(quarter), None, "held", entry["reason"])


def _following(copy: Context, done: set[str], due: set[str], progress: Say, held: list[Form]) -> tuple[str, ...]:
    """Run what follows from the corrections, until nothing more does."""
    followed: list[str] = []
    while True:
        with copy.engine("publisher").connect() as connection:
            waiting = [q for q in _due(connection, copy) if q not in done | due]
        if not waiting:
            return tuple(followed)
        done.add(waiting[0])
        followed.append(waiting[0])
        held += _run(copy, Period.quarter(waiting[0]), progress)


@contextmanager
def _copied(ctx: Context, progress: Say) -> Iterator[Context]:
    """A context over a copy of the warehouse and a folder of its own; nobody can be reached from it."""
    live = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    ctx.settings.run_dir.mkdir(parents=True, exist_ok=True)
    with live.connect() as alone:
        if not alone.scalar(_ALONE):
            raise HeldError("另一次试算正在进行。", "等它结束后再试。")
        alone.commit()
        folder = Path(tempfile.mkdtemp(prefix="trial-", dir=ctx.settings.run_dir))
        engines: list[Engine] = []
        try:
            postgres.drop_database(ctx.url, DATABASE)  # of a trial that was killed
            progress("复制数据仓库")
            url = postgres.copy_database(ctx.url, DATABASE)
            engines = [database.engine(url, role) for role in database.ROLES]
            settings = replace(ctx.settings, var=folder, warehouse_url=url)
            copy = replace(ctx, settings=settings, url=url, connection=_nobody, holder="trial", token=None)
            _furnish(ctx, copy)
            yield copy
        finally:
            for engine in engines:
                engine.dispose()
            postgres.drop_database(ctx.url, DATABASE)
            shutil.rmtree(folder, ignore_errors=True)


def _furnish(ctx: Context, copy: Context) -> None:
    """The copy's folder: landed bytes and publications as they are; no run of the warehouse holds a quarter of the copy."""
    copy.settings.landing.symlink_to(ctx.settings.landing, target_is_directory=True)
    with copy.engine("publisher").connect() as connection:
        folders = connection.scalars(_FOLDERS, {"street": ctx.street_code}).all()
    for name in folders:
        published = ctx.settings.published / name
        if published.is_dir():
            shutil.copytree(published, copy.settings.published / name, copy_function=_linked)
    with copy.engine().begin() as connection:
        connection.execute(_FREE)


def _linked(source: str, target: str) -> None:
    """Published files are never written to, only replaced: a link is as good as a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _nobody(conn_id: str) -> Any:
    raise NotConnected(f"试算不连接任何外部系统（{conn_id}）。", "")


def _newest(connection: Connection, copy: Context) -> Newest:
    rows = connection.execute(_NEWEST, {"street": copy.street_code})
    return {(row.report, row.period): row.revision for row in rows}


def _recalls(connection: Connection, copy: Context) -> set[tuple[str, str, str, int]]:
    return {tuple(row) for row in connection.execute(_RECALLS, {"street": copy.street_code})}


def _due(connection: Connection, copy: Context) -> list[str]:
    return list(connection.scalars(_FOLLOW, {"street": copy.street_code}))


def _changed(connection: Connection, copy: Context, before: Newest) -> Iterator[Changed]:
    for (report, period), new in sorted(_newest(connection, copy).items(), key=lambda item: (item[0][1], item[0][0])):
        old = before.get((report, period))
        if new == old:
            continue
        spec = copy.district.reports.get(report)
        place = {"street": copy.street_code, "report": report, "period": period, "old": old or 0, "new": new}
        lines = {KINDS[row.kind]: row.lines for row in connection.execute(_CHANGES, place)}
        yield Changed(report, spec.title if spec else "季度简报", period, old, new, lines)
