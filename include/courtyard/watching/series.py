"""The rows of deliveries by period, and the newest of each series against those before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import SourceSpec
from courtyard.period import Period
from courtyard.watching import lateness, volume
from courtyard.watching.cause import Cause, in_order

# Of each dataset, unit and period the newest delivery that could be read.
_ROWS = text("""
SELECT DISTINCT ON (d.source, b.dataset, b.unit_code, b.period)
       d.source, b.dataset, coalesce(b.unit_code, '') AS unit_code, b.period, b.landed, b.is_nil OR b.is_unchanged AS is_said
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status IN ('merged', 'held', 'linked', 'validated')
 ORDER BY d.source, b.dataset, b.unit_code, b.period, d.seq DESC
""")
_EVENT_ROWS = text("""
SELECT d.source, b.dataset, '' AS unit_code, b.period, sum(b.landed)::int AS landed, false AS is_said
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id)
 WHERE b.street_code = :street AND b.status IN ('merged', 'held', 'linked', 'validated') AND d.source = ANY(:sources)
 GROUP BY d.source, b.dataset, b.period
""")

Series = dict[tuple[str, str, str], dict[str, tuple[int, bool]]]
"""(source, dataset, unit) -> period -> (rows, whether its sender confirmed it as nil or unchanged)."""


def read(connection: Connection, ctx: Context) -> Series:
    """The rows of every delivery that counts; feeds that come in pieces are added up."""
    pieces = [s.source for s in ctx.district.sources.values() if lateness.keeps_coming(s) and not s.is_submitted]
    street = {"street": ctx.street_code}
    found: Series = {}
    whole = (row for row in connection.execute(_ROWS, street) if row.source not in pieces)
    for row in (*whole, *connection.execute(_EVENT_ROWS, {**street, "sources": pieces})):
        found.setdefault((row.source, row.dataset, row.unit_code), {})[row.period] = (row.landed, row.is_said)
    return found


def unusual(ctx: Context, series: Series, at: datetime) -> Iterator[Cause]:
    """The newest finished period of each series against those before it; only while it is news, for one period more."""
    for (source, dataset, unit_code), by_period in series.items():
        spec = ctx.district.sources.get(source)
        if spec is None or not lateness.is_asked(spec):
            continue
        finished = [p for p in in_order(set(by_period)) if Period.parse(p).end_at <= at]
        if not finished or Period.parse(finished[-1]).next().next().start_at <= at:
            continue
        *past, (rows, is_said) = [by_period[period] for period in finished]
        bounds = ctx.district.watch.bounds(source, bool(unit_code))
        found = volume.judge(rows, [count for count, _ in past], bounds)
        if found and not (is_said or (unit_code and found.which == "jump")):
            yield _volume(ctx, spec, dataset, unit_code, finished[-1], found)


def _volume(ctx: Context, spec: SourceSpec, dataset: str, unit: str, period: str, found: volume.Unusual) -> Cause:
    title = ctx.district.contracts[dataset].title if dataset in ctx.district.contracts else dataset
    named = next((u.name for u in ctx.district.units if u.code == unit), unit)
    place = f"{named} {title}" if unit else f"{spec.title}（{spec.department}）{title}"
    who = named if unit else spec.department
    more = "有没有漏报、少填一张表" if found.which == "drop" else "有没有重复或混入其他街道的数据"
    key = "/".join(filter(None, ("volume", spec.source, dataset, unit, period)))
    what = f"{found.words}。"
    return Cause(
        key, "volume", place, what, f"请向{who}核实{more}；确实如此则不用处理。", (period,), spec.source, unit or None
    )


def totals(series: Series, spec: SourceSpec, period: str | None) -> dict[str, Any]:
    """Rows of a source's last period, and the median of the periods before it."""
    totals: dict[str, int] = {}
    for (source, _, _), by_period in series.items():
        if source == spec.source:
            for each, (rows, _) in by_period.items():
                totals[each] = totals.get(each, 0) + rows
    if period is None or period not in totals:
        return {}
    before = [totals[each] for each in in_order(set(totals)) if Period.parse(each).start < Period.parse(period).start]
    return {"rows": totals[period], "usual_rows": median(before[-6:]) if before else None}
