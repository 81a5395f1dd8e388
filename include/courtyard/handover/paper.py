"""The pack as a workbook to print: a cover to be signed, then one sheet a table, A4 across."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import District
from courtyard.handover.holding import Turn
from courtyard.handover.tables import Table
from courtyard.submissions.workbook_look import A4, LINE_POINTS, PADDING_POINTS, lines

MARK = "内部资料　注意保管"
CREATED = datetime(2025, 1, 1)  # equal content, equal bytes
_INK, _LINE, _HEAD = "#1F2D3D", "#A6A6A6", "#DCE9F5"
_COVER = (16.0, 26.0, 16.0, 34.0)


class _Look:
    """The formats of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        def made(**own: Any) -> Format:
            return book.add_format({"font_name": "宋体", "font_size": 10, "valign": "vcenter", "color": _INK, **own})

        boxed = {"border": 1, "border_color": _LINE, "text_wrap": True}
        self.title = made(font_name="黑体", font_size=20, align="center")
        self.heading = made(font_name="黑体", font_size=12)
        self.mark = made(font_name="黑体", font_size=11, color="#B00020", align="right")
        self.sheet_title = made(font_name="黑体", font_size=15, align="center")
        self.note = made(color="#5B6770", text_wrap=True)
        self.label = made(**boxed, font_name="黑体", bg_color=_HEAD, align="center")
        self.text = made(**boxed, indent=1)
        self.middle = made(**boxed, align="center")
        self.day = made(**boxed, align="center", num_format="yyyy-mm-dd")
        self.late = made(**boxed, align="center", color="#B00020")


def book(district: District, turn: Turn, on: date, tables: list[Table]) -> bytes:
    """The workbook's bytes; equal content gives equal bytes."""
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    made.set_properties({"title": f"{turn.unit.name}{turn.post}工作交接单", "created": CREATED})
    look = _Look(made)
    _cover(made.add_worksheet("封面"), look, (district, turn, on), tables)
    for table in tables:
        _sheet(made.add_worksheet(table.title), look, f"{turn.unit.name}{turn.post}", table)
    made.close()
    return target.getvalue()


def _cover(sheet: Worksheet, look: _Look, about: tuple[District, Turn, date], tables: list[Table]) -> None:
    district, turn, on = about
    last = len(_COVER) - 1
    for column, width in enumerate(_COVER):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, last, MARK, look.mark)
    sheet.merge_range(1, 0, 1, last, district.office.short_name, look.sheet_title)
    sheet.merge_range(2, 0, 2, last, "岗位工作交接单", look.title)
    sheet.set_row(1, 34)
    sheet.set_row(2, 40)
    facts = (
        ("单位", f"{turn.unit.name}（{turn.unit.code}）", "岗位", turn.post),
        ("移交人", turn.left or "（首任，无移交人）", "接任人", turn.came or "（岗位空缺）"),
        ("交接日", str(turn.day), "内容截至", str(on)),
    )
    for row, cells in enumerate(facts, 4):
        sheet.set_row(row, 26)
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text, look.middle if column % 2 else look.label)
    row = _contents(sheet, look, tables, 8)
    _signatures(sheet, look, row + 1)
    _page(sheet)
    sheet.set_portrait()
    sheet.set_header("")
    sheet.activate()


def _contents(sheet: Worksheet, look: _Look, tables: list[Table], row: int) -> int:
    """What is inside, with counts; returns the row below."""
    last = len(_COVER) - 1
    sheet.write_string(row, 0, "交接内容", look.heading)
    sheet.set_row(row, 24)
    row += 1
    for number, table in enumerate(tables, 1):
        told = "；".join(f"{name}{'：' if count else ''}{count}" for name, count in table.counts) or "没有"
        sheet.write_string(row, 0, f"{number}. {table.title}", look.label)
        sheet.write_string(row, 1, f"共{len(table.rows)}条", look.middle)
        sheet.merge_range(row, 2, row, last, told, look.text)
        sheet.set_row(row, max(26, lines(told, sum(_COVER[2:])) * LINE_POINTS + PADDING_POINTS + 4))
        row += 1
    return row


def _signatures(sheet: Worksheet, look: _Look, row: int) -> None:
    last = len(_COVER) - 1
    sheet.write_string(row, 0, "签字确认", look.heading)
    sheet.set_row(row, 24)
    for number, role in enumerate(("移交人", "接任人", "监交人"), row + 1):
        sheet.write_string(number, 0, role, look.label)
        sheet.write_blank(number, 1, None, look.text)
        sheet.write_string(number, 2, "日期", look.label)
        sheet.write_string(number, 3, "　　　　年　　月　　日", look.middle)
        sheet.set_row(number, 34)
    told = (
        "岗位上的事随岗位走，不随人走。接任人从交接日起负责以上各项；未办结事项已转到“现由谁负责”一栏所列的岗位。"
        "本件含个人信息，只供本岗位工作使用，不得复制、外传，离岗时交回。"
    )
    sheet.merge_range(row + 5, 0, row + 5, last, told, look.note)
    sheet.set_row(row + 5, lines(told, sum(_COVER)) * LINE_POINTS + PADDING_POINTS)


def _sheet(sheet: Worksheet, look: _Look, whose: str, table: Table) -> None:
    last = len(table.columns) - 1
    for column, (_, width, _) in enumerate(table.columns):
        sheet.set_column(column, column, width)
    sheet.merge_range(0, 0, 0, last, f"{whose}交接：{table.title}", look.sheet_title)
    sheet.set_row(0, 30)
    counted = "；".join(f"{name}{count}" for name, count in table.counts)
    sheet.merge_range(1, 0, 1, last, f"{table.note}{counted + '。' if counted else ''}", look.note)
    sheet.set_row(1, 18 * lines(table.note + counted, sum(width for _, width, _ in table.columns)))
    for column, (header, _, _) in enumerate(table.columns):
        sheet.write_string(2, column, header, look.label)
    sheet.set_row(2, 24)
    for row, cells in enumerate(table.rows, 3):
        for column, value in enumerate(cells):
            _put(sheet, look, (row, column), value, table.columns[column])
        widths = zip(cells, table.columns, strict=True)
        most = max(lines(str(value or ""), width) for value, (_, width, _) in widths)
        sheet.set_row(row, max(20, most * LINE_POINTS + PADDING_POINTS))
    if not table.rows:
        sheet.merge_range(3, 0, 3, last, "没有", look.middle)
        sheet.set_row(3, 24)
    sheet.freeze_panes(3, 0)
    _page(sheet)
    sheet.repeat_rows(2)


def _put(sheet: Worksheet, look: _Look, at: tuple[int, int], value: Any, column: tuple[str, float, bool]) -> None:
    header, _, is_centred = column
    style = look.late if header == "是否逾期" and value else look.middle if is_centred else look.text
    if value is None or value == "":
        sheet.write_blank(*at, None, style)
    elif isinstance(value, date):
        sheet.write_datetime(*at, datetime(value.year, value.month, value.day), look.day)
    elif isinstance(value, int):
        sheet.write_number(*at, value, style)
    else:
        sheet.write_string(*at, str(value), style)


def _page(sheet: Worksheet) -> None:
    """A4 across, all columns on one page, the header on each, marked on each."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
    sheet.set_header('&R&"黑体"&9内部资料')
    sheet.set_footer("&C&9第 &P 页，共 &N 页&R&9&A")
    sheet.hide_gridlines(2)
