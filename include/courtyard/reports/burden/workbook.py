"""The yearly burden report as a workbook: values and a chart, A4 across."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import BurdenRules, District
from courtyard.period import SHANGHAI
from courtyard.reports.burden.ledger import FORMULA, Form, Source, Year, estimates

CREATED = datetime(2025, 1, 1)  # equal content, equal bytes
_A4 = 9
_LEFT = frozenset(
    {"填报单位", "报表", "部门", "事实", "要过的部门", "所在报表", "事项", "理由", "表名", "依据", "说明"}
)
_COLOURS = {"自动填出": "#4F8F9F", "仍须手填": "#D98B4A", "档案未掌握": "#C3CBD2"}

Columns = Sequence[tuple[str, float]]


class _Look:
    """The formats of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def made(**own: Any) -> Format:
            return book.add_format({"font_name": "宋体", "font_size": 10, "valign": "vcenter", **own})

        boxed = {"border": 1, "border_color": "#B8C0C7"}
        self.title = made(font_name="黑体", font_size=16, align="center")
        self.note = made(color="#5D6B78", text_wrap=True)
        self.header = made(**boxed, font_name="黑体", align="center", text_wrap=True, bg_color="#E8F0F4")
        self.left = made(**boxed, text_wrap=True, indent=1)
        self.middle = made(**boxed, align="center", text_wrap=True)
        self.whole = made(**boxed, num_format="#,##0")
        self.tenth = made(**boxed, num_format="#,##0.0")
        self.day = made(**boxed, align="center", num_format="yyyy-mm-dd")


def book(district: District, year: Year) -> bytes:
    """The workbook's bytes; equal content gives equal bytes."""
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    made.set_properties({"title": f"{district.office.short_name}{year.year}年减负账", "created": CREATED})
    look = _Look(made)
    title = f"{district.office.short_name}{year.year}年减负账"
    told = f"{FORMULA}。工时是按本办估计的参数推算，不是实测；参数见“口径”表。" + (
        f"另有{year.uncounted}张报表在计数以前发布，未计入。" if year.uncounted else ""
    )
    sheet = made.add_worksheet("按部门")
    _table(sheet, look, (title, told), _SOURCES, [_of_source(source) for source in (*year.sources, year.total)])
    _chart(made, sheet, len(year.sources))
    _table(made.add_worksheet("按报表"), look, (f"{title}：按报表", told), _FORMS, [_of_form(f) for f in year.forms])
    facts = [
        (f.header, f.recipients, f.reports, f.times, f.asked, "、".join(f.recipient_names), "、".join(f.report_titles))
        for f in year.facts
    ]
    _table(made.add_worksheet("一数多问"), look, (f"{title}：同一事实被几个部门要过", ""), _FACTS, facts)
    told_meetings = [(m.day, m.source, m.matter, m.people, m.hours, m.people * m.hours, m.post) for m in year.meetings]
    note = "由岗位如实填报，系统不推算。"
    _table(made.add_worksheet("少开的会"), look, (f"{title}：少开的会", note), _MEETINGS, told_meetings)
    decided = [
        (a.title, a.recipient, a.said, a.reason, a.post, a.at.astimezone(SHANGHAI).date()) for a in year.admissions
    ]
    _table(made.add_worksheet("报表准入"), look, (f"{title}：报表准入", ""), _ADMISSIONS, decided)
    _table(made.add_worksheet("口径"), look, (f"{title}：口径", FORMULA), _PARAMETERS, _parameters(district.burden))
    made.close()
    return target.getvalue()


_SOURCES: Columns = (
    ("部门", 30), ("报表", 8), ("期数", 8), ("要求格数", 11), ("自动填出", 11), ("仍须手填", 11), ("档案未掌握", 11),
    ("节省工时(估)", 12), ("少开会议", 9), ("会议人时", 10),
)  # fmt: skip
_FORMS: Columns = (
    ("报表", 26), ("填报单位", 28), ("期数", 8), ("行数", 9), ("要求格数", 11), ("自动填出", 11), ("仍须手填", 11),
    ("档案未掌握", 11), ("节省工时(估)", 12),
)  # fmt: skip
_FACTS: Columns = (
    ("事实", 18), ("部门数", 8), ("报表数", 8), ("报送次数", 9), ("要求格数", 11), ("要过的部门", 38), ("所在报表", 38),
)  # fmt: skip
_MEETINGS: Columns = (
    ("日期", 12), ("部门", 28), ("事项", 40), ("人数", 8), ("每人小时", 9), ("人时", 9), ("填报岗位", 20),
)  # fmt: skip
_ADMISSIONS: Columns = (("表名", 30), ("部门", 28), ("决定", 10), ("理由", 44), ("岗位", 20), ("日期", 12))
_PARAMETERS: Columns = (("说明", 24), ("数值", 10), ("单位", 12), ("依据", 60))


def _of_source(s: Source) -> tuple[Any, ...]:
    return (
        s.name, s.forms, s.periods, s.asked, s.filled, s.by_hand, s.not_known, s.hours, s.meetings, s.meeting_hours,
    )  # fmt: skip


def _of_form(f: Form) -> tuple[Any, ...]:
    return f.title, f.recipient, f.periods, f.rows, f.asked, f.filled, f.by_hand, f.not_known, f.hours


def _parameters(rules: BurdenRules) -> list[tuple[Any, ...]]:
    return [(name, float(estimate.value), estimate.unit, estimate.basis) for name, estimate in estimates(rules)]


def _table(
    sheet: Worksheet, look: _Look, heading: tuple[str, str], columns: Columns, rows: Iterable[Sequence[Any]]
) -> None:
    last = len(columns) - 1
    for index, (header, width) in enumerate(columns):
        sheet.set_column(index, index, width)
        sheet.write_string(2, index, header, look.header)
    sheet.merge_range(0, 0, 0, last, heading[0], look.title)
    sheet.set_row(0, 30)
    sheet.merge_range(1, 0, 1, last, heading[1], look.note)
    sheet.set_row(1, 30 if heading[1] else 6)
    sheet.set_row(2, 24)
    count = 0
    for count, values in enumerate(rows, 1):
        sheet.set_row(count + 2, 20)
        for index, value in enumerate(values):
            _put(sheet, look, (count + 2, index), value, columns[index][0])
    if not count:
        sheet.merge_range(3, 0, 3, last, "没有", look.middle)
    sheet.freeze_panes(3, 0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.set_footer("&C&9第 &P 页，共 &N 页")
    sheet.hide_gridlines(2)


def _put(sheet: Worksheet, look: _Look, at: tuple[int, int], value: Any, header: str) -> None:
    if isinstance(value, date):
        sheet.write_datetime(*at, datetime(value.year, value.month, value.day), look.day)
    elif isinstance(value, int):
        sheet.write_number(*at, value, look.whole)
    elif isinstance(value, float | Decimal):
        sheet.write_number(*at, float(value), look.tenth)
    else:
        sheet.write_string(*at, str(value), look.left if header in _LEFT else look.middle)


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, sources: int) -> None:
    """Cells by department: filled, left for a person, not known; the most asking on top."""
    if not sources:
        return
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    headers = [header for header, _ in _SOURCES]
    for name, colour in _COLOURS.items():
        column = headers.index(name)
        chart.add_series(
            {
                "name": ["按部门", 2, column],
                "categories": ["按部门", 3, 0, 2 + sources, 0],
                "values": ["按部门", 3, column, 2 + sources, column],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    chart.set_title({"name": "各部门要求的格数", "name_font": {"size": 12, "bold": False}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E3E7EA"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 120 + 34 * sources})
    sheet.insert_chart(5 + sources, 0, chart)
