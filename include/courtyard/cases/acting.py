"""What a post does with a case: checked, landed as a delivery of the source `case_desk`, then an event, in this order.

An action that was landed and did not happen, because the process was killed in between, happens when it was merged
(`replying.take_up`), once: its number is in the event's cause.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard import landing
from courtyard.cases import alerts, doings, ledger, machine
from courtyard.cases.doings import DOINGS
from courtyard.cases.effects import NotAllowed
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import posts
from courtyard.errors import UsageError
from courtyard.identity import decisions
from courtyard.period import SHANGHAI, Period
from courtyard.sources.fetched import Fetched

DATASET = "case_actions"
MOST_CHARACTERS = 2000
_NO_DIGITS = 16
_MOVE_REPORTS = text("""
UPDATE cases.report SET case_no = :into, how = 'person' WHERE street_code = :street AND case_no = :case_no
""")


@dataclass(frozen=True)
class Action:
    """One row of the contract `case_actions`; its number is a keyed digest of all that it says."""

    action_no: str
    case_no: str
    kind: str
    post: str
    at: datetime
    data: dict[str, Any]

    @property
    def cause(self) -> str:
        return f"action/{self.action_no}"

    def row(self) -> dict[str, str]:
        acted_at = self.at.isoformat(timespec="seconds")
        told = {"action_no": self.action_no, "case_no": self.case_no, "kind": self.kind, "post": self.post}
        return {**told, "acted_at": acted_at, "data": _written(self.data)}

    @classmethod
    def of_row(cls, row: dict[str, str]) -> Action:
        """A merged row; ValueError where its data is no JSON object."""
        data = json.loads(row.get("data") or "{}")
        if not isinstance(data, dict):
            raise ValueError("data is no object")
        at = datetime.fromisoformat(row["acted_at"]).astimezone(SHANGHAI)
        return cls(row["action_no"], row["case_no"], row["kind"], row["post"], at, data)


class Moved(UsageError):
    """A case went on after somebody looked at it who now acts on it."""


def act(
    ctx: Context, case_no: str, kind: str, *, post: str, at: datetime, seen: int | None = None, **data: Any
) -> Case:
    """Let a post do something with a case, at once; returns the case after it. Done again it changes nothing.

    `kind` is one of `DOINGS`, `data` what `machine.ALLOWED` says of it. UsageError for a post, a text or a target
    that makes no sense, NotAllowed where the case does not stand where this could happen; nothing is landed then.
    `seen` is the number of its last event that the post knew of: Moved where another has happened since.
    """
    action = _made(ctx, case_no, kind, post, at, data)
    rules = Rules.of(ctx.district)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        if ledger.known_causes(connection, ctx.street_code, [(case_no, action.cause)]):
            return ledger.find(connection, ctx.street_code, case_no)
        unmoved(ledger.find(connection, ctx.street_code, case_no), seen)
        steps = steps_of(ctx, rules, action, lambda number: ledger.find(connection, ctx.street_code, number), action.at)
        land(ctx, action)
        ledger.append(connection, ctx.street_code, steps)
        follow(connection, ctx, action)
        alerts.queue(connection, ctx, steps)
    return steps[0][1]


def unmoved(case: Case, seen: int | None) -> None:
    """Moved where something has happened to a case after the event that somebody knew as its last."""
    if seen is not None and case.last_seq != seen:
        raise Moved(f"工单{case.case_no}刚刚有了新的进展，这次没有办理。", "请看过最新的经过再办。")


def permits(ctx: Context, case: Case, kind: str, post: str, at: datetime) -> bool:
    """Whether a post may do this to a case of this unit; UsageError for a post that nobody holds."""
    unit, line = (
        posts.required(ctx.district, post, at.astimezone(SHANGHAI).date()).unit_code,
        _line(ctx, case.unit_code),
    )
    if DOINGS[kind].who == "above":  # above the street's own posts stands the office's reviewer
        return unit in line[1:] or post == ctx.district.office.reviewer
    return unit in line


def steps_of(ctx: Context, rules: Rules, action: Action, case_of: Callable[[str], Case], at: datetime) -> list[Step]:
    """The events of an action, its case's first, as of cases that `case_of` knows; raises as `act`. Writes nothing."""
    case = case_of(action.case_no)
    _may(ctx, case, action)
    data = doings.completed(rules, case, action.kind, action.data)
    event = Event(action.kind, at, action.post, action.cause, None, data)
    steps = [(event, machine.apply(rules, case, event))]
    if action.kind == "joined":
        into = _target(case_of(data["into"]), case)
        other = Event("joined_by", at, action.post, action.cause, None, {"from": case.case_no})
        steps.append((other, machine.apply(rules, into, other)))
    return steps


def follow(connection: Connection, ctx: Context, action: Action) -> None:
    """What an action does beside its events: the reports of a joined case belong to the one that it went into."""
    if action.kind == "joined":
        bound = {"street": ctx.street_code, "case_no": action.case_no, "into": action.data["into"]}
        connection.execute(_MOVE_REPORTS, bound)


def _made(ctx: Context, case_no: str, kind: str, post: str, at: datetime, data: dict[str, Any]) -> Action:
    if kind not in DOINGS:
        raise UsageError(f"没有“{kind}”这个动作。", f"可选：{'、'.join(DOINGS)}。")
    said = {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}
    said = {name: value for name, value in said.items() if value not in (None, "")}
    if any(isinstance(value, str) and len(value) > MOST_CHARACTERS for value in said.values()):
        raise UsageError(f"内容超过{MOST_CHARACTERS}字。", "请写短一些，材料另附。")
    return numbered(ctx, case_no, kind, post, at, said)


def numbered(ctx: Context, case_no: str, kind: str, post: str, at: datetime, data: dict[str, Any]) -> Action:
    """The action with its number."""
    at = at.astimezone(SHANGHAI).replace(microsecond=0)  # what is landed says seconds
    signature = f"{case_no}|{kind}|{post}|{at.isoformat()}|{_written(data)}"
    return Action(ctx.keys.token(f"action|{signature}")[:_NO_DIGITS], case_no, kind, post, at, data)


def _may(ctx: Context, case: Case, action: Action) -> None:
    """UsageError unless the post may do this to a case of this unit."""
    if not permits(ctx, case, action.kind, action.post, action.at):
        name = ctx.district.unit_by_code[case.unit_code].name
        raise NotAllowed(
            f"工单{case.case_no}现在由{name}办理，这个岗位不能“{machine.TITLES[action.kind]}”。",
            "督办要由上级单位的岗位作出。"
            if DOINGS[action.kind].who == "above"
            else "请由该单位或上级单位的岗位办理。",
        )


def _line(ctx: Context, unit_code: str) -> list[str]:
    """A unit and those above it, to the street."""
    units, line = ctx.district.unit_by_code, [unit_code]
    while parent := units[line[-1]].parent_code:
        line.append(parent)
    return line


def _target(into: Case, case: Case) -> Case:
    if into.case_no == case.case_no or not into.is_open:
        raise UsageError(f"工单{case.case_no}不能并入{into.case_no}。", "请并入另一件没有办结的工单。")
    return into


def land(ctx: Context, action: Action) -> None:
    contract = ctx.district.contracts.get(DATASET)
    source = next((s.source for s in ctx.district.sources.values() if DATASET in s.datasets), None)
    if contract is None or source is None:
        raise UsageError(
            "这个街道的配置里没有工单办理台。", "请在 sources/ 中加上 case_desk，在 contracts/ 中加上 case_actions。"
        )
    body = decisions.as_bytes(contract, [action.row()])
    item = Fetched(f"action-{action.action_no}.ndjson", body, decisions.MEDIA_TYPE, version_at=action.at)
    landing.hand_in(replace(ctx, period=Period.of("quarter", action.at)), source, item)


def _written(data: dict[str, Any]) -> str:
    """JSON in ASCII: reading it as text changes nothing in it."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))
