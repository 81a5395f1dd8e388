"""What a run of a quarter would work on: landed deliveries as they stand, and periods that sources are asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, text

from courtyard.backfill.planned import Asked, Delivery, Standing
from courtyard.context import Context
from courtyard.landing import fetching, ledger
from courtyard.parsing.problems import WORDINGS, wording
from courtyard.parsing.stage import batch_id
from courtyard.period import SHANGHAI, Period
from courtyard.submissions.cycle import Cycle

_UNDERWAY = ("parsed", "validated", "linked")
_MOST_REASONS = 3
_BATCHES = text("""
SELECT b.delivery_id, b.batch_id, b.dataset, b.status, b.reason, b.quarantined,
       EXISTS (SELECT FROM quality.release r WHERE r.batch_id = b.batch_id) AS is_released
  FROM quality.batch b WHERE b.street_code = :street AND b.delivery_id = ANY(:ids)
""")
_CODES = text("""
SELECT b.delivery_id, b.dataset, code, count(*) AS rows
  FROM quality.quarantined_row q
  JOIN quality.batch b USING (batch_id)
 CROSS JOIN LATERAL unnest(q.codes) AS code
 WHERE b.street_code = :street AND b.delivery_id = ANY(:ids)
 GROUP BY b.delivery_id, b.dataset, code ORDER BY rows DESC, code
""")
_HAS_RUN = text("""
SELECT EXISTS (SELECT FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
                WHERE b.street_code = :street AND d.period = ANY(:periods) AND b.status = 'merged')
""")


@dataclass(frozen=True)
class _Known:
    """The batches of one delivery: by id, and those that a contract asks for and that are not there."""

    batches: tuple[Row, ...]
    unread: tuple[str, ...]

    def having(self, *statuses: str) -> list[Row]:
        return [row for row in self.batches if row.status in statuses]


def of(connection: Connection, ctx: Context, quarter: Period) -> tuple[Delivery, ...]:
    """Every delivery whose period ends in the quarter, in order of arrival."""
    rows = ledger.deliveries(connection, ctx.street_code, quarter)
    bound = {"street": ctx.street_code, "ids": [row.delivery_id for row in rows]}
    batches: dict[str, list[Row]] = defaultdict(list)
    for batch in connection.execute(_BATCHES, bound):
        batches[batch.delivery_id].append(batch)
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for found in connection.execute(_CODES, bound):
        reasons[found.delivery_id][_said(ctx, found.dataset, found.code)] += found.rows
    periods = sorted({row.period for row in rows})
    has_run = bool(connection.scalar(_HAS_RUN, {"street": ctx.street_code, "periods": periods}))
    known = {row.delivery_id: _known(ctx, row, batches[row.delivery_id]) for row in rows}
    merged_before: set[tuple[str, str, str | None]] = set()
    made = []
    for row in rows:
        place = row.source, row.period, row.unit_code
        is_correction, is_known = place in merged_before, known[row.delivery_id]
        if is_known.having("merged"):
            merged_before.add(place)
        made.append(_delivery(ctx, row, is_known, reasons[row.delivery_id], (quarter, is_correction, has_run)))
    return tuple(made)


def _known(ctx: Context, row: Row, batches: Sequence[Row]) -> _Known:
    source = ctx.district.sources.get(row.source)
    have = {batch.batch_id for batch in batches}
    asked = source.datasets if source else ()
    unread = [d for d in asked if batch_id(row.delivery_id, ctx.district.contracts[d]) not in have]
    return _Known(tuple(batches), tuple(unread))


def _delivery(
    ctx: Context, row: Row, known: _Known, reasons: Counter[str], before: tuple[Period, bool, bool]
) -> Delivery:
    source, unit = ctx.district.sources.get(row.source), ctx.district.unit_by_code.get(row.unit_code or "")
    standing, reason = _standing(known)
    waiting = (*known.unread, *(batch.dataset for batch in known.having(*_UNDERWAY)))
    datasets = waiting if standing == "used" else tuple(batch.dataset for batch in known.batches)
    return Delivery(
        delivery_id=row.delivery_id,
        source=row.source,
        title=source.title if source else row.source,
        period=row.period,
        name=row.name,
        unit=unit.name if unit else "",
        received_at=row.received_at,
        standing=standing,
        arrival=_arrival(ctx, row, known, before) if standing == "used" else "",
        datasets=tuple(sorted(set(datasets))),
        quarantined=sum(batch.quarantined for batch in known.having("merged", *_UNDERWAY)),
        why=reason or _quarantined(reasons),
    )


def _standing(known: _Known) -> tuple[Standing, str]:
    """Where a delivery stands as a whole: what still moves comes first."""
    if known.unread or known.having(*_UNDERWAY):
        return "used", ""
    for status in ("held", "rejected"):
        if stuck := known.having(status):
            return status, next((batch.reason for batch in stuck if batch.reason), "")
    if known.batches and not known.having("merged"):
        return "superseded", next((batch.reason for batch in known.batches if batch.reason), "")
    return "done", ""


def _arrival(ctx: Context, row: Row, known: _Known, before: tuple[Period, bool, bool]) -> str:
    quarter, is_correction, has_run = before
    if any(batch.is_released for batch in known.having(*_UNDERWAY)):
        return "released"
    if not known.unread:
        return "underway"
    if is_correction:
        return "corrected"
    source = ctx.district.sources.get(row.source)
    if source and source.is_submitted:
        days = Cycle.of(quarter, ctx.district.office.grid_cycle)
        return "late" if days.days_late(row.received_at.astimezone(SHANGHAI).date()) else "new"
    return "late" if has_run else "new"


def _said(ctx: Context, dataset: str, code: str) -> str:
    """A quarantine code in words: a rule of the dataset's contract, or a problem that any cell may have."""
    rules = {f"rule.{rule.id}": rule.message for rule in ctx.district.contracts[dataset].rules}
    return rules.get(code) or (wording(code).message if code in WORDINGS else code)


def _quarantined(reasons: Counter[str]) -> str:
    """The commonest reasons for which rows were set aside, with their counts; never a value."""
    return "；".join(f"{reason}（{rows}行）" for reason, rows in reasons.most_common(_MOST_REASONS))


def asked(connection: Connection, ctx: Context, quarter: Period) -> Iterator[Asked]:
    """The periods that a run would ask the sources for again, and what became of them last time."""
    for source in ctx.district.sources.values():
        last = ledger.fetches(connection, ctx.street_code, source.source)
        for period in quarter.parts(source.cadence):
            row = last.get(str(period))
            has_landed = row is not None and row.status == "landed"
            if not fetching.is_due(ctx, source, period, row) or (has_landed and row.at >= period.end_at):
                continue  # a folder or mailbox is looked at every time, which is nothing to tell
            status = "again" if has_landed else row.status if row else "never"
            why = row.reason if row else ""
            yield Asked(source.source, source.title, str(period), status, why, row.at if row else None)
