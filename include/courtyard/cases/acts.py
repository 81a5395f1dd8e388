"""What a post does to a case, landed and done at once: one action, one delivery, one transaction.

An action is worked out under the street's lock, landed, and only then committed. What is refused is never landed; what was
landed and not committed (a killed run) is done by `handlers.carry_out` when it has been merged. Its number is a keyed digest
of all that it says, so that nothing is done twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from courtyard import landing
from courtyard.cases import alerts, ledger
from courtyard.cases.event import Case, Event
from courtyard.cases.machine import Rules
from courtyard.context import Context
from courtyard.identity import decisions
from courtyard.period import SHANGHAI, Period
from courtyard.sources.fetched import Fetched

DATASET = "case_actions"
_NO_DIGITS = 16


@dataclass(frozen=True)
class Action:
    """A row of the dataset `case_actions`. `data` is JSON; `post` is never a person."""

    action_no: str
    case_no: str
    kind: str
    post: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> str:
        return f"action/{self.action_no}"

    def event(self, **more: Any) -> Event:
        """The event that it makes, with what was found out while doing it."""
        return Event(self.kind, self.at, self.post, self.cause, None, {**self.data, **more})

    def row(self) -> dict[str, str]:
        data = json.dumps(self.data, sort_keys=True, separators=(",", ":"))  # in ASCII: reading it changes nothing
        return {"action_no": self.action_no, "case_no": self.case_no, "kind": self.kind, "post": self.post,
                "acted_at": self.at.isoformat(timespec="seconds"), "data": data}  # fmt: skip


Handler = Callable[[Connection, Context, Action], Case]
"""Does an action in the caller's transaction under `street_lock`; returns the case after it."""


def action(ctx: Context, case_no: str, kind: str, *, post: str, at: datetime, **data: Any) -> Action:
    """An action with its number. `at` is kept to the second, as it is landed."""
    at = at.replace(microsecond=0)
    said = json.dumps([case_no, kind, post, at.isoformat(), data], ensure_ascii=False, sort_keys=True)
    return Action(ctx.keys.token(f"action|{said}")[:_NO_DIGITS], case_no, kind, post, at, data)


def act(ctx: Context, doing: Action, handler: Handler) -> Case:
    """Do an action of a post and land it; UsageError, and nothing landed, where it is not allowed."""
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = once(connection, ctx, doing, handler)
        _land(ctx, doing)
    return case


def once(connection: Connection, ctx: Context, doing: Action, handler: Handler) -> Case:
    """Do an action unless it was done before, in the caller's transaction under `street_lock`."""
    if ledger.known_causes(connection, ctx.street_code, [(doing.case_no, doing.cause)]):
        return ledger.find(connection, ctx.street_code, doing.case_no)
    return handler(connection, ctx, doing)


def plain(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of an action that is nothing but its event."""
    return happen(connection, ctx, ledger.find(connection, ctx.street_code, doing.case_no), doing.event())


def happen(connection: Connection, ctx: Context, case: Case, event: Event) -> Case:
    """Let an event happen to a case, unless its cause has, and tell who has to know; the case after it."""
    after = ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), case, event)
    if after is not case:
        alerts.queue(connection, ctx, [(event, after)])
    return after


def _land(ctx: Context, doing: Action) -> None:
    """As a delivery of the source that takes actions; a pack without one keeps them as events alone."""
    desk = next((s.source for s in ctx.district.sources.values() if DATASET in s.datasets), None)
    if desk is None:
        return
    quarter = Period.of("quarter", doing.at.astimezone(SHANGHAI).date())
    body = decisions.as_bytes(ctx.district.contracts[DATASET], [doing.row()])
    item = Fetched(f"action-{doing.action_no}.ndjson", body, decisions.MEDIA_TYPE, doing.at)
    landing.hand_in(replace(ctx, period=quarter), desk, item)
