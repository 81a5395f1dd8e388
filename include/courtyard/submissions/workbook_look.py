"""How an issued workbook looks: formats, widths that fit Chinese text, the page, and what each column asks for."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import Column

LINE_POINTS, PADDING_POINTS = 14.0, 6.0
USABLE = 0.87  # of a column's width before its text wraps: fonts differ
A4, LANDSCAPE_INCHES = 9, 10.9
_GREY, _LINE, _INK = "#EDEDED", "#A6A6A6", "#1F2D3D"
_REQUIRED, _OPTIONAL, _ASKED, _CHANGED = "#1F5C99", "#DCE9F5", "#FFF4CC", "#FFF9E5"

# The narrowest and the widest that a column may be, in characters of the default font.
_WIDTHS: dict[str, tuple[float, float]] = {
    "id_number": (22, 22), "disability_no": (24, 24), "phone": (14, 27), "date": (12.5, 12.5), "address": (24, 38),
    "person_name": (10, 16), "integer": (7, 9), "decimal": (10, 12), "age": (7, 9), "yes_no": (9, 11),
    "code": (9, 16), "text": (9, 22),
}  # fmt: skip
_DATES = {
    "day": "写成 2026-07-15，要写到日。",
    "month": "写成 2026-07 或 2026-07-15，至少写到月。",
    "year": "写成 2026-07-15；只知道年月的写 2026-07。",
}
_LONGEST_MESSAGE = 255  # of Excel
_MESSAGES = {
    "id_number": "18位，照证件填写；没有的空着。",
    "phone": "手机11位或带区号的座机；有两个用顿号“、”隔开；没有的空着。",
    "address": "写到楼栋、单元、房号，如：四道街4号院3栋2单元501。",
    "person_name": "照证件上的姓名填写，中间不加空格。",
    "integer": "填整数，不写单位。",
    "code": "点右边的箭头选择。",
    "yes_no": "点右边的箭头选“是”或“否”；不清楚的空着。",
}


@dataclass(frozen=True)
class Look:
    """The formats of one workbook. `entry` cells are white and open, `locked` ones grey."""

    title: Format
    heading: Format
    note: Format
    label: Format
    required: Format
    optional: Format
    entry: Format
    number: Format
    beyond: Format
    beyond_number: Format
    locked: Format
    put_away: Format
    asked: Format
    changed: Format

    @classmethod
    def of(cls, book: xlsxwriter.Workbook) -> Look:
        def made(**own: Any) -> Format:
            return book.add_format({"font_name": "宋体", "font_size": 10, "valign": "vcenter", "color": _INK, **own})

        boxed = {"border": 1, "border_color": _LINE}
        head = {**boxed, "font_name": "黑体", "bold": True, "align": "center", "text_wrap": True}
        text = {"num_format": "@", "locked": False}
        body = {**boxed, **text, "text_wrap": True}
        return cls(
            title=made(font_name="黑体", font_size=16, align="center"),
            heading=made(font_name="黑体", font_size=11, bold=True),
            note=made(text_wrap=True),
            label=made(align="right", text_wrap=True),
            required=made(**head, bg_color=_REQUIRED, font_color="#FFFFFF"),
            optional=made(**head, bg_color=_OPTIONAL),
            entry=made(**body),
            number=made(**{**body, "num_format": "0", "align": "center"}),
            beyond=made(**text),
            beyond_number=made(num_format="0", locked=False),
            locked=made(**boxed, num_format="@", text_wrap=True, bg_color=_GREY),
            put_away=made(num_format="@"),
            asked=made(**{**body, "bg_color": _ASKED, "align": "center"}),
            changed=book.add_format({"bg_color": _CHANGED}),
        )

    def of_column(self, column: Column, is_boxed: bool = True) -> Format:
        """An entry cell's format: text everywhere but in counts, so that Excel changes no ID number or date."""
        is_number = column.type in ("integer", "decimal")
        if is_boxed:
            return self.number if is_number else self.entry
        return self.beyond_number if is_number else self.beyond


def display_width(text: str) -> int:
    """Columns of a fixed-width font; a Han character is two wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def width_of(column: Column, values: Iterable[Any], labels: Iterable[str] = ()) -> float:
    """A column wide enough for half its header, its dropdown and, within bounds, its values."""
    least, most = _WIDTHS.get(column.type, _WIDTHS["text"])
    if column.role == "courtyard_name":
        least, most = 16, 24
    header = display_width(column.header)
    needed = max((display_width(str(v)) for v in [*values, *labels]), default=0) / USABLE + 1.5
    return round(max(least, (header if header <= 8 else header / 2) + 2.5, min(needed, most)), 1)


def height_of(cells: Iterable[tuple[Any, float]]) -> float:
    """A row high enough for the cell that wraps most, from (value, width)."""
    return max([1, *(lines(str(value), width) for value, width in cells)]) * LINE_POINTS + PADDING_POINTS


def lines(text: str, width: float) -> int:
    return sum(max(1, ceil(display_width(part) / (width * USABLE))) for part in text.split("\n"))


def message_of(column: Column) -> str:
    """What appears beside a cell of this column while it is entered: what it means, and how to write it."""
    means = f"{column.definition}。" if column.definition else ""
    return (means + (_DATES[column.precision] if column.type == "date" else _MESSAGES.get(column.type, "")))[
        :_LONGEST_MESSAGE
    ]


def page(sheet: Worksheet, last_column: int, repeat: int | None = None) -> None:
    """A4 landscape, all columns on one page, the header (1-based row) on each."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.7)
    sheet.set_footer("&C第 &P 页，共 &N 页&R&A")
    sheet.hide_gridlines(2)
    if repeat:
        sheet.repeat_rows(repeat - 1)


def protect(sheet: Worksheet) -> None:
    """Locked without a password. Sorting stays off: Excel would leave the hidden 系统编号 where it stands."""
    allowed = ("insert_rows", "autofilter", "format_cells", "format_columns", "format_rows")
    sheet.protect("", dict.fromkeys(allowed, True))
