"""Writing cells into workbooks: fixed properties, so that equal rows give equal bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from courtyard.sample.spelling import Cell, Formula

CREATED = datetime(2025, 1, 1)
DATE_FORMAT = "yyyy-mm-dd"


def open_book(path: Path, constant_memory: bool = False) -> xlsxwriter.Workbook:
    """A workbook without author and with a fixed creation time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"constant_memory": constant_memory, "in_memory": True, "strings_to_formulas": False}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"created": CREATED})
    return book


@dataclass(frozen=True)
class Formats:
    """The cell formats of a workbook."""

    title: Format
    header: Format
    merged: Format
    day: Format


def formats(book: xlsxwriter.Workbook) -> Formats:
    return Formats(
        title=book.add_format({"bold": True, "align": "center", "font_size": 14}),
        header=book.add_format({"bold": True, "align": "center", "valign": "vcenter", "border": 1, "text_wrap": True}),
        merged=book.add_format({"valign": "vcenter"}),
        day=book.add_format({"num_format": DATE_FORMAT}),
    )


def put(sheet: Worksheet, row: int, column: int, cell: Cell, day: Format) -> None:
    """Write one cell (0-based) by its type; None writes nothing."""
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), day)
    elif isinstance(cell, Formula):
        sheet.write_formula(row, column, cell.text, None, cell.value)
    else:
        sheet.write_number(row, column, cell)
