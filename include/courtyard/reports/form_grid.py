"""A published form as a grid of cells for a screen: one page of its rows, read from the file without loading it.

A roster of the whole street is more than a hundred megabytes of XML: it streams by, and only the rows that are shown are
looked at. Files are those that `form` writes (texts stand in their cells).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from lxml import etree
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string

from courtyard.errors import HeldError
from courtyard.reports.paging import DEFAULT_WIDTH

ROWS = 100  # of the body on a page
_LOOKED_BACK = 60  # rows above a page, in which a merged cell that reaches into it begins
_CHUNK = 1 << 20
_SHEET, _STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
_MERGE = re.compile(rb'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_COLUMN = re.compile(rb"<col [^>]*>")
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
_FROZEN = re.compile(rb'<pane[^>]* ySplit="(\d+)"')
_NUMBER = re.compile(r"^(#,##)?0(?:\.(0+))?(%?)$")
_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%"}
_NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Merge = tuple[int, int, int, int]  # first column, first row, last column, last row


@dataclass(frozen=True)
class GridCell:
    """A cell that is shown, by its name in the sheet (of a merged cell that begins on a former page: the first one here)."""

    name: str
    text: str
    align: str
    columns: int = 1
    rows: int = 1


@dataclass(frozen=True)
class GridRow:
    number: int
    cells: tuple[GridCell, ...]
    is_heading: bool


@dataclass(frozen=True)
class Grid:
    """Title, heading and one page of the body; the last page has the notes and the footer too. `widths` in characters."""

    widths: tuple[float, ...]
    rows: tuple[GridRow, ...]
    page: int
    pages: int


@dataclass(frozen=True)
class _Style:
    code: str
    align: str


def read(form: Path, first_row: int, body_rows: int, page: int = 1) -> Grid:
    """A page of a form, 1 the first; one that is not there shows the nearest. HeldError when the file is gone or damaged.

    `body_rows` is how many rows the table has; 0 shows all of a short form on one page.
    """
    pages = max(1, -(-body_rows // ROWS))
    page = min(max(1, page), pages)
    try:
        with zipfile.ZipFile(form) as packed:
            styles = _styles(packed.read(_STYLES))
            with packed.open(_SHEET) as file:
                return _grid(_Stream(iter(lambda: file.read(_CHUNK), b"")), styles, first_row, (page, pages))
    except (OSError, KeyError, zipfile.BadZipFile, etree.XMLSyntaxError):
        raise HeldError("这一版的文件缺失或损坏，不能显示。", "请运行该季度把它恢复，或从备份恢复。") from None


class _Stream:
    """Bytes that go by once; what was not asked for is let go."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._buffer = chunks, b""

    def until(self, mark: bytes, keep: int | None = None) -> bytes:
        """What stands before the next `mark`, or before the end; of it the last `keep` bytes where given."""
        kept: list[bytes] = []
        size = 0
        while (at := self._buffer.find(mark)) < 0:
            cut = max(0, len(self._buffer) - len(mark) + 1)
            kept.append(self._buffer[:cut])
            size += cut
            while keep is not None and len(kept) > 1 and size - len(kept[0]) >= keep:
                size -= len(kept.pop(0))
            if not (more := next(self._chunks, b"")):
                at = len(self._buffer)
                kept.append(self._buffer[cut:])
                self._buffer = b""
                return b"".join(kept)[-keep if keep else 0 :]
            self._buffer = self._buffer[cut:] + more
        kept.append(self._buffer[:at])
        self._buffer = self._buffer[at:]
        return b"".join(kept)[-keep if keep else 0 :]


def _grid(stream: _Stream, styles: list[_Style], first_row: int, which: tuple[int, int]) -> Grid:
    page, pages = which
    head = stream.until(b"<sheetData")
    if frozen := _FROZEN.search(head):
        first_row = int(frozen[1]) + 1
    start, stop = first_row + (page - 1) * ROWS, first_row + page * ROWS
    found = stream.until(b'<row r="%d"' % first_row)
    back = max(first_row, start - _LOOKED_BACK)
    stream.until(b'<row r="%d"' % back, keep=1)
    found += stream.until(b"</sheetData>" if page == pages else b'<row r="%d"' % stop)
    stream.until(b"</sheetData>", keep=1)
    values = _values(found, styles)
    shown = [row for row in values if row < first_row or row >= start]
    widths = _widths(head, max((column for row in values.values() for column in row), default=1))
    merges = [
        _clipped(merge, first_row, start, stop if page < pages else None) for merge in _merges(stream.until(b"\0"))
    ]
    rows = _rows(values, shown, [merge for merge in merges if merge], len(widths), first_row)
    return Grid(widths, rows, page, pages)


def _styles(xml: bytes) -> list[_Style]:
    """Number format and alignment of each cell format."""
    root = etree.fromstring(xml)
    codes = dict(_BUILT_IN)
    codes.update((int(found.get("numFmtId")), found.get("formatCode", "")) for found in root.iter(f"{_NS}numFmt"))
    found = []
    for look in root.iterfind(f"{_NS}cellXfs/{_NS}xf"):
        alignment = look.find(f"{_NS}alignment")
        align = alignment.get("horizontal", "") if alignment is not None else ""
        found.append(_Style(codes.get(int(look.get("numFmtId", "0")), ""), align))
    return found


def _widths(head: bytes, columns: int) -> tuple[float, ...]:
    widths = [DEFAULT_WIDTH] * columns
    for tag in _COLUMN.findall(head):
        said = dict(_ATTRIBUTE.findall(tag))
        for index in range(int(said[b"min"]), min(int(said[b"max"]), columns) + 1):
            widths[index - 1] = float(said.get(b"width", DEFAULT_WIDTH))
    return tuple(widths)


def _values(xml: bytes, styles: list[_Style]) -> dict[int, dict[int, tuple[str, str]]]:
    """(text, alignment) of each cell by row and column."""
    body = xml[xml.index(b"<row") :] if b"<row" in xml else b""
    root = etree.fromstring(b"<sheetData>" + body + b"</sheetData>")
    found: dict[int, dict[int, tuple[str, str]]] = {}
    for row in root:
        cells = found.setdefault(int(row.get("r")), {})
        for cell in row:
            letters, _ = coordinate_from_string(cell.get("r"))
            look = int(cell.get("s", "0"))
            style = styles[look] if look < len(styles) else _Style("", "")
            cells[column_index_from_string(letters)] = _text(cell, style.code), style.align
    return found


def _text(cell: etree._Element, code: str) -> str:
    if cell.get("t") in ("inlineStr", "str"):
        return "".join(cell.itertext())
    value = cell.findtext("v")
    if not value:
        return ""
    number, how = Decimal(value), _NUMBER.match(code)
    if how is None:
        return value
    thousands, places, percent = how.groups()
    return f"{number * 100 if percent else number:{',' if thousands else ''}.{len(places or '')}f}{percent}"


def _merges(tail: bytes) -> Iterator[Merge]:
    for left, top, right, bottom in _MERGE.findall(tail):
        yield (
            column_index_from_string(left.decode()),
            int(top),
            column_index_from_string(right.decode()),
            int(bottom),
        )


def _clipped(merge: Merge, first_row: int, start: int, stop: int | None) -> tuple[Merge, int] | None:
    """The part of a merged cell that is on the page, with the row that holds its value; None where there is none."""
    left, top, right, bottom = merge
    if bottom < first_row:
        return merge, top
    clipped_top = max(top, start)
    clipped_bottom = bottom if stop is None else min(bottom, stop - 1)
    return ((left, clipped_top, right, clipped_bottom), top) if clipped_top <= clipped_bottom else None


def _rows(
    values: dict[int, dict[int, tuple[str, str]]],
    shown: list[int],
    merges: list[tuple[Merge, int]],
    columns: int,
    first_row: int,
) -> tuple[GridRow, ...]:
    anchors: dict[tuple[int, int], tuple[Merge, int]] = {}
    covered: set[tuple[int, int]] = set()
    for (left, top, right, bottom), origin in merges:
        anchors[top, left] = (left, top, right, bottom), origin
        covered.update((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
    found = []
    for row in shown:
        cells = []
        for column in range(1, columns + 1):
            at = (row, column)
            if at in covered and at not in anchors:
                continue
            (left, top, right, bottom), origin = anchors.get(at, ((column, row, column, row), row))
            text, align = values.get(origin, {}).get(column, ("", ""))
            name = f"{get_column_letter(column)}{row}"
            cells.append(GridCell(name, text, align, right - left + 1, bottom - top + 1))
        found.append(GridRow(row, tuple(cells), row < first_row))
    return tuple(found)
