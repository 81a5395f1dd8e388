"""The renderer that wrote every cell through openpyxl: slow, and what the fast one must equal cell by cell."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from operator import itemgetter

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.reports.blank import header_rows
from courtyard.reports.content import Content, Value
from courtyard.reports.paging import (
    CHARACTER_INCHES,
    COLUMN_PADDING_INCHES,
    DEFAULT_HEIGHT,
    FILLED,
    PAGE_INCHES,
    POINTS_PER_INCH,
    column_widths,
)

LINE_POINTS = 14.0  # height of one line of 10-point text
USABLE = 0.87  # of a column's width, before its text wraps: fonts differ
FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "＝")


@dataclass(frozen=True)
class _Tail:
    """What stands below the body of the blank form and moves down with it."""

    cells: tuple[tuple[int, int, object, object], ...]  # row, column, value, style
    merges: tuple[tuple[int, int, int, int], ...]  # first column, first row, last column, last row
    heights: dict[int, float | None]


def render(ctx: Context, spec: ReportSpec, content: Content) -> Workbook:
    """The filled form."""
    book = load_workbook(ctx.settings.district_path / "reports" / "forms" / str(spec.form))
    sheet = book.active
    notes_row = spec.first_row + 1 + spec.total_row
    styles = [_styles(sheet, spec, spec.first_row), _styles(sheet, spec, notes_row - 1)]
    tail = _cut(sheet, notes_row)
    widths = column_widths(sheet, len(spec.columns))
    for index, values in enumerate(content.rows):
        is_last = index == len(content.rows) - 1
        _fill(sheet, spec.first_row + index, values, styles[spec.total_row and is_last], widths)
    _merge_groups(sheet, spec, content)
    shift = _place_tail(sheet, spec, content, tail, sum(widths))
    for where, text in content.metadata.items():
        row, column = coordinate_to_tuple(where)
        _write(sheet.cell(row + (shift if row >= spec.first_row else 0), column), text)
    return book


def form_row(spec: ReportSpec, index: int) -> int:
    """The 1-based sheet row of a 0-based body row."""
    return spec.first_row + index


def _styles(sheet: Worksheet, spec: ReportSpec, row: int) -> list[object]:
    return [copy(sheet.cell(row, index)._style) for index in range(1, len(spec.columns) + 1)]


def _cut(sheet: Worksheet, first: int) -> _Tail:
    """Take the rows from `first` on off the sheet."""
    merges = [r.bounds for r in sheet.merged_cells.ranges if r.min_row >= first]
    for left, top, right, bottom in merges:
        sheet.unmerge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    cells = [
        (cell.row, cell.column, cell.value, copy(cell._style))
        for row in sheet.iter_rows(min_row=first)
        for cell in row
        if cell.has_style or cell.value is not None
    ]
    heights = {row: sheet.row_dimensions[row].height for row in range(first, sheet.max_row + 1)}
    sheet.delete_rows(first, max(sheet.max_row - first + 1, 1))
    for row in heights:
        sheet.row_dimensions[row].height = None
    return _Tail(tuple(cells), tuple(merges), heights)


def _fill(sheet: Worksheet, row: int, values: tuple[Value, ...], styles: list[object], widths: list[float]) -> None:
    lines = 1
    for index, (value, style) in enumerate(zip(values, styles, strict=True)):
        cell = sheet.cell(row, index + 1)
        cell._style = copy(style)
        _write(cell, value)
        if isinstance(value, str):
            lines = max(lines, _lines(value, widths[index]))
    sheet.row_dimensions[row].height = max(20.0, lines * LINE_POINTS + 4)


def _write(cell: Cell, value: Value) -> None:
    """A value, never a formula: text that looks like one stays text, also when the cell is edited."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(FORMULA_START):
            cell.quotePrefix = True


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Han character is two wide."""
    return sum(max(1, ceil(display_width(part) / (width * USABLE))) for part in text.split("\n"))


def display_width(text: str) -> int:
    """Columns of a fixed-width font."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _merge_groups(sheet: Worksheet, spec: ReportSpec, content: Content) -> None:
    """Merge a household's cells over its rows, in each column as far as the values are equal."""
    if not spec.merge_by:
        return
    columns = [i for i, column in enumerate(spec.columns) if column.name in spec.merge_columns]
    groups = [[i for i, _ in found] for _, found in groupby(enumerate(content.groups), key=itemgetter(1))]
    for indexes in groups:
        top, bottom = form_row(spec, indexes[0]), form_row(spec, indexes[-1])
        for column in columns:
            if bottom > top and len({content.rows[i][column] for i in indexes}) == 1:
                for row in range(top + 1, bottom + 1):
                    sheet.cell(row, column + 1).value = None
                # every cell has its border already; merge_cells would restyle each and compare all ranges
                sheet.merged_cells.ranges.add(CellRange(None, column + 1, top, column + 1, bottom))
    rows = [range(form_row(spec, indexes[0]), form_row(spec, indexes[-1]) + 1) for indexes in groups]
    _keep_together(sheet, rows, header_rows(spec), len(spec.columns))


def _place_tail(sheet: Worksheet, spec: ReportSpec, content: Content, tail: _Tail, width: float) -> int:
    """Put notes and footer below the body; returns by how many rows the footer moved down."""
    notes_row = spec.first_row + 1 + spec.total_row
    first_note = spec.first_row + len(content.rows)
    notes = [f"注：{note}" for note in content.notes] or [""]
    note_style = next((style for row, column, _, style in tail.cells if (row, column) == (notes_row, 1)), None)
    for row, note in enumerate(notes, first_note):
        cell = sheet.cell(row, 1)
        if note_style is not None:
            cell._style = copy(note_style)
        _write(cell, note)
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=len(spec.columns))
        sheet.row_dimensions[row].height = _lines(note, width) * LINE_POINTS + 4
    shift = first_note + len(notes) - 1 - notes_row
    for row, column, value, style in tail.cells:
        if row > notes_row:
            cell = sheet.cell(row + shift, column)
            cell._style = copy(style)
            _write(cell, value)
    for left, top, right, bottom in tail.merges:
        if top > notes_row:
            sheet.merge_cells(start_row=top + shift, start_column=left, end_row=bottom + shift, end_column=right)
    for row, height in tail.heights.items():
        if row > notes_row:
            sheet.row_dimensions[row + shift].height = height
    return shift


def _keep_together(sheet: Worksheet, groups: Iterable[range], header: range, columns: int) -> None:
    """Break before a group of rows that would not fit on the page; `header` is repeated on every page."""
    repeated = _height(sheet, header)
    room = _room(sheet, columns)
    used = _height(sheet, range(1, header.stop))
    for rows in groups:
        height = _height(sheet, rows)
        if used + height > room:
            sheet.row_breaks.append(Break(id=rows.start - 1))
            used = repeated
        used += height


def _room(sheet: Worksheet, columns: int) -> float:
    """Points of row height on a page, once all columns are scaled to its width."""
    width, height = PAGE_INCHES
    margins = sheet.page_margins
    needed = sum(w * CHARACTER_INCHES + COLUMN_PADDING_INCHES for w in column_widths(sheet, columns))
    scale = min(1.0, (width - margins.left - margins.right) / needed)
    return (height - margins.top - margins.bottom) * POINTS_PER_INCH / scale * FILLED


def _height(sheet: Worksheet, rows: range) -> float:
    return sum(sheet.row_dimensions[row].height or DEFAULT_HEIGHT for row in rows)
