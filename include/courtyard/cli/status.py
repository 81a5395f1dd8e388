"""What `courtyard status` reads from the warehouse."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import text

from courtyard.cases import overview
from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.store import runs
from courtyard.submissions import collection
from courtyard.warehouse import arrivals, follow_on

_GRID_STATUSES = (
    "accepted", "accepted_with_findings", "partly_accepted", "confirmed_nil", "received", "rejected", "missing",
)  # fmt: skip
_GRIDS = text("""
SELECT unit_code, unit_name, dataset, status
  FROM mart.submission_status WHERE street_code = :street AND period = :quarter ORDER BY unit_code, dataset
""")
_REPORTS = text("""
SELECT report, period, 'r' || max(revision) AS state FROM publish.publication
 WHERE street_code = :street AND period = ANY(:periods) GROUP BY report, period
UNION ALL
SELECT report, period, '暂挂：' || reason FROM publish.hold WHERE street_code = :street AND period = ANY(:periods)
 ORDER BY report, period
""")


def quarter_status(ctx: Context, day: date) -> dict[str, Any]:
    """Sources, grids, held files and reports of a quarter, as plain data; `day` decides what is still in time."""
    periods = [str(ctx.period), *map(str, ctx.period.parts("month"))]
    where = {"street": ctx.street_code, "quarter": str(ctx.period), "periods": periods}
    with ctx.engine().connect() as connection:
        grids, reports = (
            [dict(row._mapping) for row in connection.execute(query, where)] for query in (_GRIDS, _REPORTS)
        )
        sources, held = arrivals.asked(connection, ctx), arrivals.held(connection, ctx)
        board = collection.board(connection, ctx, day)
        cycle = collection.calendar(connection, ctx, day)
        ran = runs.listed(connection, ctx.street_code, str(ctx.period), most=5)
        cases = overview.counts(connection, ctx, datetime.combine(day, time.max, SHANGHAI))
    counts: dict[str, Counter[str]] = {}
    for row in grids:
        counts.setdefault(row["dataset"], Counter())[row["status"]] += 1
    missing: dict[str, int] = Counter(row["unit_name"] for row in grids if row["status"] == "missing")
    return {
        "period": str(ctx.period),
        "sources": sources,
        "grids": {dataset: dict(found) for dataset, found in counts.items()},
        "grid_statuses": list(_GRID_STATUSES),
        "unreported": sorted(missing),
        "cycle": cycle,
        "board": board,
        "held_batches": held,
        "reports": reports,
        "cases": cases,
        "runs": ran,
        "due": [{"quarter": due.quarter, "reason": due.reason, "asked_at": due.asked_at} for due in follow_on.due(ctx)],
    }
