"""Which handler does an action of a kind: what `acts.act` did at once is done the same way when it is taken up again."""

from __future__ import annotations

from sqlalchemy import Connection

from courtyard.cases import acts, handing_down, letters, replies, root_causes, tasks
from courtyard.cases.acting import Action
from courtyard.cases.acts import Handler
from courtyard.cases.event import Case
from courtyard.context import Context

HANDLERS: dict[str, Handler] = {
    "written": letters.written,
    "replied": replies.replied,
    "task": tasks.given,
    "root_cause": root_causes.found,
    "handed_down": handing_down.handed_down,
    "answered": handing_down.answered,
    "refused": handing_down.refused,
}


_ALWAYS = ("written", "replied", "task", "root_cause", "handed_down")


def takes(kind: str | None, case: Case | None) -> bool:
    """Whether an action is done here: letters and their replies, root causes, and all of a task that is not its event alone."""
    return kind in _ALWAYS or (kind in HANDLERS and case is not None and case.direction == "down")


def carry_out(connection: Connection, ctx: Context, doing: Action) -> Case:
    """Do a landed action that has not happened yet, in the caller's transaction under `street_lock`; again: nothing.

    UsageError where the case no longer permits it.
    """
    return acts.once(connection, ctx, doing, HANDLERS.get(doing.kind, acts.plain))
