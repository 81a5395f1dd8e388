"""What a post does with a case: checked, landed as a delivery of the source `case_desk`, then an event, in this order.

An action that was landed and did not happen, because the process was killed in between, happens when it was merged
(`replying.take_up`), once: its number is in the event's cause.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, text

from courtyard import landing
from courtyard.cases import alerts, ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.machine import NotAllowed, Rules
from courtyard.context import Context
from courtyard.district import posts
from courtyard.district.working_time import Span
from courtyard.errors import UsageError
from courtyard.identity import decisions
from courtyard.period import SHANGHAI, Period
from courtyard.sources.fetched import Fetched

DATASET = "case_actions"
SATISFACTION = {"satisfied": "满意", "neutral": "一般", "dissatisfied": "不满意"}
MOST_CHARACTERS = 2000
_NO_DIGITS = 16
_MOVE_REPORTS = text("""
UPDATE cases.report SET case_no = :into, how = 'person' WHERE street_code = :street AND case_no = :case_no
""")


class Doing(NamedTuple):
    """What an action needs, and who may do it: a post of the unit that has the case or of one above it (`line`), only
    one above it (`above`). Letters and tasks do more than an event: see `acts`."""

    who: Literal["line", "above"]
    needs: tuple[str, ...] = ()


DOINGS: dict[str, Doing] = {
    "acknowledged": Doing("line"),
    "measured": Doing("line", ("text",)),
    "extended": Doing("line", ("reason",)),
    "handed_back": Doing("line", ("reason", "level")),
    "raised": Doing("line", ("reason",)),
    "supervised": Doing("above", ("reason",)),
    "answered": Doing("line", ("text",)),
    "refused": Doing("line", ("reason", "where")),
    "released": Doing("line"),
    "classified": Doing("line", ("category",)),
    "placed": Doing("line", ("courtyard_code",)),
    "joined": Doing("line", ("into",)),
    "followed_up": Doing("line", ("satisfaction",)),
    "noted": Doing("line", ("text",)),
}
NEEDS = {
    "text": "内容",
    "reason": "理由",
    "where": "应该找哪里",
    "level": "转到哪一级",
    "category": "类别",
    "courtyard_code": "院落",
    "into": "并入哪一件",
    "satisfaction": "满意度",
}


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


def act(ctx: Context, case_no: str, kind: str, *, post: str, at: datetime, **data: Any) -> Case:
    """Let a post do something with a case, at once; returns the case after it. Done again it changes nothing.

    `kind` is one of `DOINGS`, `data` what `machine.ALLOWED` says of it. UsageError for a post, a text or a target
    that makes no sense, NotAllowed where the case does not stand where this could happen; nothing is landed then.
    """
    action = _made(ctx, case_no, kind, post, at, data)
    rules = Rules.of(ctx.district)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        if ledger.known_causes(connection, ctx.street_code, [(case_no, action.cause)]):
            return ledger.find(connection, ctx.street_code, case_no)
        steps = steps_of(ctx, rules, action, lambda number: ledger.find(connection, ctx.street_code, number), action.at)
        land(ctx, action)
        ledger.append(connection, ctx.street_code, steps)
        follow(connection, ctx, action)
        alerts.queue(connection, ctx, steps)
    return steps[0][1]


def steps_of(ctx: Context, rules: Rules, action: Action, case_of: Callable[[str], Case], at: datetime) -> list[Step]:
    """The events of an action, its case's first, as of cases that `case_of` knows; raises as `act`. Writes nothing."""
    case = case_of(action.case_no)
    _may(ctx, case, action)
    data = _checked(rules, case, action)
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
    district = ctx.district
    unit = posts.required(district, action.post, action.at.astimezone(SHANGHAI).date()).unit_code
    line = _line(ctx, case.unit_code)
    match DOINGS[action.kind].who:
        case "above":  # above the street's own posts stands the office's reviewer
            allowed = unit in line[1:] or action.post == district.office.reviewer
        case _:
            allowed = unit in line
    if not allowed:
        name = district.unit_by_code[case.unit_code].name
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


def _checked(rules: Rules, case: Case, action: Action) -> dict[str, Any]:
    """The event's data: complete, and completed with what follows from it. UsageError for what makes no sense."""
    data = dict(action.data)
    if missing := [name for name in DOINGS[action.kind].needs if data.get(name) in (None, "")]:
        told = "、".join(NEEDS.get(name, name) for name in missing)
        raise UsageError(f"“{machine.TITLES[action.kind]}”没有写明{told}。", "请补上再办理。")
    return _COMPLETED.get(action.kind, _as_it_is)(rules, case, data)


def _as_it_is(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    return data


def _extension(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    limits = rules.cases.terms_of(case.urgency).levels.get(case.level)  # type: ignore[call-overload]
    span = data.get("span") or (limits.solve if limits else "1 working_days")
    try:
        Span.parse(span)
    except ValueError:
        raise UsageError(f"“{span}”不是一段时间。", "请写如 2 working_days 或 8 hours。") from None
    return {**data, "span": span}


def _hand_over(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    if data["level"] not in [level.level for level in rules.cases.levels]:
        raise UsageError(f"没有“{data['level']}”这一级。", "请写 courtyard、community 或 street。")
    kind = rules.cases.level(data["level"]).unit
    code = data.get("unit_code") or rules.unit_at(data["level"], case.unit_code, case.courtyard_code)
    unit = rules.district.unit_by_code.get(code)
    if unit is None or unit.kind != kind:
        raise UsageError("没有写明转给哪个单位，或单位与级别不符。", "请用 --to 级别 --unit 单位编码。")
    return {**data, "unit_code": code}


def _category(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    try:
        category = rules.cases.category(data["category"])
    except KeyError:
        known = "、".join(f"{one.code}（{one.title}）" for one in rules.cases.categories)
        raise UsageError(f"没有“{data['category']}”这个类别。", f"可选：{known}。") from None
    urgency = data.get("urgency") or category.urgency
    if urgency not in rules.rungs:
        raise UsageError(f"没有“{urgency}”这种缓急。", f"可选：{'、'.join(rules.rungs)}。")
    return {**data, "urgency": urgency, "confidence": 1}


def _place(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    """A case that nobody knew where to send goes to the level that its category starts at."""
    if data["courtyard_code"] not in rules.district.courtyard_by_code:
        raise UsageError(f"没有编码为{data['courtyard_code']}的院落。", "请对照 courtyards.csv 写16位院落编码。")
    if case.courtyard_code is None and case.status in ("held", "waiting") and "level" not in data:
        starts_at = rules.cases.category(case.category).starts_at
        return {**data, "level": rules.rung(case.urgency, starts_at)}
    return data


def _follow_up(rules: Rules, case: Case, data: dict[str, Any]) -> dict[str, Any]:
    if data["satisfaction"] not in SATISFACTION:
        raise UsageError(f"没有“{data['satisfaction']}”这种满意度。", f"可选：{'、'.join(SATISFACTION)}。")
    return {**data, "solved": data.get("solved", True)}


_COMPLETED: dict[str, Callable[[Rules, Case, dict[str, Any]], dict[str, Any]]] = {
    "extended": _extension,
    "handed_back": _hand_over,
    "classified": _category,
    "placed": _place,
    "followed_up": _follow_up,
}


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
