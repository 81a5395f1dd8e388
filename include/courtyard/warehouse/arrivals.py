"""What came of each source for a quarter: asked, landed, and where every row of it went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import SourceSpec
from courtyard.period import Period

State = Literal["failed", "held", "not_asked", "absent", "landed", "not_due", "optional"]
TITLES: dict[State, str] = {
    "failed": "取数失败",
    "held": "有暂挂",
    "not_asked": "还没有取",
    "absent": "对方无数据",
    "landed": "已落地",
    "not_due": "未到期",
    "optional": "未接入",
}
COUNTS = ("landed", "merged", "quarantined", "superseded", "held", "residual")
_ASKED = text("""
SELECT source, period, status, reason, at FROM landing.fetch
 WHERE street_code = :street AND period = ANY(:periods) ORDER BY source, period
""")
_HELD = text("""
SELECT d.source, d.name, b.dataset, b.status, b.reason, b.batch_id, d.delivery_id, d.received_at,
       coalesce(b.came_for, d.period) AS period
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND coalesce(b.came_for, d.period) = ANY(:periods) AND b.status IN ('held', 'rejected')
   AND NOT EXISTS (SELECT FROM submissions.submission s WHERE s.delivery_id = b.delivery_id AND s.status = 'rejected')
 ORDER BY d.source, d.name, b.dataset
""")
_ROWS = text("""
SELECT source, period, count(DISTINCT delivery_id)::int AS deliveries, max(received_at) AS received_at,
       sum(landed)::int AS landed, sum(merged)::int AS merged, sum(quarantined)::int AS quarantined,
       sum(superseded)::int AS superseded, sum(held)::int AS held, sum(residual)::int AS residual,
       (array_agg(delivery_id ORDER BY quarantined DESC, received_at DESC))[1] AS most_quarantined
  FROM mart.ledger WHERE street_code = :street AND period = ANY(:periods) GROUP BY source, period
""")


@dataclass(frozen=True)
class Feed:
    """One source for one of its periods. `rows` are the ledger's sums by `COUNTS`: landed = all others together.

    `held` are its batches that wait for a person or could not be read; `quarantined_in` the delivery with the most
    quarantined rows. `since` is when the state began, as far as it is known.
    """

    source: SourceSpec
    period: Period
    state: State
    reason: str
    since: datetime | date | None
    deliveries: int
    rows: dict[str, int]
    held: tuple[dict[str, Any], ...] = ()
    quarantined_in: str | None = None

    @property
    def title(self) -> str:
        return TITLES[self.state]

    @property
    def quarter(self) -> Period:
        return Period.of("quarter", self.period.last_day)


def asked(connection: Connection, ctx: Context) -> list[dict[str, Any]]:
    """What became of asking each source for the quarter and its months: {source, period, status, reason}."""
    rows = connection.execute(_ASKED, _where(ctx, [ctx.period])).mappings()
    return [{key: row[key] for key in ("source", "period", "status", "reason")} for row in rows]


def held(connection: Connection, ctx: Context) -> list[dict[str, Any]]:
    """The batches of the quarter that wait for a person, or could not be read and are nobody's refused submission.

    Keys: source, name, dataset, status, reason, batch_id.
    """
    keys = ("source", "name", "dataset", "status", "reason", "batch_id")
    return [{key: row[key] for key in keys} for row in connection.execute(_HELD, _where(ctx, [ctx.period])).mappings()]


def feeds(connection: Connection, ctx: Context, day: date, quarters: list[Period]) -> list[Feed]:
    """Each source by its periods that end in these quarters, as they stand on a day.

    Desks, which nobody asks, are left out.
    """
    where = _where(ctx, quarters)
    fetched = {(row.source, row.period): row for row in connection.execute(_ASKED, where)}
    rows = {(row.source, row.period): row for row in connection.execute(_ROWS, where)}
    waiting: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for batch in connection.execute(_HELD, where).mappings():
        waiting[batch["source"], batch["period"]].append(dict(batch))
    found = []
    for source, period in _expected(ctx, quarters):
        key = (source.source, str(period))
        found.append(_feed(source, period, day, (fetched.get(key), rows.get(key), waiting.get(key, []))))
    return found


def _expected(ctx: Context, quarters: list[Period]) -> Iterator[tuple[SourceSpec, Period]]:
    for quarter in quarters:
        for source in ctx.district.sources.values():
            if source.transport != "desk":
                for period in quarter.parts(source.cadence):
                    yield source, period


def _feed(source: SourceSpec, period: Period, day: date, known: tuple[Any, Any, list[dict[str, Any]]]) -> Feed:
    asked_for, rows, waiting = known
    state: State
    if waiting:
        state = "held"
    elif asked_for is not None:
        state = asked_for.status
    elif rows is not None:
        state = "landed"
    elif day <= period.last_day:
        state = "not_due"
    else:
        state = "optional" if source.optional else "not_asked"
    since = asked_for.at if asked_for else period.end if state == "not_asked" else None
    reason = "；".join(dict.fromkeys(batch["reason"].rstrip("。") for batch in waiting if batch["reason"]))
    return Feed(
        source,
        period,
        state,
        reason or (asked_for.reason if asked_for else ""),
        waiting[0]["received_at"] if waiting else since,
        rows.deliveries if rows else 0,
        {name: getattr(rows, name) if rows else 0 for name in COUNTS},
        tuple(waiting),
        rows.most_quarantined if rows and rows.quarantined else None,
    )


def _where(ctx: Context, quarters: list[Period]) -> dict[str, Any]:
    periods = [str(part) for quarter in quarters for part in (quarter, *quarter.parts("month"))]
    return {"street": ctx.street_code, "periods": periods}
