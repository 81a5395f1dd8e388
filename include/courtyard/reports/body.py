"""The body of a form as rows of the sheet's XML: long rosters are written here, cell objects would take too long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import ReportSpec
from courtyard.reports import cells
from courtyard.reports.cells import ColumnCells, Value

LINE_POINTS = 14.0  # height of one line of 10-point text
LEAST_POINTS = 20.0
_ROWS_AT_ONCE = 4_096

Column = tuple[Value, ...]


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
        counted = ((text, cells.lines(text, width)) for text in set(column) if isinstance(text, str))
        if tall := {text: lines for text, lines in counted if lines > 1}:
            most = [max(so_far, tall.get(value, 1)) for so_far, value in zip(most, column, strict=True)]
    return (max(LEAST_POINTS, lines * LINE_POINTS + 4) for lines in most)


def xml_rows(sheet: Worksheet, body: Body, first_row: int, styles: Styles) -> Iterator[str]:
    """The `<row>` elements, some thousand at a time."""
    count = len(body.heights)
    written = [_column(sheet, body, index, styles) for index in range(len(body.columns))]
    letters = [get_column_letter(index) for index in range(1, len(written) + 1)]
    template = "".join(['<row r="%d" ht="%g" customHeight="1">', *(f'<c r="{at}%d%s' for at in letters), "</row>"])
    numbers = range(first_row, first_row + count)
    placed = [part for column in written for part in (numbers, column)]
    made = map(template.__mod__, zip(numbers, body.heights, *placed, strict=True))
    while rows := "".join(row for _, row in zip(range(_ROWS_AT_ONCE), made, strict=False)):
        yield rows


def _column(sheet: Worksheet, body: Body, index: int, styles: Styles) -> list[str]:
    """One column's cells; of cells that are merged only the uppermost keeps its value."""
    values = body.columns[index]
    ordinary = ColumnCells(sheet, styles.body[index])
    written = list(map(ordinary.__getitem__, values[:-1]))
    written += [ColumnCells(sheet, styles.last[index])[value] for value in values[-1:]]
    for _, first, last in filter(lambda merge: merge[0] == index, body.merges):
        written[first + 1 : last + 1] = [ordinary.empty] * (last - first)
    return written


def merged(body: Body, first_row: int) -> Iterator[str]:
    """References of the merged cells, such as A5:A7."""
    for column, first, last in sorted(body.merges, key=itemgetter(1, 0)):
        letter = get_column_letter(column + 1)
        yield f"{letter}{first_row + first}:{letter}{first_row + last}"
