"""对照表: two revisions of a form beside each other, cell by cell, with the cause. As restricted as the form itself."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from courtyard.period import SHANGHAI
from courtyard.reports.causes import Cause
from courtyard.reports.changes import KINDS, Entry, reasons
from courtyard.reports.content import Value
from courtyard.reports.sheet_cells import lines as lines_in

CREATED = datetime(2025, 1, 1)  # equal content, equal bytes
_COLUMNS = (
    ("序号", 6), ("变动", 11), ("新表单元格", 12), ("原表单元格", 12), ("所在行", 17), ("栏目", 20), ("原内容", 20),
    ("现内容", 20), ("原因", 50),
)  # fmt: skip
_HEADER_ROW = 3
_LINE_POINTS, _PADDING = 13.5, 6.0
_A4 = 9
_TALLEST = 400.0  # points; Excel takes 409


@dataclass(frozen=True)
class About:
    """What is compared: the form's title with its period, and the two revisions with when they were known."""

    title: str
    old_revision: int
    old_known_at: datetime
    new_revision: int
    new_known_at: datetime


def name(title: str, period: str, revision: int) -> str:
    return f"{title}_{period}_r{revision}_对照表.xlsx"


def render(about: About, entries: Sequence[Entry], words: dict[Cause, str]) -> bytes:
    """The sheet as XLSX bytes: values only, the same bytes for the same changes."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": f"{about.title}对照表", "created": CREATED})
    sheet, look = book.add_worksheet("对照表"), _Look(book)
    _head(sheet, look, about, entries)
    for number, entry in enumerate(entries, 1):
        _line(sheet, look, number, (entry, reasons(entry, words)))
    _page(sheet)
    book.close()
    return target.getvalue()


class _Look:
    """The formats of the workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def made(**own: Any) -> Format:
            return book.add_format(
                {"font_name": "宋体", "font_size": 10, "valign": "vcenter", "text_wrap": True, **own}
            )

        self.title = made(font_name="黑体", font_size=16, align="center")
        self.label = made(align="left")
        self.header = made(font_name="黑体", border=1, align="center", bg_color="#F2F2F2")
        self.text = made(border=1, align="left", indent=1, quote_prefix=True)  # stays text, also when it is edited
        self.middle = made(border=1, align="center")
        self._numbers = {
            n: made(border=1, align="right", indent=1, num_format="#,##0" + ("." + "0" * n) * bool(n)) for n in range(7)
        }

    def number(self, value: int | Decimal) -> Format:
        places = -value.as_tuple().exponent if isinstance(value, Decimal) else 0
        return self._numbers[min(max(int(places), 0), 6)]


def _head(sheet: Worksheet, look: _Look, about: About, entries: Sequence[Entry]) -> None:
    last = len(_COLUMNS) - 1
    for index, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(index, index, width)
    sheet.merge_range(0, 0, 0, last, f"{about.title}对照表", look.title)
    sheet.set_row(0, 32)
    sheet.merge_range(
        1, 0, 1, last,
        f"原表：第{about.old_revision}版（数据截至{_moment(about.old_known_at)}）　　"
        f"现表：第{about.new_revision}版（数据截至{_moment(about.new_known_at)}），替代原表。",
        look.label,
    )  # fmt: skip
    counts = Counter(entry.change.kind for entry in entries)
    told = "，".join(f"{title}{counts[kind]}处" for kind, title in KINDS.items() if counts[kind])
    sheet.merge_range(2, 0, 2, last, f"共{len(entries)}处变动：{told}。未列出的单元格没有变动。", look.label)
    sheet.set_row(1, 20)
    sheet.set_row(2, 20)
    for index, (header, _) in enumerate(_COLUMNS):
        sheet.write_string(_HEADER_ROW, index, header, look.header)
    sheet.set_row(_HEADER_ROW, 24)


def _line(sheet: Worksheet, look: _Look, number: int, told: tuple[Entry, str]) -> None:
    entry, why = told
    change, row = entry.change, _HEADER_ROW + number
    cells: tuple[Value, ...] = (
        number, KINDS[change.kind], change.cell, change.old_cell, change.label, change.header, change.before,
        change.after, why,
    )  # fmt: skip
    centred = {0, 1, 2, 3}
    lines = 1
    for index, value in enumerate(cells):
        _put(sheet, look, (row, index), value, look.middle if index in centred else look.text)
        lines = max(lines, lines_in(str(value or ""), _COLUMNS[index][1]))
    sheet.set_row(row, min(_TALLEST, max(20.0, lines * _LINE_POINTS + _PADDING)))


def _put(sheet: Worksheet, look: _Look, at: tuple[int, int], value: Value, style: Format) -> None:
    if value is None or value == "":
        sheet.write_blank(*at, None, style)
    elif isinstance(value, str):
        sheet.write_string(*at, value, style)
    elif at[1] == 0:
        sheet.write_number(*at, value, style)
    else:
        sheet.write_number(*at, float(value), look.number(value))


def _moment(at: datetime) -> str:
    here = at.astimezone(SHANGHAI)
    return f"{here.year}年{here.month}月{here.day}日{here:%H:%M}"


def _page(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
    sheet.repeat_rows(_HEADER_ROW)
    sheet.freeze_panes(_HEADER_ROW + 1, 0)
    sheet.set_footer("&C&9第 &P 页，共 &N 页")
    sheet.hide_gridlines(2)
