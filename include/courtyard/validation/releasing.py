"""A batch that was held because too little came is let pass by a person, who says why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.errors import UsageError

_RELEASED = text("SELECT batch_id FROM quality.release WHERE batch_id = ANY(:ids)")
_RELEASE = text("""
INSERT INTO quality.release AS r (batch_id, street_code, reason, actor, at) VALUES (:batch, :street, :reason, :post, :at)
ON CONFLICT (batch_id) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, at = excluded.at
""")
_PARSED = text("""
UPDATE quality.batch SET status = 'parsed', held = 0, reason = ''
 WHERE batch_id = :batch AND street_code = :street AND status = 'held'
""")


def release(ctx: Context, batch_id: str, *, reason: str, post: str, at: datetime) -> None:
    """Let the next run of its quarter take a held batch though it lists too few rows, or none.

    Other reasons to hold it (columns that are missing, rows lost from staging) are looked at again and hold
    it again. Raises UsageError when no such batch is held.
    """
    values = {"batch": batch_id, "street": ctx.street_code, "reason": reason, "post": post, "at": at}
    with ctx.engine().begin() as connection:
        if not connection.execute(_PARSED, values).rowcount:
            raise UsageError(f"没有待人确认的批次 {batch_id}。", "用 courtyard status 查看哪些批次在等待。")
        connection.execute(_RELEASE, values)


def released(connection: Connection, batch_ids: list[str]) -> set[str]:
    """Those of the batches that somebody lets pass."""
    return set(connection.scalars(_RELEASED, {"ids": batch_ids}))
