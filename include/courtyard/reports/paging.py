"""Page breaks between households, so that no merged cell is cut in two on paper.

Excel and LibreOffice break pages themselves; a break set here a little early keeps a group whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openpyxl.worksheet.worksheet import Worksheet

POINTS_PER_INCH = 72.0
PAGE_INCHES = (11.69, 8.27)  # A4 landscape
CHARACTER_INCHES, COLUMN_PADDING_INCHES = 7 / 96, 5 / 96  # a digit of the default font at 96 dots an inch
FILLED = 0.93  # of a page: renderers differ by a few per cent
DEFAULT_HEIGHT = 15.0
DEFAULT_WIDTH = 8.43
MOST_BREAKS = 1_026  # Excel repairs a sheet that has more; the pages after the last break themselves


@dataclass(frozen=True)
class Page:
    """Points of row height: on a page, above the body on the first one, and repeated on every other."""

    room: float
    above: float
    repeated: float


def page(sheet: Worksheet, header: range, columns: int) -> Page:
    """The page of a form whose `header` rows are repeated, once all columns are scaled to its width."""
    width, height = PAGE_INCHES
    margins = sheet.page_margins
    needed = sum(w * CHARACTER_INCHES + COLUMN_PADDING_INCHES for w in column_widths(sheet, columns))
    scale = min(1.0, (width - margins.left - margins.right) / needed)
    room = (height - margins.top - margins.bottom) * POINTS_PER_INCH / scale * FILLED
    return Page(room, _height(sheet, range(1, header.stop)), _height(sheet, header))


def breaks(of: Page, heights: Sequence[float], groups: Iterable[range]) -> list[int]:
    """The groups' first rows (0-based) before which a page has to end; the groups follow each other."""
    found: list[int] = []
    used = of.above
    for rows in groups:
        height = sum(heights[rows.start : rows.stop])
        if used + height > of.room and len(found) < MOST_BREAKS:
            found.append(rows.start)
            used = of.repeated
        used += height
    return found


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
