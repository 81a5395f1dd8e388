"""A plain blank form from a report's specification: title, metadata line, header, body, notes, footer.

It stands in where a department gave no form of its own, and is how the pack's first forms were laid
out. Rows follow `ReportSpec`: header above `first_row`, then one body row, total, notes and footer.
"""

from __future__ import annotations

import re
from itertools import groupby

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import ReportColumn, ReportSpec

TITLE = Font(name="黑体", size=18)
LABEL = Font(name="宋体", size=10)
HEADER = Font(name="黑体", size=10)
BODY = Font(name="宋体", size=10)
TOTAL = Font(name="宋体", size=10, bold=True)
_LINE = Side(style="thin")
GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="center")
_LONG = 12  # text columns wider than this read better from the left


def header_rows(spec: ReportSpec) -> range:
    """The rows of the header: below the last metadata line above the body."""
    above = [row for row, _ in map(coordinate_to_tuple, spec.metadata) if row < spec.first_row]
    return range(max(above, default=0) + 1, spec.first_row)


def blank_form(spec: ReportSpec) -> Workbook:
    """A workbook with one sheet, ready to be filled: labels stand, their values are missing."""
    book = Workbook()
    sheet = book.active
    sheet.title = spec.title
    for index, column in enumerate(spec.columns, 1):
        sheet.column_dimensions[sheet.cell(1, index).column_letter].width = column.width
    _metadata(sheet, spec)
    _header(sheet, spec)
    _body(sheet, spec)
    _page(sheet, spec)
    return book


def _metadata(sheet: Worksheet, spec: ReportSpec) -> None:
    """Merge each metadata cell up to the next one of its row; the first row is the title."""
    last = len(spec.columns)
    placed = sorted(map(coordinate_to_tuple, spec.metadata))
    for row, cells in groupby(placed, key=lambda cell: cell[0]):
        starts = [column for _, column in cells]
        for start, after in zip(starts, [*starts[1:], last + 1], strict=True):
            if after - 1 > start:
                sheet.merge_cells(start_row=row, start_column=start, end_row=row, end_column=after - 1)
            cell = sheet.cell(row, start)
            cell.value = re.sub(r"\{\w+\}", "", spec.metadata[cell.coordinate])
            cell.font = TITLE if row == 1 else LABEL
            ends = {starts[0]: LEFT} | ({starts[-1]: RIGHT} if row < spec.first_row and len(starts) > 1 else {})
            cell.alignment = CENTRE if row == 1 else ends.get(start, LEFT)
        sheet.row_dimensions[row].height = 32 if row == 1 else 20


def _header(sheet: Worksheet, spec: ReportSpec) -> None:
    rows = header_rows(spec)
    for index, column in enumerate(spec.columns, 1):
        for row in rows:
            cell = sheet.cell(row, index)
            cell.font, cell.alignment, cell.border = HEADER, CENTRE, GRID
        sheet.cell(rows[-1] if column.group else rows[0], index).value = column.header
        if not column.group and len(rows) > 1:
            sheet.merge_cells(start_row=rows[0], start_column=index, end_row=rows[-1], end_column=index)
    for row in rows:
        sheet.row_dimensions[row].height = 30 if len(rows) == 1 else 24
    start = 1
    for group, columns in groupby(spec.columns, key=lambda c: c.group):
        end = start + len(list(columns)) - 1
        if group:
            sheet.cell(rows[0], start).value = group
            sheet.merge_cells(start_row=rows[0], start_column=start, end_row=rows[0], end_column=end)
        start = end + 1


def _body(sheet: Worksheet, spec: ReportSpec) -> None:
    """The body row and the total row, whose styles the filling repeats, and the row of notes."""
    fonts = [BODY, TOTAL] if spec.total_row else [BODY]
    for row, font in enumerate(fonts, spec.first_row):
        for index, column in enumerate(spec.columns, 1):
            cell = sheet.cell(row, index)
            cell.font, cell.border = font, GRID
            cell.number_format = number_format(column)
            prose = column.kind == "text" and column.width > _LONG and not (column.codes or column.sealed) and index > 1
            cell.alignment = LEFT if prose else CENTRE
        sheet.row_dimensions[row].height = 20
    notes = spec.first_row + len(fonts)
    sheet.merge_cells(start_row=notes, start_column=1, end_row=notes, end_column=len(spec.columns))
    sheet.cell(notes, 1).font, sheet.cell(notes, 1).alignment = LABEL, LEFT


def number_format(column: ReportColumn) -> str:
    """Excel's format of a column: text stays text, so that an ID number is never read as a number."""
    if column.kind == "text":
        return "@"
    return "#,##0" + ("." + "0" * column.places if column.places else "")


def _page(sheet: Worksheet, spec: ReportSpec) -> None:
    """A4 landscape, all columns on a page, the header on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_options.horizontalCentered = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom = 0.6, 0.8
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    rows = header_rows(spec)
    sheet.print_title_rows = f"{rows[0]}:{rows[-1]}"
    sheet.oddFooter.center.text = "第 &P 页，共 &N 页"
    sheet.freeze_panes = sheet.cell(spec.first_row, 1)
