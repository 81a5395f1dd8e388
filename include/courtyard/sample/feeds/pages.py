"""One sheet of a department's workbook: title lines, a header, rows, and what stands below."""

from __future__ import annotations

from dataclasses import dataclass

import xlsxwriter

from courtyard.period import Period
from courtyard.sample.feeds import books
from courtyard.sample.feeds.outlet import Sheet, World, letters
from courtyard.sample.spelling import Row, Speller


@dataclass
class Page:
    """Rows are written downwards from `row_no`, the last row that is taken (1-based)."""

    page: xlsxwriter.worksheet.Worksheet
    formats: books.Formats
    sheet: Sheet
    row_no: int
    first: int

    def put(self, row: Row) -> int:
        """Write a row with its number in the first column; returns where it stands."""
        self.row_no += 1
        self.page.write_number(self.row_no - 1, 0, self.row_no - self.first)
        for column, cell in enumerate(row.cells.values(), 1):
            books.put(self.page, self.row_no - 1, column, cell, self.formats.day)
        return self.row_no

    def close(self, *notes: str) -> int:
        """Write the total and notes; returns the number of rows."""
        rows = self.row_no - self.first
        self.page.write_string(self.row_no, 0, "合计")
        self.page.write_string(self.row_no, 1, f"{rows}条")
        for offset, note in enumerate(notes, 1):
            self.page.write_string(self.row_no + offset, 0, note)
        return rows


class Workbook:
    """A workbook of several datasets as one department exports it."""

    def __init__(self, world: World, source: str, file: str, period: Period) -> None:
        self.world = world
        self.source = source
        self.file = file
        self.period = period
        self.path = world.out / file
        self.book = books.open_book(self.path, constant_memory=True)
        self.formats = books.formats(self.book)

    def page(self, dataset: str, department: str) -> Page:
        """A sheet with its title, a line about the export, and the header, some names spelled another way."""
        contract = self.world.contract(dataset)
        rng = self.world.draws.rng(f"{dataset}.headers", self.period.year, self.period.index)
        headers = {
            c.name: rng.choice(c.synonyms) if c.synonyms and rng.random() < 0.2 else c.header for c in contract.columns
        }
        title = contract.sheet or contract.title
        page = self.book.add_worksheet(title)
        office = self.world.street.district.office.short_name
        page.merge_range(
            0, 0, 0, len(headers) - 1, f"{office}{self.period.title}{contract.title}名册", self.formats.title
        )
        page.write_string(1, 0, f"填报单位：{department}")
        page.write_string(1, 3, f"统计截止日：{self.period.last_day:%Y-%m-%d}")
        for column, header in enumerate(headers.values()):
            page.write_string(2, column, header, self.formats.header)
        sheet = Sheet(self.source, dataset, self.period, self.period, self.file, title, headers, letters(list(headers)))
        return Page(page, self.formats, sheet, 3, 3)

    def speller(self, dataset: str) -> Speller:
        return Speller(self.world.street.district, self.world.contract(dataset), self.world.addresses, "sheet")
