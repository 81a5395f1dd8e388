"""The clock of all cases: what has run out by a moment happens, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from courtyard.cases import alerts, ledger, machine
from courtyard.cases.rules import Rules
from courtyard.context import Context


def advance(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Let every deadline that has passed by `at` happen, and tell who has to know.

    Returns {"moved", "by_kind"}: how many events, and of each kind. Running it again changes nothing.
    """
    rules, kinds = Rules.of(ctx.district), dict[str, int]()
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        steps = [
            step for case in ledger.due(connection, ctx.street_code, at) for step in machine.due_events(rules, case, at)
        ]
        ledger.append(connection, ctx.street_code, steps)
        alerts.queue(connection, ctx, steps)
    for event, _ in steps:
        kinds[event.kind] = kinds.get(event.kind, 0) + 1
    return {"moved": len(steps), "by_kind": kinds}
