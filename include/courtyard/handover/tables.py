"""The tables of a pack, in the words of the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping

from courtyard.district.models import Alias, District
from courtyard.period import SHANGHAI

MATTERS = {
    "discrepancy": "各来源说法不一",
    "same_person": "疑似同一人",
    "hazards": "安全隐患",
    "disputes": "矛盾纠纷",
    "hotline_cases": "12345办件",
    "resident_reports": "居民上报",
    "submission": "未报送",
}
"""Everything that can be open, in the order in which a pack counts it."""
_ATTRIBUTES = {"name": "姓名", "sex": "性别", "birth_date": "出生日期", "courtyard_code": "住在哪个院落"}
_DOUBTS = {
    "id_shared": "同一证件号登记在两人名下",
    "ids_differ": "姓名、出生日期相同，证件号不同",
    "looks_alike": "两条记录像是同一人",
}
_KINDS = {"came": "迁入", "returned": "迁回", "left": "迁出", "died": "死亡", "moved": "换院落", "renamed": "更名"}
_ALIASES = {"former": "曾用名", "compound": "小区名", "door": "另一门牌"}
_LACKING = {"missing": "未报", "rejected": "已退回", "received": "处理中"}


@dataclass(frozen=True)
class Table:
    """One sheet: `columns` are (header, width in characters, is_centred); `note` stands below the title."""

    title: str
    columns: tuple[tuple[str, float, bool], ...]
    rows: list[tuple[Any, ...]]
    note: str = ""
    counts: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """What the warehouse says, by the names of `content.sql`."""

    people: Mapping[str, RowMapping]
    tags: Mapping[str, str]
    members: Sequence[Mapping[str, Any]]
    items: Sequence[RowMapping]
    names: Mapping[str, str]
    promised: Sequence[RowMapping]
    changes: Sequence[RowMapping]
    submissions: Sequence[RowMapping]


def courtyards(district: District, codes: Sequence[str], found: Found) -> Table:
    aliases: dict[str, list[str]] = {}
    for alias in district.aliases:
        aliases.setdefault(alias.courtyard_code, []).append(_alias(alias))
    rows = []
    for number, code in enumerate(codes, 1):
        place, here = district.courtyard_by_code[code], found.people.get(code)
        address = f"{place.road}{place.door}"
        others = "；".join(aliases.get(code, ()))
        counts = (here["households"], here["persons"]) if here else (0, 0)
        rows.append((number, place.name, others, address, *counts, found.tags.get(code, "")))
    columns = [
        ("序号", 6, True), ("院落", 20, False), ("曾用名和别名", 34, False), ("地址", 22, False), ("户数", 8, True),
        ("人数", 8, True), ("标签", 26, False),
    ]  # fmt: skip
    if not found.tags:
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    total = (sum(row[4] for row in rows), sum(row[5] for row in rows))
    told = [(f"{len(rows)}个院落", f"登记在住{total[0]}户、{total[1]}人")]
    return Table("院落", tuple(columns), rows, "户数、人数按公安实有人口登记。别名后的日期是使用的起止时间。", told)


def _alias(alias: Alias) -> str:
    since = f"{alias.valid_from}起" if alias.valid_from else ""
    until = f"{alias.valid_to}止" if alias.valid_to else ""
    when = "，".join(filter(None, (since, until)))
    return f"{alias.alias}（{_ALIASES[alias.kind]}{'，' + when if when else ''}）"


def members(district: District, found: Found) -> Table:
    """By courtyard, then by group; ID numbers and phones come masked."""
    order = {group.group: number for number, group in enumerate(district.key_groups)}
    listed = sorted(
        found.members, key=lambda m: (m["courtyard_code"], order[m["group"]], str(m["room"] or ""), m["name"])
    )
    rows = [
        (
            number, district.courtyard_by_code[m["courtyard_code"]].name, m["title"], m["name"], m["sex"], m["birth_date"],
            _room(m), m["id_number"], m["phone"], m["valid_from"],
        )
        for number, m in enumerate(listed, 1)
    ]  # fmt: skip
    columns = (
        ("序号", 6, True), ("院落", 20, False), ("群体", 14, True), ("姓名", 12, True), ("性别", 6, True),
        ("出生日期", 12, True), ("楼栋单元室", 16, True), ("身份证号", 22, True), ("联系电话", 14, True), ("登记自", 12, True),
    )  # fmt: skip
    counted = [
        (group.title, f"{sum(m['group'] == group.group for m in listed)}人")
        for group in district.key_groups
        if any(m["group"] == group.group for m in listed)
    ]
    return Table("重点人群", columns, rows, "身份证号和电话只显示首尾；需要全号的，按规定在系统中查询并留痕。", counted)


def _room(row: Mapping[str, Any]) -> str:
    parts = ((row["building"], "栋"), (row["unit_no"], "单元"), (row["room"], "号"))
    return "".join(f"{value}{suffix}" for value, suffix in parts if value)


def items(district: District, found: Found, on: date) -> Table:
    rows = []
    for number, item in enumerate(found.items, 1):
        late = (on - item["due_on"]).days if item["due_on"] else 0
        where = _place(district, item["courtyard_code"])
        what = _what(item, found.names)
        stands = f"{district.unit_by_code[item['answers_unit']].name}{item['answers_post']}"
        overdue = f"逾期{late}天" if late > 0 else ""
        rows.append((number, MATTERS[item["matter"]], where, what, item["since"], item["due_on"], overdue, stands))
    columns = (
        ("序号", 6, True), ("类别", 15, True), ("院落", 18, False), ("事项", 40, False), ("起自", 12, True),
        ("应办结", 12, True), ("是否逾期", 11, True), ("现由谁负责", 24, False),
    )  # fmt: skip
    counted = []
    for title in MATTERS.values():
        same = [row for row in rows if row[1] == title]
        if same:
            late = sum(bool(row[6]) for row in same)
            counted.append((title, f"{len(same)}项" + (f"，其中{late}项已逾期" if late else "")))
    note = "岗位空缺的，由同一单位的另一岗位或上一级单位负责，不留在空缺的岗位上。"
    return Table("未办结事项", columns, rows, note, counted)


def _what(item: RowMapping, names: Mapping[str, str]) -> str:
    title = item["title"] or ""
    match item["matter"]:
        case "discrepancy":
            title = _ATTRIBUTES.get(title, title)
        case "same_person":
            title = _DOUBTS.get(title, title)
        case "submission":
            return f"{item['item'].split('/')[0]}：{title}"
    name = names.get(item["person_id"] or "")
    return f"{name}：{title}" if name else title


def promised(district: District, found: Found, codes: set[str], parties: Sequence[str], on: date) -> Table:
    """What somebody said would be done: measures of open hazards and disputes, claims of projects not yet done."""
    rows: list[tuple[Any, ...]] = []
    for row in found.promised:
        attrs = row["attrs"]
        match row["dataset"]:
            case "hazards" if not attrs.get("is_closed") and row["courtyard_code"] in codes:
                by = "、".join(filter(None, (attrs.get("responsible_unit"), attrs.get("responsible"))))
                said = attrs.get("measures") or "未写整改措施"
                rows.append(
                    (
                        "隐患整改",
                        row,
                        attrs.get("description"),
                        said,
                        by,
                        _moment(attrs.get("found_at")),
                        attrs.get("due_on"),
                    )
                )
            case "disputes" if attrs.get("status") in ("open", "mediating", "failed"):
                said = attrs.get("measures") or "未写化解措施"
                rows.append(
                    (
                        "纠纷化解",
                        row,
                        attrs.get("summary"),
                        said,
                        attrs.get("responsible") or "",
                        _moment(attrs.get("found_at")),
                        "",
                    )
                )
            case "party_projects" if attrs.get("progress") in ("claimed", "running") and _is_ours(attrs, parties):
                by = "、".join(filter(None, (attrs.get("claimed_by"), attrs.get("responsible"))))
                said = f"{_label(district, 'project_progress', attrs['progress'])}，服务{attrs.get('served') or '居民'}"
                rows.append(
                    ("项目认领", row, attrs.get("project_name"), said, by, attrs.get("claimed_on"), attrs.get("due_on"))
                )
    rows.sort(key=lambda row: (row[6] or "9999", row[5] or "", row[1]["record_key"]))
    told = [
        (number, kind, _place(district, row["courtyard_code"]), what, said, by, made, due, _late(due, on))
        for number, (kind, row, what, said, by, made, due) in enumerate(rows, 1)
    ]
    columns = (
        ("序号", 6, True), ("类别", 11, True), ("院落", 17, False), ("事项", 28, False), ("承诺的措施", 30, False),
        ("由谁承诺", 20, False), ("日期", 12, True), ("时限", 12, True), ("是否逾期", 11, True),
    )  # fmt: skip
    kinds = ("隐患整改", "纠纷化解", "项目认领")
    counted = [(kind, f"{n}项") for kind in kinds if (n := sum(row[1] == kind for row in told))]
    return Table("已作承诺", columns, told, "已登记而尚未兑现的整改措施、化解措施和认领项目。", counted)


def _is_ours(attrs: Mapping[str, Any], parties: Sequence[str]) -> bool:
    return any(str(attrs.get("party_org") or "").startswith(name) for name in parties)


def _late(due: str | None, on: date) -> str:
    if not due or len(due) < len("2026-01-01"):
        return ""
    days = (on - date.fromisoformat(due[:10])).days
    return f"逾期{days}天" if days > 0 else ""


def changes(district: District, found: Found) -> Table:
    rows = [
        (
            number, row["valid_from"], _KINDS[row["kind"]], row["name"],
            f"原名{row['was_named']}" if row["kind"] == "renamed" else "", _place(district, row["was_in"]),
            _place(district, row["now_in"]), _room(row) if row["now_in"] else "",
        )
        for number, row in enumerate(found.changes, 1)
    ]  # fmt: skip
    columns = (
        ("序号", 6, True), ("日期", 12, True), ("变动", 10, True), ("姓名", 13, True), ("说明", 14, False),
        ("原在院落", 24, False), ("现在院落", 24, False), ("楼栋单元室", 16, True),
    )  # fmt: skip
    counted = [(kind, f"{n}人") for kind in _KINDS.values() if (n := sum(row[2] == kind for row in rows))]
    return Table("近四季变动", columns, rows, "按公安实有人口登记；换院落的，迁出、迁入的院落都列出。", counted)


def submitted(found: Found) -> Table:
    """One line a grid and quarter: how many sheets came, and which did not."""
    sheets: dict[tuple[str, str], list[RowMapping]] = {}
    for row in found.submissions:
        sheets.setdefault((row["period"], row["unit_name"]), []).append(row)
    rows = [(*at, *_handed_in(own)) for at, own in sheets.items()]
    columns = (
        ("季度", 10, True), ("网格", 22, False), ("应报", 7, True), ("已报", 7, True), ("截止日", 12, True),
        ("报送日", 12, True), ("迟报", 9, True), ("接收行数", 10, True), ("未接收行数", 11, True), ("没有报成的表", 34, False),
    )  # fmt: skip
    told = [("应报", f"{sum(row[2] for row in rows)}张"), ("已报", f"{sum(row[3] for row in rows)}张")] if rows else []
    return Table("报送记录", columns, rows, "近四个季度报送的情况；已报的包括“本季度无”。", told)


def _handed_in(sheets: Sequence[RowMapping]) -> tuple[Any, ...]:
    lacking = [row for row in sheets if row["status"] in _LACKING]
    sent = max((row["sent_on"] for row in sheets if row["sent_on"]), default=None)
    late = max((row["days_late"] or 0 for row in sheets), default=0)
    told = "；".join(f"{row['dataset_title']}（{_LACKING[row['status']]}）" for row in lacking)
    taken = tuple(sum(row[name] for row in sheets) for name in ("rows_accepted", "rows_quarantined"))
    late_by = f"迟{late}天" if late else ""
    return len(sheets), len(sheets) - len(lacking), sheets[0]["due_on"], sent, late_by, *taken, told


def _place(district: District, code: str | None) -> str:
    place = district.courtyard_by_code.get(code or "")
    return place.name if place else ""


def _label(district: District, codes: str, code: str) -> str:
    return district.codes[codes].values.get(code, (code,))[0]


def _moment(text: str | None) -> str:
    """The day of a moment in Shanghai."""
    if not text or len(text) <= len("2026-01-01"):
        return text or ""
    return datetime.fromisoformat(text).astimezone(SHANGHAI).date().isoformat()
