"""An entry of the desk as a page shows it: what is said side by side, what agrees, what differs, and why one is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from typing import Any

from courtyard.context import Context
from courtyard.desk.deciding import Decision
from courtyard.district.models import District
from courtyard.period import SHANGHAI

Part = tuple[str, bool]
"""A piece of a text, and whether it differs from what it is held against."""
REASONS = (
    "上门核实",
    "电话核实",
    "看了身份证",
    "看了户口簿",
    "社区和网格都确认",
    "来源部门确认",
    "录入时写错",
    "已搬走，去现住处看过",
)
SETTLED = {"agreed": "各来源已经一致", "grid_answer": "网格已答复", "desk": "核实台已决定"}
DOUBTS = {
    "ids_differ": "很像一个人，但证件号不同",
    "looks_alike": "很像一个人，证件号无从比对",
    "id_shared": "两条登记用了同一个证件号",
}
_LEVELS = {
    "not said": "一方没有",
    "same": "一致",
    "same room": "一致",
    "sounds alike": "读音相同",
    "one character": "差一个字",
    "same month": "同年同月",
    "one digit": "差一位数字",
    "same courtyard": "同一院落",
    "another room": "不同房号",
    "another": "不同",
}
_SAME, _UNKNOWN, _DIFFERENT = ("一致", "good"), ("一方没有", ""), ("不同", "bad")
_ROWS = {
    "name": "姓名",
    "birth_date": "出生日期",
    "courtyard_code": "院落",
    "building": "楼栋",
    "unit_no": "单元",
    "room": "房号",
}
_FOUND_BY = {"name": "name", "birth_date": "birth_date", "place": "courtyard_code"}


@dataclass(frozen=True)
class Side:
    """One value and everybody who says so. `number` is the claim that stands for it in a decision."""

    number: int
    shown: tuple[Part, ...]
    is_believed: bool
    is_chosen: bool
    sources: tuple[dict[str, Any], ...]


def sides(ctx: Context, entry: Mapping[str, Any], chosen: Decision | None) -> list[Side]:
    """The claims of an entry by value, the winning one first; what differs from it is marked."""
    by_value: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, claim in enumerate(entry["claims"], 1):
        by_value.setdefault(claim["value"], []).append((number, claim))
    ranks = _ranks(ctx.district, entry["attribute"])
    first = ""
    found = []
    for value, said in by_value.items():
        text = said[0][1].get("label") or value
        first = first or text
        found.append(
            Side(
                number=said[0][0],
                shown=marked(text, first),
                is_believed=entry["rule"] != "undecided" and value == entry["value"],
                is_chosen=chosen is not None and chosen.get("value") == value,
                sources=tuple(_source(ctx.district, claim, ranks) for _, claim in said),
            )
        )
    return found


def marked(text: str, against: str) -> tuple[Part, ...]:
    """A text in pieces, those marked that the other one does not have at this place."""
    if text == against:
        return ((text, False),)
    codes = SequenceMatcher(None, against, text, autojunk=False).get_opcodes()
    return tuple((text[start:end], kind != "equal") for kind, _, _, start, end in codes if start < end)


def _ranks(district: District, attribute: str) -> Sequence[str]:
    return next((rule.datasets for rule in district.authority if rule.attribute == attribute), ())


def _source(district: District, claim: Mapping[str, Any], ranks: Sequence[str]) -> dict[str, Any]:
    unit = district.unit_by_code.get(claim.get("unit", ""))
    said_at = claim.get("said_at")
    rank = ranks.index(claim["dataset"]) + 1 if claim["dataset"] in ranks else None
    return {
        "title": claim["title"],
        "unit": unit.name if unit else "",
        "since": claim.get("since"),
        "said_on": datetime.fromisoformat(said_at).astimezone(SHANGHAI).date() if said_at else None,
        "period": claim.get("said_for", ""),
        "trust": f"可信次序 第{rank}（共{len(ranks)}）" if rank else "",
        "delivery_id": claim.get("delivery_id"),
        "place": "，".join(filter(None, (claim.get("sheet"), f"第{claim['row_no']}行" if claim.get("row_no") else ""))),
    }


def rule_said(district: District, rule: str) -> str:
    """Why one claim is believed meanwhile: `mart.discrepancy.rule` in words."""
    kind, _, dataset = rule.partition(":")
    contract = district.contracts.get(dataset)
    name = contract.title if contract else dataset
    return {
        "authority": f"按来源可信次序，采用{name}",
        "recency": f"更可信的来源说法太旧，采用{name}",
        "newest": "采用最近一次的说法",
        "grid_answer": "采用网格的答复",
        "desk": "采用核实台的决定",
        "undecided": "定下来以前，哪个都不采用",
    }.get(kind, rule)


def compared(ctx: Context, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two records line by line: what each says, and whether that agrees."""
    left, right = entry["records"]
    levels = {_FOUND_BY[k]: _LEVELS.get(v, v) for k, v in entry["details"].items() if k in _FOUND_BY}
    lines = [_line(ctx, name, title, (left, right), levels.get(name)) for name, title in _ROWS.items()]
    has_both = left["has_id_number"] and right["has_id_number"]
    verdict = _SAME if left["same_id_number"] else _DIFFERENT if has_both else _UNKNOWN
    has = ["已登记（加密保存）" if record["has_id_number"] else "没有登记" for record in (left, right)]
    lines.append(_sealed("证件号码", has, verdict))
    phone = entry["details"].get("phone")
    verdict = _SAME if left["same_phone"] else _DIFFERENT if phone == "another" else ("不能比对", "")
    lines.append(_sealed("联系电话", ["加密保存，只比对是否相同"] * 2, verdict))
    lines.append(_sealed("登记始于", [record["since"] or "—" for record in (left, right)], ("", "")))
    return lines


def _line(
    ctx: Context, name: str, title: str, records: Iterable[Mapping[str, Any]], level: str | None
) -> dict[str, Any]:
    said = [[_named(ctx, name, value) for value in record.get(name, ())] for record in records]
    left, right = ("、".join(values) for values in said)
    if not left or not right:
        verdict = _UNKNOWN if left or right else ("都没有", "")
    elif set(said[0]) & set(said[1]):
        verdict = _SAME
    else:
        verdict = (level if level and level != "一致" else "不同", "bad")
    return {"title": title, "left": marked(left, left), "right": marked(right, left or right), "verdict": verdict}


def _named(ctx: Context, name: str, value: Any) -> str:
    courtyard = ctx.district.courtyard_by_code.get(str(value)) if name == "courtyard_code" else None
    return courtyard.name if courtyard else str(value)


def _sealed(title: str, sides_: Sequence[Any], verdict: tuple[str, str]) -> dict[str, Any]:
    left, right = (((str(side), False),) for side in sides_)
    return {"title": title, "left": left, "right": right, "verdict": verdict}


def source_titles(ctx: Context, entry: Mapping[str, Any]) -> list[str]:
    """Who says something of an entry: the titles of its datasets, each once."""
    if "claims" in entry:
        return list(dict.fromkeys(claim["title"] for claim in entry["claims"]))
    datasets = (entry[side].partition("/")[0] for side in ("left_record", "right_record"))
    contracts = ctx.district.contracts
    return [contracts[name].title if name in contracts else name for name in datasets]


def due_said(due_on: date | None, today: date) -> tuple[str, str]:
    """A due date as a badge: its words and its colour."""
    if due_on is None:
        return "不限期", ""
    days = (due_on - today).days
    if days < 0:
        return f"逾期{-days}天", "bad"
    return ("今天到期" if days == 0 else f"还有{days}天"), "warn" if days <= 7 else "good"


def verdict_said(entry: Mapping[str, Any], decision: Decision) -> str:
    """What a decision says, for whoever may see the entry's values."""
    if decision["matter"] == "same_person":
        return "是同一人" if decision["verdict"] == "same" else "不是同一人"
    value = decision["value"]
    label = next((claim.get("label") for claim in entry["claims"] if claim.get("value") == value), None)
    return f"以“{label or value}”为准"
