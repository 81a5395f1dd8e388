"""A file as its reader saw it: what goes back to the sender with remarks on it, never the file itself.

Made in the sandbox's worker and put together by its owner (`seeing`): cells by address, merged ranges, where
each column stands, and every cell that was read as something other than what is written in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from courtyard.district.models import Column
from courtyard.parsing import headers, reading, workbook
from courtyard.parsing.cells import Cell, Typed, address, column_number, shown
from courtyard.parsing.limits import Unreadable
from courtyard.parsing.normalise import CodeValues
from courtyard.parsing.reading import Job
from courtyard.parsing.sheets import Row, Sheet
from courtyard.parsing.tables import RawTable
from courtyard.sources.fetched import safe_name

MAX_CELLS = 100_000  # of a picture; an issued workbook has some thousands
MAX_TEXT = 1_000  # characters of a cell that are shown
MAX_READINGS = 2_000


@dataclass
class Page:
    """One sheet. `rows` are (number, [(column, kind, text)]), kind "" for text; `places` are columns by name.

    `is_whole` is False where the sheet was too large to be shown to its end.
    """

    title: str
    rows: list[tuple[int, list[tuple[int, str, str]]]] = field(default_factory=list, repr=False)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    is_hidden: bool = False
    is_whole: bool = True
    header: list[int] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    offset: int = 0  # what to add to a record's number to get its row, where the file has no sheets

    def cell(self, row_no: int, column: str | None) -> tuple[int, int] | None:
        """(row, column) of a contract column in a row; the row's first filled cell without a column."""
        row = row_no + self.offset
        if column in self.places:
            return row, self.places[column]
        first = next((cells[0][0] for number, cells in self.rows if number == row and cells), 1)
        return (row, first) if column is None else None


@dataclass(frozen=True)
class Reading:
    """A cell, what is written in it, and what it was read as. Personal data: for its sender alone."""

    sheet: str
    cell: str
    header: str
    written: str = field(repr=False)
    value: str = field(repr=False)


@dataclass
class Picture:
    """All sheets of a file and its readings; both empty when the file could not be read."""

    pages: list[Page] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list, repr=False)

    def page(self, title: str) -> Page | None:
        return next((page for page in self.pages if page.title == title), None)


def pieces(job: Job, data: bytes) -> Iterator[tuple[str, Any]]:
    """What the worker sends: ("page", Page as a mapping) for each sheet, then ("readings", […])."""
    try:
        pages, raws = _seen(job, data)
    except Unreadable:
        return
    for page in pages:
        yield "page", asdict(page)
    found = (reading for raw in raws for reading in _readings(raw, job))
    yield "readings", [values for values, _ in zip(found, range(MAX_READINGS), strict=False)]


def _seen(job: Job, data: bytes) -> tuple[list[Page], list[RawTable]]:
    if any(contract.format != "workbook" for contract in job.contracts):
        raws = [raw for raw in reading.read(job, data) if not raw.rejected]
        return [_page_of_records(raw) for raw in raws], raws
    sheets = workbook.sheets(data, job.caps)
    budget = [MAX_CELLS]
    pages = [_page_of_sheet(sheet, budget) for sheet in sheets]  # before merged cells are filled down
    raws = workbook.tables(sheets, job.contracts)
    for raw in raws:
        for page, sheet in zip(pages, sheets, strict=True):
            if raw.places and page.title == raw.sheet:
                page.places = {name: column_number(letters) for name, letters in raw.places.items()}
                header = headers.best(sheet, raw.contract)
                page.header = list(header.rows) if header else []
    return pages, raws


def _page_of_sheet(sheet: Sheet, budget: list[int]) -> Page:
    page = Page(safe_name(sheet.title), merges=[tuple(m) for m in sheet.merges], is_hidden=sheet.is_hidden)
    page.hidden_rows, page.hidden_columns = sorted(sheet.hidden_rows), sorted(sheet.hidden_columns)
    _fill(page, sheet.rows, budget)
    return page


def _fill(page: Page, rows: Iterable[Row], budget: list[int]) -> None:
    for row in rows:
        budget[0] -= len(row.cells)
        if budget[0] < 0:
            page.is_whole = False
            return
        page.rows.append((row.number, [(c, *_written(cell)) for c, cell in sorted(row.cells.items())]))


def _written(cell: Cell) -> tuple[str, str]:
    text = shown(cell)
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    return (cell.kind if isinstance(cell, Typed) else "", text)


def _page_of_records(raw: RawTable) -> Page:
    """A text file's lines under their own numbers, or records below a header row of their own."""
    names = list(raw.columns)
    letters = {name: raw.places.get(name) for name in names}
    at = {name: column_number(letter) if letter else n for n, (name, letter) in enumerate(letters.items(), 1)}
    page = Page(raw.contract.title, places=at)
    top = (raw.row_nos[0] - 1 if raw.row_nos else 1) if raw.places else 1
    page.offset = 0 if top >= 1 and raw.places else 1
    page.header = [max(top, 1)]
    title = Row(page.header[0], {at[name]: raw.contract.column(name).header for name in names})
    rows = (
        Row(number + page.offset, {at[n]: raw.columns[n][i] for n in names if raw.columns[n][i] is not None})
        for i, number in enumerate(raw.row_nos)
    )
    _fill(page, [title, *rows], [MAX_CELLS])
    return page


def _readings(raw: RawTable, job: Job) -> Iterator[tuple[str, str, str, str, str]]:
    """(sheet, cell, header, written, value) wherever the value is not what a person sees in the cell."""
    start = 0
    for block in reading.typed(raw, job):
        for name, values in block.columns.items():
            column = raw.contract.column(name)
            if column.role == "record_ref" or name not in raw.columns:
                continue
            cells = raw.columns[name][start : start + len(values)]
            for row_no, cell, value in zip(block.row_nos, cells, values, strict=True):
                told = _told(value, column, job.codes)
                if told and cell is not None and not _is_same(shown(cell), told):
                    place = _place(raw, name, row_no)
                    yield raw.sheet or raw.contract.title, place, column.header, _written(cell)[1], told
        start += len(block.row_nos)


def _place(raw: RawTable, name: str, row_no: int) -> str:
    letters = raw.places.get(name)
    return address(column_number(letters), row_no) if letters else raw.place(name, row_no)


def _told(value: Any, column: Column, codes: CodeValues) -> str:
    """A value in the sender's words: a code by its label, yes and no, anything else as it is kept."""
    if value is None:
        return ""
    if column.type == "yes_no":
        return "是" if value else "否"
    if column.type == "code" and column.codes in codes:
        return next(iter(codes[column.codes].get(str(value), ())), str(value))
    return str(value)


def _is_same(written: str, told: str) -> bool:
    if written.strip() == told:
        return True
    try:
        return float(written) == float(told) and len(told) < 15
    except ValueError:
        return False
