"""What DAGs and the command line call: something failed, something works again, this is what the watch sees."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from courtyard import notices
from courtyard.context import Context
from courtyard.district.watch import AlertKind
from courtyard.watching import failing, ledger, telling
from courtyard.watching.cause import QUIETLY_OVER, Cause
from courtyard.watching.failing import Failure

KEPT = timedelta(days=400)
"""So long an alert that is over stays in the ledger."""


def alert(ctx: Context, causes: Sequence[Cause], *, at: datetime) -> dict[str, Any]:
    """Enter causes and tell what is to be told, at once; what a channel that is down keeps waits in the ledger of notices.

    Returns {seen, told, sending}: how many causes, how many of them are told now, and what became of the notices.
    """
    with ctx.engine().begin() as connection:
        ledger.lock(connection, ctx)
        due = _tell(connection, ctx, ledger.see(connection, ctx, causes, at, whole=False), at)
    return {"seen": len(causes), "told": due, "sending": notices.send(ctx, at=at) if due else None}


def recovered(ctx: Context, task: Failure, *, at: datetime) -> dict[str, Any]:
    """A task works again: {over: how many alerts that ends}. Costs one look when nothing was wrong with it."""
    periods = failing.ended_by(task)
    with ctx.engine().connect() as connection:
        if not any(row.cause in periods for row in ledger.open_ones(connection, ctx, ("task", "source"))):
            return {"over": 0}
    with ctx.engine().begin() as connection:
        ledger.lock(connection, ctx)
        over = [row for key, period in periods.items() for row in ledger.well(connection, ctx, key, period, at)]
        told = _tell_over(connection, ctx, over, at)
    if told:
        notices.send(ctx, at=at)
    return {"over": len(over)}


def compare(ctx: Context, causes: Sequence[Cause], kinds: Collection[AlertKind], *, at: datetime) -> dict[str, Any]:
    """All that is wrong of some kinds: new causes are alerted to, open alerts of these kinds that are gone are over.

    Returns {seen, told, over}.
    """
    seen = {cause.key for cause in causes}
    with ctx.engine().begin() as connection:
        ledger.lock(connection, ctx)
        gone = [row for row in ledger.open_ones(connection, ctx, kinds) if row.cause not in seen]
        ledger.end(connection, gone, at)
        told = _tell(connection, ctx, ledger.see(connection, ctx, causes, at, whole=True), at)
        over = _tell_over(connection, ctx, gone, at)
        ledger.forget_before(connection, ctx, at, KEPT)
    if told or over:
        notices.send(ctx, at=at)
    return {"seen": len(causes), "told": told, "over": len(gone)}


def _tell(connection: Connection, ctx: Context, rows: list[Row], at: datetime) -> int:
    made = telling.alerts(ctx, rows, at)
    notices.queue(connection, made)
    reached = {row.kind for row in rows if telling.receivers(ctx, row.kind, at)}
    told = [row for row in rows if row.kind in reached]  # whom nobody can be told of is told once somebody can
    ledger.mark_told(connection, told, at)
    return len(told)


def _tell_over(connection: Connection, ctx: Context, rows: list[Row], at: datetime) -> int:
    told = [row for row in rows if row.told_at is not None and row.kind not in QUIETLY_OVER]
    return notices.queue(connection, telling.recoveries(ctx, told, at))
