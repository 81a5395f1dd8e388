"""The body of a form as rows of the sheet's XML: long rosters are written here, cell objects would take too long."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import ReportSpec
from courtyard.reports import sheet_cells
from courtyard.reports.sheet_cells import ColumnCells, Value

LINE_POINTS = 14.0  # height of one line of 10-point text
LEAST_POINTS = 20.0
_ROWS_AT_ONCE = 4_096

Column = tuple[Value, ...]
Hidden = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Styles:
    """The blank form's styles, one a column: of the body rows and of the last one."""

    body: Sequence[StyleArray]
    last: Sequence[StyleArray]


@dataclass(frozen=True)
class Body:
    """What stands in the rows below the header, by column. `merges` are (column, first row, last row), 0-based."""

    columns: tuple[Column, ...]
    heights: tuple[float, ...]
    groups: tuple[range, ...]
    merges: tuple[tuple[int, int, int], ...]


def lay_out(
    spec: ReportSpec, rows: Sequence[Sequence[Value]], groups: Sequence[str | None], widths: list[float]
) -> Body:
    """Arrange the rows of a form: heights in points, households that stand together, cells that they share."""
    columns = tuple(zip(*rows, strict=True)) or ((),) * len(spec.columns)
    runs: tuple[range, ...] = ()
    if spec.merge_by:
        found = (list(run) for _, run in groupby(range(len(rows)), key=groups.__getitem__))
        runs = tuple(range(run[0], run[-1] + 1) for run in found)
    shared = [i for i, column in enumerate(spec.columns) if column.name in spec.merge_columns]
    merges = tuple(
        (column, run.start, run.stop - 1)
        for run in runs
        if len(run) > 1
        for column in shared
        if len(set(columns[column][run.start : run.stop])) == 1
    )
    return Body(columns, tuple(_heights(columns, len(rows), widths)), runs, merges)


def _heights(columns: Sequence[Column], rows: int, widths: list[float]) -> Iterator[float]:
    """A row is as high as its longest text needs."""
    most = [1] * rows
    for column, width in zip(columns, widths, strict=True):
        if tall := sheet_cells.tall(column, width):
            most = [max(so_far, tall.get(value, 1)) for so_far, value in zip(most, column, strict=True)]
    return (max(LEAST_POINTS, lines * LINE_POINTS + 4) for lines in most)


def xml_rows(sheet: Worksheet, body: Body, first_row: int, styles: Styles) -> Iterator[str]:
    """The `<row>` elements, some thousand at a time; the last one has styles of its own."""
    last = len(body.heights) - 1
    ordinary = [ColumnCells(sheet, style) for style in styles.body]
    hidden = _hidden(body)
    for start in range(0, last, _ROWS_AT_ONCE):
        yield _rows(ordinary, body, first_row, range(start, min(start + _ROWS_AT_ONCE, last)), hidden)
    if last >= 0:
        yield _rows(
            [ColumnCells(sheet, style) for style in styles.last], body, first_row, range(last, last + 1), hidden
        )


def _rows(made: Sequence[ColumnCells], body: Body, first_row: int, rows: range, hidden: Hidden) -> str:
    """The rows of a range (0-based). Plain texts go into the row's pattern as they are, other cells as XML."""
    pattern, parts = ['<row r="%d" ht="%g" customHeight="1">'], []
    numbers = range(first_row + rows.start, first_row + rows.stop)
    for index, (column, cells_of) in enumerate(zip(body.columns, made, strict=True)):
        values: Sequence[Value] = column[rows.start : rows.stop]
        covered = hidden.get(index, ())
        gone = covered[bisect_left(covered, rows.start) : bisect_left(covered, rows.stop)]
        plain = not gone and cells_of.are_plain(values)
        written = values if plain else list(map(cells_of.__getitem__, values))
        for at in gone:
            written[at - rows.start] = cells_of.empty
        pattern.append(f'<c r="{get_column_letter(index + 1)}%d{cells_of.plain if plain else "%s"}')
        parts += [numbers, written]
    template = "".join([*pattern, "</row>"])
    heights = body.heights[rows.start : rows.stop]
    return "".join(map(template.__mod__, zip(numbers, heights, *parts, strict=True)))


def _hidden(body: Body) -> Hidden:
    """The rows of each column that a merged cell covers: only its uppermost keeps its value."""
    found: dict[int, list[int]] = {}
    for column, first, last in body.merges:
        found.setdefault(column, []).extend(range(first + 1, last + 1))
    return found


def merged(body: Body, first_row: int) -> Iterator[str]:
    """References of the merged cells, such as A5:A7."""
    for column, first, last in sorted(body.merges, key=itemgetter(1, 0)):
        letter = get_column_letter(column + 1)
        yield f"{letter}{first_row + first}:{letter}{first_row + last}"
