"""Filling a blank form: values only, the form's own styles, the same bytes for the same content.

openpyxl prepares title, header, metadata, notes and footer on the blank form; the body is written as XML
(`body`), since a roster of the whole street has more than a million cells.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import HeldError
from courtyard.reports import body, charts, package, paging, sheet_cells
from courtyard.reports.blank import header_rows
from courtyard.reports.content import Content
from courtyard.reports.opening import open_form

MOST_ROWS = 1_048_576  # of an Excel sheet
NOTHING = "本期无数据。"


@dataclass(frozen=True)
class _Tail:
    """What stands below the body of the blank form and moves down with it."""

    cells: tuple[tuple[int, int, object, StyleArray], ...]  # row, column, value, style
    merges: tuple[tuple[int, int, int, int], ...]  # first column, first row, last column, last row
    heights: dict[int, float | None]


def render(ctx: Context, spec: ReportSpec, content: Content) -> bytes:
    """The filled form as XLSX bytes.

    PackError when the blank form is not the one the report describes, HeldError when a sheet cannot hold the rows.
    """
    sheet = open_form(ctx, spec).active
    notes_row = spec.first_row + 1 + spec.total_row
    styles = body.Styles(_styles(sheet, spec, spec.first_row), _styles(sheet, spec, notes_row - 1))
    tail = _cut(sheet, spec.first_row, notes_row)
    if (last := spec.first_row + len(content.rows) + len(content.notes) + len(tail.heights)) > MOST_ROWS:
        raise HeldError(
            f"表体有 {len(content.rows)} 行，一张工作表放不下（共需 {last} 行）。", "请按社区等分成几张报表。"
        )
    widths = paging.column_widths(sheet, len(spec.columns))
    laid_out = body.lay_out(spec, content.rows, content.groups, widths)
    shift = _place_tail(sheet, spec, content, tail, sum(widths))
    for where, text in content.metadata.items():
        row, column = coordinate_to_tuple(where)
        sheet_cells.write(sheet.cell(row + (shift if row >= spec.first_row else 0), column), text)
    page = paging.page(sheet, header_rows(spec), len(spec.columns))
    breaks = paging.breaks(page, laid_out.heights, laid_out.groups)
    sheet.row_breaks.brk = [Break(id=form_row(spec, index) - 1) for index in breaks]
    _lengthen_print_area(sheet, spec.first_row, shift)
    charts.add(sheet, spec, content, shift)
    rows = body.xml_rows(sheet, laid_out, spec.first_row, styles)
    return package.pack(sheet, spec.first_row, rows, body.merged(laid_out, spec.first_row))


def form_row(spec: ReportSpec, index: int) -> int:
    """The 1-based sheet row of a 0-based body row."""
    return spec.first_row + index


def _lengthen_print_area(sheet: Worksheet, first_row: int, shift: int) -> None:
    """A print area that the department set around its blank form takes in the rows that came."""
    areas = [CellRange(area) for area in sheet.print_area.split(",")] if sheet.print_area else []
    for area in areas:
        if area.max_row >= first_row:
            area.expand(down=max(shift, first_row - area.max_row))
    if areas:
        sheet.print_area = ",".join(area.coord for area in areas)


def _styles(sheet: Worksheet, spec: ReportSpec, row: int) -> list[StyleArray]:
    return [copy(sheet.cell(row, index)._style) for index in range(1, len(spec.columns) + 1)]


def _cut(sheet: Worksheet, first_row: int, notes_row: int) -> _Tail:
    """Take the body rows and all below them off the sheet; the rows from `notes_row` on are kept for later."""
    merges = [r.bounds for r in sheet.merged_cells.ranges if r.min_row >= first_row]
    for left, top, right, bottom in merges:
        sheet.unmerge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    kept = [
        (cell.row, cell.column, cell.value, copy(cell._style))
        for row in sheet.iter_rows(min_row=notes_row)
        for cell in row
        if cell.has_style or cell.value is not None
    ]
    rows = range(first_row, sheet.max_row + 1)
    heights = {row: sheet.row_dimensions[row].height for row in rows if row >= notes_row}
    sheet.delete_rows(first_row, max(len(rows), 1))
    for row in rows:
        sheet.row_dimensions.pop(row, None)
    return _Tail(tuple(kept), tuple(m for m in merges if m[1] >= notes_row), heights)


def _place_tail(sheet: Worksheet, spec: ReportSpec, content: Content, tail: _Tail, width: float) -> int:
    """Put notes and footer below the body; returns by how many rows the footer moved down."""
    notes_row = spec.first_row + 1 + spec.total_row
    first_note = spec.first_row + len(content.rows)
    nothing = () if content.rows else (NOTHING,)
    notes = [f"注：{note}" for note in content.notes or nothing] or [""]
    note_style = next((style for row, column, _, style in tail.cells if (row, column) == (notes_row, 1)), None)
    for row, note in enumerate(notes, first_note):
        cell = sheet.cell(row, 1)
        if note_style is not None:
            cell._style = copy(note_style)
        sheet_cells.write(cell, note)
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(spec.columns))
        sheet.row_dimensions[row].height = sheet_cells.lines(note, width) * body.LINE_POINTS + 4
    shift = first_note + len(notes) - 1 - notes_row
    for row, column, value, style in tail.cells:
        if row > notes_row:
            cell = sheet.cell(row + shift, column)
            cell._style = copy(style)
            if isinstance(value, str):
                sheet_cells.write(cell, value)
            else:
                cell.value = value
    for left, top, right, bottom in tail.merges:
        if top > notes_row:
            sheet.merge_cells(start_row=top + shift, start_column=left, end_row=bottom + shift, end_column=right)
    for row, height in tail.heights.items():
        if row > notes_row:
            sheet.row_dimensions[row + shift].height = height
    return shift
