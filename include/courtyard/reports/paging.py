"""Page breaks between households, so that no merged cell is cut in two on paper.

Excel and LibreOffice break pages themselves; a break set here a little early keeps a group whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

POINTS_PER_INCH = 72.0
PAGE_INCHES = (11.69, 8.27)  # A4 landscape
CHARACTER_INCHES, COLUMN_PADDING_INCHES = 7 / 96, 5 / 96  # a digit of the default font at 96 dots an inch
FILLED = 0.93  # of a page: renderers differ by a few per cent
DEFAULT_HEIGHT = 15.0
DEFAULT_WIDTH = 8.43


def keep_together(sheet: Worksheet, groups: Iterable[range], header: range, columns: int) -> None:
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


def column_widths(sheet: Worksheet, columns: int) -> list[float]:
    """The widths of the first columns in characters; Excel writes neighbours of one width as one entry."""
    widths = [DEFAULT_WIDTH] * columns
    for found in sheet.column_dimensions.values():
        found.reindex()  # a sheet that was never saved has no numbers in its entries yet
        for index in range(found.min, min(found.max, columns) + 1):
            widths[index - 1] = found.width
    return widths


def _height(sheet: Worksheet, rows: range) -> float:
    return sum(sheet.row_dimensions[row].height or DEFAULT_HEIGHT for row in rows)
