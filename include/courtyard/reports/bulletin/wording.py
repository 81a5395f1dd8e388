"""The bulletin's sentences, made from its figures alone: what went up or down and by how much, never why."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from courtyard.district.models import District
from courtyard.reports.bulletin.figures import Event, Figures, Measure

MODULES = {
    "population": "人口底数", "key_groups": "重点人群", "resources": "资源分布", "providers": "服务主体",
    "items": "服务事项", "response": "响应流程",
}  # fmt: skip
NOT_SAID = "—"
_STATES = {"no_data": "没有数据", "no_cases": "没有应计的事项"}


def number(value: Decimal | None) -> str:
    """A figure without needless zeros, thousands apart; a dash where nobody knows."""
    if value is None:
        return NOT_SAID
    plain = f"{value:,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def change(value: Decimal | None, previous: Decimal | None, unit: str) -> str:
    """How a figure moved on the quarter before, as a clause."""
    if value is None or previous is None:
        return "上季度没有可比数据"
    moved = value - previous
    if moved == 0:
        return "与上季度持平"
    of_share = unit == "%"
    verb = ("上升" if moved > 0 else "下降") if of_share else ("增加" if moved > 0 else "减少")
    return f"比上季度{verb}{number(abs(moved))}{'个百分点' if of_share else unit}"


def headline(figures: Figures) -> str:
    """Where things stand: courtyards, households, persons, and what came in."""
    courtyards = sum(len(group.places) for group in figures.places)
    households, persons = _last(figures, "population.households"), _last(figures, "population.persons")
    came = "，".join(
        f"{event.title}新增{number(event.opened[-1])}件、办结{number(event.closed[-1])}件"
        for event in figures.events
        if event.opened and event.opened[-1] is not None
    )
    stand = f"截至{figures.period.last_day.month}月{figures.period.last_day.day}日，全街道{courtyards}个院落"
    counted = f"登记在住{number(households)}户、{number(persons)}人。"
    return f"{stand}，{counted}" + (f"本季度能定位到院落的事项中，{came}。" if came else "")


def _last(figures: Figures, name: str) -> Decimal | None:
    return figures.totals[name][-1] if figures.totals.get(name) else None


def by_module(figures: Figures) -> Iterator[tuple[str, str]]:
    """One paragraph a module: its title, and a clause for each indicator that is known."""
    for module, title in MODULES.items():
        clauses = [_clause(m) for m in figures.measures if m.module == module and m.state == "known"]
        if clauses:
            yield title, "；".join(clauses) + "。"


def _clause(measure: Measure) -> str:
    told = (
        f"{measure.title}{number(measure.value)}{measure.unit}，{change(measure.value, measure.previous, measure.unit)}"
    )
    return (
        f"{told}（上季度{number(measure.previous)}{measure.unit}）"
        if measure.previous not in (None, measure.value)
        else told
    )


def late(event: Event) -> str:
    """What of an event is open and overdue at the quarter's end; empty where nothing is or nobody knows."""
    is_open, overdue = event.still_open[-1], event.overdue[-1]
    if not is_open:
        return ""
    told = f"{event.title}季末未办结{number(is_open)}件"
    return told + (f"，其中逾期{number(overdue)}件" if overdue else "")


def submitted(figures: Figures) -> str:
    """How the grids' collection went."""
    if not figures.submissions:
        return "本季度没有网格报送记录。"
    street = figures.submissions[0]
    return (
        f"{street.grids}个网格应报{street.owed}份，已报{street.reported}份，确认本期无数据{street.confirmed_nil}份，"
        f"退回{street.refused}份，未报{street.missing}份（涉及{street.grids_missing}个网格）。"
    )


def unknown(figures: Figures, district: District) -> list[str]:
    """What nobody can tell of the quarter, each with how much it is."""
    found = [f"{m.title}：本季度{_STATES.get(m.state, m.state)}。" for m in figures.measures if m.state != "known"]
    for m in figures.measures:
        if m.state == "known" and (lacking := m.courtyards - m.courtyards_known):
            found.append(f"{m.title}：{m.courtyards}个院落中{lacking}个没有数据，未计入。")
    for line in figures.submissions[1:]:
        lacking = [f"{word}{count}份" for word, count in (("未报", line.missing), ("退回", line.refused)) if count]
        if lacking:
            found.append(f"{line.unit}：网格报送{'，'.join(lacking)}。")
    if figures.rows_quarantined:
        found.append(f"入库校验隔离{figures.rows_quarantined:,}行（共收到{figures.rows_landed:,}行），未计入各项数字。")
    found += [f"标签“{title}”：{count}个院落因缺少数据无法判断。" for title, count in figures.unjudged]
    for report, period, reason in figures.holds:
        title = district.reports[report].title if report in district.reports else report
        found.append(f"《{title}》{period}暂缓：{reason}")
    return found


def corrected(figures: Figures) -> list[str]:
    """What is said otherwise now than before, with both figures."""
    before = figures.period.previous().title
    found = [f"{before}{c.title}由{number(c.told)}{c.unit}更正为{number(c.now)}{c.unit}。" for c in figures.corrections]
    return found + [
        f"《{title}》{period}已出第{revision}版，以新版为准。" for title, period, revision in figures.revised
    ]
