"""Actions that do more than their event (a letter, a task): landed and done at once, in one transaction.

Such an action is worked out under the street's lock, landed, and only then committed. What is refused is never landed; what
was landed and not committed (a killed run) is done when it was merged (`replying.take_up`), by the same handler.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from courtyard.cases import acting, alerts, ledger
from courtyard.cases.acting import Action
from courtyard.cases.event import Case, Event
from courtyard.cases.rules import Rules
from courtyard.context import Context

Handler = Callable[[Connection, Context, Action], Case]
"""Does an action in the caller's transaction under `street_lock`; returns the case after it."""


def action(ctx: Context, case_no: str, kind: str, *, post: str, at: datetime, **data: Any) -> Action:
    """An action with its number, a keyed digest of all that it says; `at` is kept to the second, as it is landed."""
    return acting.numbered(ctx, case_no, kind, post, at, data)


def act(ctx: Context, doing: Action, handler: Handler) -> Case:
    """Do an action of a post and land it; UsageError, and nothing landed, where it is not allowed."""
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = once(connection, ctx, doing, handler)
        acting.land(ctx, doing)
    return case


def once(connection: Connection, ctx: Context, doing: Action, handler: Handler) -> Case:
    """Do an action unless it was done before, in the caller's transaction under `street_lock`."""
    if ledger.known_causes(connection, ctx.street_code, [(doing.case_no, doing.cause)]):
        return ledger.find(connection, ctx.street_code, doing.case_no)
    return handler(connection, ctx, doing)


def plain(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of an action that is nothing but its event."""
    return happen(connection, ctx, ledger.find(connection, ctx.street_code, doing.case_no), event_of(doing))


def event_of(doing: Action, **more: Any) -> Event:
    """The event that an action makes, with what was found out while doing it."""
    return Event(doing.kind, doing.at, doing.post, doing.cause, None, {**doing.data, **more})


def happen(connection: Connection, ctx: Context, case: Case, event: Event) -> Case:
    """Let an event happen to a case, unless its cause has, and tell who has to know; the case after it."""
    after = ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), case, event)
    if after is not case:
        alerts.queue(connection, ctx, [(event, after)])
    return after
