"""The bulletin's parts in their order: what stands in each, from its figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from courtyard.district.models import District
from courtyard.period import SHANGHAI, Period
from courtyard.reports.bulletin import charts, wording
from courtyard.reports.bulletin.charts import Line
from courtyard.reports.bulletin.document import TEXT_WIDTH, Paper
from courtyard.reports.bulletin.figures import Figures

_CHART = (TEXT_WIDTH, 5.6)  # cm
_MAP_WIDTH, _MAP_MOST = 12.0, 19.0  # cm
_NOTHING = "没有。"


def title(district: District, period: Period) -> str:
    return f"{district.office.short_name}{period.title}院落治理情况简报"


def document(district: District, figures: Figures) -> bytes:
    """The whole bulletin."""
    office, period = district.office, figures.period
    paper = Paper(title(district, period))
    known = figures.as_known_at.astimezone(SHANGHAI)
    number = _issue(district, period)
    paper.head("院落治理简报", number, office.preparer, f"{known.year}年{known.month}月{known.day}日")
    paper.title(title(district, period))
    paper.heading("一、本季概况")
    paper.text(wording.headline(figures))
    if late := "；".join(filter(None, map(wording.late, figures.events))):
        paper.text(late + "。")
    paper.text(wording.submitted(figures))
    paper.heading("二、主要指标")
    for module, text in wording.by_module(figures):
        paper.text(text, lead=f"{module}。")
    _indicator_table(paper, figures)
    paper.heading("三、趋势和分布")
    _trends(paper, figures)
    _communities(paper, figures)
    _map(paper, figures)
    paper.heading("四、尚不掌握的情况")
    _list(paper, wording.unknown(figures, district))
    paper.heading("五、更正")
    _list(paper, wording.corrected(figures))
    told = "本简报由数字院落按已入库的数据编排，只列数字及其增减，不推断原因。事项数只含能定位到院落的。"
    paper.imprint([told, f"编印：{office.preparer}　　数据截至：{known:%Y-%m-%d %H:%M}"])
    return paper.bytes()


def _issue(district: District, period: Period) -> str:
    """The bulletin's number in its year, and since the office began."""
    first, count = Period.quarter(district.office.first_quarter), 1
    while first < period:
        first, count = first.next(), count + 1
    return f"{period.year}年第{period.index}期（总第{count}期）"


def _indicator_table(paper: Paper, figures: Figures) -> None:
    rows = []
    for m in figures.measures:
        moved = None if m.value is None or m.previous is None else m.value - m.previous
        sign = "+" if moved and moved > 0 else ""
        share = f"{m.courtyards_known}/{m.courtyards}"
        rows.append(
            (
                f"{m.title}（{m.unit}）", wording.number(m.value), wording.number(m.previous),
                sign + wording.number(moved), wording.number(m.year_before), share,
            )
        )  # fmt: skip
    paper.table(("指标", "本季", "上季", "增减", "上年同季", "有数院落"), (6.0, 2.0, 2.0, 2.0, 2.0, 2.0), rows)


def _trends(paper: Paper, figures: Figures) -> None:
    quarters = [_short(quarter) for quarter in figures.quarters]
    came = [Line(event.title, _plain(event.opened)) for event in figures.events if _is_said(event.opened)]
    if came:
        paper.chart("各季度新增事项（件）", charts.bars(quarters, came), _CHART, _told(quarters, came))
    left = [Line(event.title, _plain(event.still_open)) for event in figures.events if _is_said(event.still_open)]
    if left:
        paper.chart("各季度末未办结事项（件）", charts.bars(quarters, left), _CHART, _told(quarters, left))
    rates = [m for m in figures.measures if m.module == "response" and m.unit == "%" and _is_said(m.trend)]
    if rates:
        lines = [Line(m.title, _plain(m.trend)) for m in rates]
        paper.chart("按期办结情况（%）", charts.lines(quarters, lines, form="0.0"), _CHART, _told(quarters, lines))


def _communities(paper: Paper, figures: Figures) -> None:
    """The pack's first share by community, and how the grids of each reported."""
    share = next((m for m in figures.measures if m.unit == "%" and _is_said(m.by_community)), None)
    names = [_without_kind(name) for name in figures.communities]
    if share is not None:
        line = [Line(share.title, _plain(share.by_community))]
        xml = charts.bars(names, line, form="0.0")
        paper.chart(f"各社区{share.title}（{share.unit}）", xml, _CHART, _told(names, line))
    if of := figures.submissions[1:]:
        units = [_without_kind(s.unit) for s in of]
        rows = [
            Line("已报", tuple(s.reported for s in of)),
            Line("确认本期无数据", tuple(s.confirmed_nil for s in of)),
            Line("退回", tuple(s.refused for s in of)),
            Line("未报", tuple(s.missing for s in of)),
        ]
        paper.chart("各社区网格报送（份）", charts.bars(units, rows, stacked=True), _CHART, _told(units, rows))


def _map(paper: Paper, figures: Figures) -> None:
    if not figures.places:
        return
    count = sum(len(group.places) for group in figures.places)
    marked = [f"；标出{len(group.places)}个{group.name}" for group in figures.places if group.is_alert]
    size = (_MAP_WIDTH, min(charts.height_of_map(figures.places, _MAP_WIDTH), _MAP_MOST))
    told = f"{count}个院落按社区着色{''.join(marked)}。"
    paper.chart(f"院落分布（{count}个，按社区着色；上北下南）", charts.map_of(figures.places), size, told)


def _list(paper: Paper, texts: Sequence[str]) -> None:
    if texts:
        paper.notes(texts)
    else:
        paper.text(_NOTHING)


def _told(categories: Sequence[str], lines: Sequence[Line]) -> str:
    """A chart in words."""
    rows = (
        "、".join(f"{c}{'—' if v is None else f'{v:g}'}" for c, v in zip(categories, r.values, strict=True))
        for r in lines
    )
    return "；".join(f"{line.name}：{row}" for line, row in zip(lines, rows, strict=True))


def _plain(values: Sequence[Decimal | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else float(value) for value in values)


def _is_said(values: Sequence[Decimal | None]) -> bool:
    return any(value is not None for value in values)


def _short(quarter: Period) -> str:
    return f"{quarter.year}年{'一二三四'[quarter.index - 1]}季度"


def _without_kind(name: str) -> str:
    return name.removesuffix("社区")
