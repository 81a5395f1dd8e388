"""What posts can do with a case: what each doing needs, who may do it, and what follows from what was said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from courtyard.cases.event import Case
from courtyard.cases.machine import TITLES
from courtyard.cases.rules import Rules
from courtyard.district.working_time import Span
from courtyard.errors import UsageError

SATISFACTION = {"satisfied": "满意", "neutral": "一般", "dissatisfied": "不满意"}


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


def completed(rules: Rules, case: Case, kind: str, said: dict[str, Any]) -> dict[str, Any]:
    """The event's data: what was said, with what follows from it. UsageError for what is missing or makes no sense."""
    data = dict(said)
    if missing := [name for name in DOINGS[kind].needs if data.get(name) in (None, "")]:
        told = "、".join(NEEDS.get(name, name) for name in missing)
        raise UsageError(f"“{TITLES[kind]}”没有写明{told}。", "请补上再办理。")
    return _COMPLETED.get(kind, _as_it_is)(rules, case, data)


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
    # What told of an emergency stays one until a post says otherwise.
    urgency = data.get("urgency") or ("emergency" if case.emergency else category.urgency)
    if urgency not in rules.rungs:
        raise UsageError(f"没有“{urgency}”这种缓急。", f"可选：{'、'.join(rules.rungs)}。")
    return {**data, "urgency": urgency, "confidence": 1, "was": case.category}


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
