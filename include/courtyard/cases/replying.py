"""What reporters say of an answer, and what posts did, becomes events of their cases once it was merged.

Of a reporter's words only the record that holds them is named: an event shows nobody what a resident wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from courtyard.cases import acting, alerts, clock, handlers, ledger, machine
from courtyard.cases.acting import Action
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.store import statements

log = logging.getLogger(__name__)

REPORTER = "reporter"
_SQL = statements.load("courtyard.cases", "replying.sql")
_RATINGS = {
    **dict.fromkeys(("1", "2", "dissatisfied"), "dissatisfied"),
    **dict.fromkeys(("3", "neutral"), "neutral"),
    **dict.fromkeys(("4", "5", "satisfied"), "satisfied"),
}


def take_up(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Let replies and actions that were merged and have not happened yet happen, in the order in which they were made.

    What a case is not in a state for is kept beside it (`said_more`, `noted`): nothing is lost, and nothing is tried
    again. Returns {"replied", "acted"}: how many of each.
    """
    counts = {"replied": 0, "acted": 0}
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        # An action may make the case that the next one is about, such as the parts of a task.
        known = set[tuple[str, str]]()
        while found := [row for row in _pending(connection, ctx) if (row.dataset, row.record_key) not in known]:
            known |= {(row.dataset, row.record_key) for row in found}
            taken = _Taking(connection, ctx, at, found)
            for row in found:
                taken.reply(row) if row.dataset == "resident_replies" else taken.action(row)
                counts["replied" if row.dataset == "resident_replies" else "acted"] += 1
            taken.flush()
    return counts


def _pending(connection: Connection, ctx: Context) -> Sequence[Row]:
    return connection.execute(_SQL["pending"], {"street": ctx.street_code}).all()


class _Taking:
    """The steps of one run, and the cases as they stand after them."""

    def __init__(self, connection: Connection, ctx: Context, at: datetime, rows: list[Row]) -> None:
        self.connection, self.ctx, self.at = connection, ctx, at
        self.rules = Rules.of(ctx.district)
        self.steps: list[Step] = []
        self.cases = ledger.find_all(connection, ctx.street_code, {row.case_no for row in rows})

    def case(self, case_no: str) -> Case:
        if case_no not in self.cases:
            self.cases[case_no] = ledger.find(self.connection, self.ctx.street_code, case_no)
        return self.cases[case_no]

    def known(self, case_no: str) -> Case | None:
        """The case, None where there is none yet."""
        if case_no not in self.cases:
            self.cases |= ledger.find_all(self.connection, self.ctx.street_code, {case_no})
        return self.cases.get(case_no)

    def keep(self, steps: list[Step]) -> None:
        self.steps += steps
        self.cases |= {case.case_no: case for _, case in steps}

    def flush(self) -> None:
        """Append what was kept; from then on the ledger knows the cases."""
        ledger.append(self.connection, self.ctx.street_code, self.steps)
        alerts.queue(self.connection, self.ctx, self.steps)
        self.steps = []
        self.cases.clear()

    def reply(self, row: Row) -> None:
        case = self.case(row.case_no)
        event = reply_event(case, row.record_key, row.attrs, self.at)
        self.keep([(event, machine.apply(self.rules, case, event))])

    def action(self, row: Row) -> None:
        """An action that is not possible any more is noted, with what was wanted and why not."""
        try:
            action = Action.of_row(row.attrs)
            if handlers.takes(action.kind, self.known(action.case_no)):
                self.flush()
                with self.connection.begin_nested():
                    handlers.carry_out(self.connection, self.ctx, action)
                return
            case = self.case(action.case_no)
            happened = action.at if case.step_since <= action.at <= self.at else self.at
            steps = acting.steps_of(self.ctx, self.rules, action, self.case, happened)
            acting.follow(self.connection, self.ctx, action)
        except (UsageError, ValueError, KeyError) as error:
            if (known := self.known(row.case_no)) is None:
                log.warning("动作 %s 没有形成工单。", row.record_key)  # a task that the pack no longer understands
                return
            case = known
            why = error.message if isinstance(error, UsageError) else "看不懂办理内容。"
            data = {"wanted": row.attrs.get("kind"), "text": why}
            event = Event("noted", self.at, row.attrs["post"], f"action/{row.record_key}", None, data)
            steps = [(event, machine.apply(self.rules, case, event))]
        self.keep(steps)


def reply_event(case: Case, record_key: str, said: dict[str, Any], at: datetime) -> Event:
    """The event of a reply: what the reporter wants where the case stands so that it can be, else `said_more`."""
    said_at = datetime.fromisoformat(said["replied_at"])
    kind, wants = _WANTED.get(said["kind"], _more)(case, said, said_at)
    data = {"reply": record_key, "said_at": said_at.isoformat(), **wants}
    if kind == "said_more" and said["kind"] != "more":
        data["wanted"] = said["kind"]
    return Event(kind, at, REPORTER, f"reply/{record_key}", None, data)


Wanted = tuple[str, dict[str, Any]]


def _more(case: Case, said: dict[str, Any], said_at: datetime) -> Wanted:
    return "said_more", {}


def _confirm(case: Case, said: dict[str, Any], said_at: datetime) -> Wanted:
    if case.status == "closed" and case.closed_by == "lapsed" and not clock.is_followed_up(case):
        return "followed_up", {"solved": True}  # the answer to what the follow-up would have asked
    return ("confirmed", {}) if case.status == "answered" else ("said_more", {})


def _again(case: Case, said: dict[str, Any], said_at: datetime) -> Wanted:
    """Not solved: an objection while the answer waits for one, a reopening afterwards as long as there is time."""
    if case.status == "answered":
        return "unsolved", {}
    in_time = case.reopen_until is None or said_at <= case.reopen_until
    if case.status in ("closed", "refused"):
        return ("reopened", {}) if in_time else ("said_more", {"is_late": True})
    return "said_more", {}


def _rating(case: Case, said: dict[str, Any], said_at: datetime) -> Wanted:
    satisfaction = _RATINGS.get(str(said.get("rating") or "").strip())
    if satisfaction and case.status in ("answered", "closed"):
        return "followed_up", {"satisfaction": satisfaction, "solved": True}
    return "said_more", {}


_WANTED: dict[str, Callable[[Case, dict[str, Any], datetime], Wanted]] = {
    "confirm": _confirm,
    "unsolved": _again,
    "reopen": _again,
    "rating": _rating,
}
