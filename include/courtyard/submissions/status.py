"""Where each submission stands on the ladder, once its batches have gone through the stages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Row, text

from courtyard.context import Context
from courtyard.submissions import outcome
from courtyard.warehouse import quarters

# What takes an earlier submission's place: one that was taken, in whole or in part.
TAKEN = ("accepted", "accepted_with_findings", "partly_accepted", "confirmed_nil")
_COUNTED = text("""
SELECT s.receipt_id, s.delivery_id, s.unit_code, s.period, s.status, s.code, d.version_at
  FROM submissions.submission s
  JOIN landing.delivery d USING (delivery_id)
 WHERE s.street_code = :street AND s.kind IN ('first', 'correction')
   AND (s.unit_code, s.period) IN (SELECT unit_code, period FROM submissions.submission
                                    WHERE street_code = :street AND :quarter IN (period, arrived_for))
 ORDER BY d.version_at DESC, s.delivery_id DESC, s.receipt_id DESC
""")
_BATCHES = text("""
SELECT DISTINCT ON (b.delivery_id, b.dataset)
       b.delivery_id, b.dataset, b.status, b.is_nil, b.landed, b.quarantined,
       EXISTS (SELECT FROM quality.finding f WHERE f.batch_id = b.batch_id) AS is_told
  FROM quality.batch b
 WHERE b.delivery_id = ANY(:deliveries)
 ORDER BY b.delivery_id, b.dataset, b.batch_id DESC
""")
_SETTLE = text("UPDATE submissions.submission SET status = :status WHERE receipt_id = :receipt_id")

_WAITING = text("""
SELECT EXISTS (
    SELECT FROM landing.receipt r
      JOIN landing.delivery d USING (delivery_id)
      LEFT JOIN submissions.submission s USING (receipt_id)
     WHERE d.street_code = :street AND d.source = ANY(:sources) AND r.period = ANY(:periods) AND s.receipt_file IS NULL)
""")


def settle(connection: Connection, ctx: Context) -> int:
    """Bring the status of every counted submission of the quarter in step with its batches; returns how many changed.

    `received` while a batch is on its way or held, `superseded` once a newer one of the unit and quarter was
    taken. Refused ones and duplicates were settled when they were admitted.
    """
    rows = connection.execute(_COUNTED, {"street": ctx.street_code, "quarter": str(ctx.period)}).all()
    batches: dict[str, list[Row]] = defaultdict(list)
    for batch in connection.execute(_BATCHES, {"deliveries": [row.delivery_id for row in rows]}):
        batches[batch.delivery_id].append(batch)
    found = _statuses(ctx, rows, batches)
    changed = [
        {"receipt_id": row.receipt_id, "status": found[row.receipt_id]}
        for row in rows
        if found[row.receipt_id] != row.status
    ]
    if changed:
        connection.execute(_SETTLE, changed)
    return len(changed)


def _statuses(ctx: Context, newest_first: Sequence[Row], batches: Mapping[str, Sequence[Row]]) -> dict[int, str]:
    found: dict[int, str] = {}
    replaced: set[tuple[str | None, str]] = set()
    for row in newest_first:
        status = _status(ctx, batches.get(row.delivery_id, ()), is_warned=bool(row.code))
        if status != "rejected" and (row.unit_code, row.period) in replaced:
            status = "superseded"
        elif status in TAKEN:
            replaced.add((row.unit_code, row.period))
        found[row.receipt_id] = status
    return found


def _status(ctx: Context, batches: Sequence[Row], is_warned: bool) -> str:
    """One submission's status from its batches; an optional dataset without rows says nothing."""
    parts = [
        outcome.of_part(b.status, b.landed, b.quarantined, b.is_nil, b.is_told)
        for b in batches
        if b.landed or not ctx.district.contracts[b.dataset].optional
    ]
    status = outcome.overall(parts) if parts else "received"
    return "accepted_with_findings" if is_warned and status in ("accepted", "confirmed_nil") else status


def is_waiting(connection: Connection, ctx: Context) -> bool:
    """Whether something was handed in for the quarter that has no receipt yet."""
    sources = [s.source for s in ctx.district.sources.values() if s.is_submitted]
    values = {"street": ctx.street_code, "sources": sources, "periods": quarters.delivered_in(ctx.period)}
    return bool(connection.scalar(_WAITING, values))
