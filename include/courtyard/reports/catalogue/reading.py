"""What is recorded of reports, as entries of the catalogue: the one module that asks the warehouse for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, RowMapping

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import PackError
from courtyard.period import Period
from courtyard.reports import readiness
from courtyard.reports.catalogue.entries import (
    Arrival,
    Cells,
    Change,
    Check,
    Entry,
    Progress,
    Revision,
    Sending,
    Status,
)
from courtyard.store import statements

_SQL = statements.load("courtyard.reports.catalogue", "reading.sql")
SUCCESSOR_HELD = "新一版暂缓："  # begins the reason of what was published and cannot be replaced yet
_LOOKED_AHEAD = 8  # quarters in which the next period of any report falls

_STATES = {"passed": "相符", "explained": "已说明", "failing": "不符", "not_compared": "未比较"}
_KINDS = {
    "cell": "改数", "added": "新增行", "removed": "删除行", "moved": "移位", "renumbered": "重编号", "column": "栏目",
    "note": "附注", "metadata": "表头信息",
}  # fmt: skip

Key = tuple[str, str]
RevisionKey = tuple[str, str, int]


def entries(connection: Connection, ctx: Context) -> list[Entry]:
    """Every report and period from the office's first quarter to the next one that is not due, newest first.

    What they rest on is asked for one by one: `with_arrivals`.
    """
    revisions = _revisions(connection, ctx)
    titles = {(row["report"], row["period"]): row for row in _publications(connection, ctx)}
    holds: dict[Key, str] = {
        (row.report, row.period): row.reason for row in connection.execute(_SQL["holds"], _where(ctx))
    }
    found = []
    for spec, period in _expected(ctx, {*revisions, *holds}):
        key = (spec.report, str(period))
        found.append(_entry(spec, period, revisions.pop(key, ()), holds.get(key), is_due=True))
    found += [_entry(spec, period, (), None, is_due=False) for spec, period in _next(ctx, found)]
    found += [_foreign(titles[key], kept) for key, kept in revisions.items()]
    return sorted(found, key=lambda entry: (-entry.as_of.toordinal(), entry.title, str(entry.period)))


def _progress(connection: Connection, ctx: Context) -> dict[RevisionKey, Progress]:
    """How far each revision has come on its way out; one of which nothing is recorded waits."""
    sent: dict[RevisionKey, list[Sending]] = defaultdict(list)
    waived: set[RevisionKey] = set()
    names = {r.recipient: r.name for r in ctx.district.recipients.recipients}
    for statement in ("sendings", "recalls"):
        for row in connection.execute(_SQL[statement], _where(ctx)):
            state = f"{row.state}：{row.error}" if row.error else row.state
            to = Sending(names.get(row.recipient, row.recipient), row.channel, state, row.at)
            key = (row.report, row.period, row.revision)
            sent[key].append(to)
            if row.is_waived:
                waived.add(key)
    found = {
        key: Progress(Status.WAIVED if key in waived else Status.WAITING, sendings=tuple(sendings))
        for key, sendings in sent.items()
    }
    for row in connection.execute(_SQL["sign_offs"], _where(ctx)):
        key = (row.report, row.period, row.revision)
        status = Status.SIGNED if row.decision == "signed" else Status.RETURNED
        found[key] = Progress(status, row.reason, row.post, row.at, tuple(sent.get(key, ())))
    return found


def progress_of(connection: Connection, ctx: Context, revision: RevisionKey) -> Progress:
    """How far one revision has come on its way out."""
    return _progress(connection, ctx).get(revision, Progress(Status.WAITING))


def _changes(connection: Connection, ctx: Context) -> dict[RevisionKey, tuple[Change, ...]]:
    """What each revision changed: columns and counts. Values are in the forms alone, which few may open."""
    found: dict[RevisionKey, list[Change]] = defaultdict(list)
    for row in connection.execute(_SQL["changes"], _where(ctx)):
        names = [ctx.district.sources[s].title if s in ctx.district.sources else s for s in (row.sources or "").split()]
        cause = "、".join(names) + "的新送达" if names else "口径或版式调整"
        found[row.report, row.period, row.revision].append(Change(_KINDS[row.kind], row.header, row.cells, cause))
    return {key: tuple(kept) for key, kept in found.items()}


def _checks(connection: Connection, ctx: Context) -> dict[tuple[str, str, str], tuple[Check, ...]]:
    """The reconciliations of each content, by its hash."""
    found: dict[tuple[str, str, str], list[Check]] = defaultdict(list)
    for row in connection.execute(_SQL["checks"], _where(ctx)):
        found[row.report, row.period, row.content_hash].append(Check(row.title, _STATES[row.status], row.reason))
    return {key: tuple(kept) for key, kept in found.items()}


def _where(ctx: Context) -> dict[str, Any]:
    return {"street": ctx.street_code}


def _publications(connection: Connection, ctx: Context) -> list[RowMapping]:
    return list(connection.execute(_SQL["publications"], _where(ctx)).mappings())


def _revisions(connection: Connection, ctx: Context) -> dict[Key, tuple[Revision, ...]]:
    """Revisions of each report and period, newest first."""
    cells = {
        (row.report, row.period, row.revision): Cells(row.asked, row.filled, row.by_hand)
        for row in connection.execute(_SQL["cells"], _where(ctx))
    }
    progress, changes, checks = _progress(connection, ctx), _changes(connection, ctx), _checks(connection, ctx)
    found: dict[Key, list[Revision]] = defaultdict(list)
    for row in _publications(connection, ctx):
        manifest, key = row["manifest"], (row["report"], row["period"], row["revision"])
        found[key[:2]].append(
            Revision(
                number=row["revision"],
                as_known_at=row["as_known_at"],
                folder=row["folder"],
                files=tuple(manifest["files"]),
                rows=row["rows"],
                notes=tuple(manifest.get("notes", ())),
                content_hash=row["content_hash"],
                progress=progress.get(key, Progress(Status.WAITING)),
                checks=checks.get((row["report"], row["period"], row["content_hash"]), ()),
                changes=changes.get(key, ()),
                cells=cells.get(key),
            )
        )
    return {key: tuple(kept) for key, kept in found.items()}


def _expected(ctx: Context, known: set[Key]) -> Iterator[tuple[ReportSpec, Period]]:
    """The reports due from the office's first quarter to the last of which anything is recorded."""
    last = _last_quarter(ctx, known)
    quarter = Period.quarter(ctx.district.office.first_quarter)
    while quarter <= last:
        for spec in ctx.district.reports.values():
            for period in spec.periods(quarter):
                yield spec, period
        quarter = quarter.next()


def _last_quarter(ctx: Context, known: set[Key]) -> Period:
    days = [
        ctx.district.reports[report].as_of(Period.parse(period))
        for report, period in known
        if report in ctx.district.reports
    ]
    first = Period.quarter(ctx.district.office.first_quarter)
    return max([first, *(Period.of("quarter", day) for day in days)])


def _next(ctx: Context, due: list[Entry]) -> Iterator[tuple[ReportSpec, Period]]:
    """The next period of each report after those that are due."""
    quarter = max((entry.quarter for entry in due), default=Period.quarter(ctx.district.office.first_quarter))
    for spec in ctx.district.reports.values():
        ahead = quarter
        for _ in range(_LOOKED_AHEAD):
            ahead = ahead.next()
            if periods := spec.periods(ahead):
                yield spec, periods[0]
                break


def _entry(
    spec: ReportSpec, period: Period, revisions: tuple[Revision, ...], held: str | None, *, is_due: bool
) -> Entry:
    if revisions:
        status, reason = revisions[0].progress.status, revisions[0].progress.reason
        reason = f"{SUCCESSOR_HELD}{held}" if held else reason
    elif held is not None:
        status, reason = Status.HELD, held
    else:
        status, reason = (Status.NOT_MADE if is_due else Status.NOT_DUE), ""
    return Entry(
        spec.report, spec.title, spec.recipient, period, spec.as_of(period), status, reason, spec, revisions
    )  # fmt: skip


def _foreign(row: RowMapping, revisions: tuple[Revision, ...]) -> Entry:
    """A publication that no report of the pack accounts for: the bulletin, or a form no longer asked for."""
    period, manifest, progress = Period.parse(row["period"]), row["manifest"], revisions[0].progress
    return Entry(
        report=row["report"],
        title=manifest["title"],
        recipient=manifest["recipient"],
        period=period,
        as_of=period.last_day,
        status=Status.PUBLISHED if progress.status is Status.WAITING else progress.status,
        reason=progress.reason,
        spec=None,
        revisions=revisions,
    )


def with_arrivals(connection: Connection, ctx: Context, entry: Entry) -> Entry:
    """The entry with what its newest revision rests on."""
    if entry.spec is None or not entry.revisions:
        return entry
    try:
        needs = readiness.needs(ctx, entry.spec, entry.period)
    except PackError:
        return entry
    found = []
    for need in needs:
        where = {**_where(ctx), "dataset": need.dataset, "period": str(need.period)}
        row = connection.execute(_SQL["arrivals"], {**where, "known_at": entry.revisions[0].as_known_at}).one()
        title = ctx.district.contracts[need.dataset].title
        found.append(Arrival(title, need.source.title, need.period.title, row.deliveries, row.received_at))
    return replace(entry, arrivals=tuple(found))
