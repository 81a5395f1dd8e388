"""Tables in the shapes of DOMAIN section 4: what hypothesis draws, and the bytes it comes to.

Written by openpyxl, csv and json, never by the product. A shape draws what stands around and between the
rows; `Made` says which rows must come back, and how many others belong to the form.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import openpyxl
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import Column, Contract

from .made import META
from .spelled import value, written

_TITLES = ["少城街道2026年第三季度表", META, "填报单位：甲   填报人：乙", "统计截止日：2026-09-30", "", "内部资料"]
_NOTES = [["注：数据截至季度末"], ["填报人签字：", "审核人签字："], ["说明：以上情况属实", None], ["联系电话：见封面"]]


@dataclass
class Made:
    """A file, the rows it holds (row number, filled values) and how many of its rows are structural."""

    data: bytes = field(default=b"", repr=False)
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    structural: int = 0


@st.composite
def values_of(draw: st.DrawFn, contract: Contract) -> list[dict[str, Any]]:
    """Rows as parsing must give them back; at least one."""
    columns = [c for c in contract.columns if not c.volatile]
    present = [c for c in columns if c.required or draw(st.booleans())]
    return [
        {c.name: draw(value(c)) for c in present if c.required or draw(st.integers(0, 3))}
        for _ in range(draw(st.integers(1, 6)))
    ]


class _Sheet:
    """A sheet being written, row by row."""

    def __init__(self, draw: st.DrawFn, contract: Contract, sheet: Worksheet, made: Made) -> None:
        self.draw, self.contract, self.sheet, self.made = draw, contract, sheet, made
        first = [c for c in contract.columns if c.volatile or c.household]
        self.columns = [*first, *draw(st.permutations([c for c in contract.columns if c not in first]))]
        self.measured = {c.name: draw(st.sampled_from(["元", "万元"])) for c in contract.columns if c.unit == "元"}
        self.at = 1

    def form_row(self, *cells: Any) -> None:
        """A row that is no data."""
        for column, cell in enumerate(cells, 1):
            self._set(self.at, column, cell)
        self.made.structural += any(cells)
        self.at += 1

    def _set(self, row: int, column: int, cell: Any) -> None:
        target = self.sheet.cell(row, column)
        target.value = cell
        if isinstance(cell, str):
            target.data_type = "s"
        if isinstance(cell, datetime):
            target.number_format = "yyyy/m/d h:mm:ss" if cell.hour or cell.minute or cell.second else "yyyy/m/d"

    def header(self) -> None:
        """In one row, or in two: parents merged across or down, a child below."""
        two = self.draw(st.booleans())
        for number, column in enumerate(self.columns, 1):
            unit = f"（{self.measured[column.name]}）" if column.name in self.measured else ""
            plain = [column.header, *column.synonyms]
            text = self.draw(st.sampled_from([*plain, f"*{column.header}", f"{column.header} ", f"{column.header}\n"]))
            self._set(self.at, number, text + unit)
        if two:
            self._second_row()
        self.made.structural += 1 + two
        self.at += 1 + two

    def _second_row(self) -> None:
        split = self.draw(st.integers(1, max(1, len(self.columns) - 2)))
        for number in range(1, len(self.columns) + 1):
            if number in (split, split + 1):
                self._set(self.at + 1, number, self.sheet.cell(self.at, number).value)
                self._set(self.at, number, "基本情况" if number == split else None)
            else:
                self.merge(self.at, self.at + 1, number)
        if len(self.columns) > split:
            self.sheet.merge_cells(start_row=self.at, end_row=self.at, start_column=split, end_column=split + 1)

    def merge(self, top: int, bottom: int, column: int) -> None:
        self.sheet.merge_cells(start_row=top, end_row=bottom, start_column=column, end_column=column)

    def sample(self) -> None:
        """The template's own row."""
        self.form_row(*(self.contract.sample_row.get(c.name) for c in self.columns))

    def household(self, number: int, group: list[dict[str, Any]]) -> None:
        """Rows whose household cells are merged into the first one's."""
        for offset, row in enumerate(group):
            for at, column in enumerate(self.columns, 1):
                if offset and column.household:
                    continue
                self._set(self.at + offset, at, self._cell(column, number, row))
            if self.draw(st.integers(0, 9)) == 0:
                self.sheet.row_dimensions[self.at + offset].hidden = True
            self.made.rows.append((self.at + offset, row))
        for at, column in enumerate(self.columns, 1):
            if column.household and len(group) > 1:
                self.merge(self.at, self.at + len(group) - 1, at)
        self.at += len(group)

    def _cell(self, column: Column, number: int, row: dict[str, Any]) -> Any:
        if column.volatile:
            return number if column.type == "integer" else None
        if column.name not in row:
            return self.draw(st.sampled_from([None, None, "", " "]))
        parsed = row[column.name]
        if self.measured.get(column.name) == "万元":
            return format((Decimal(parsed) / 10_000).normalize(), "f")
        return written(self.draw, column, parsed, "sheet")


def _households(draw: st.DrawFn, contract: Contract, given: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Some rows join the household before them and take its values."""
    shared = [c.name for c in contract.columns if c.household and not c.volatile]
    groups: list[list[dict[str, Any]]] = []
    for row in given:
        if groups and shared and draw(st.booleans()):
            merged = {n: groups[-1][0][n] for n in shared if n in groups[-1][0]}
            groups[-1].append({n: v for n, v in row.items() if n not in shared} | merged)
        else:
            groups.append([row])
    return groups


@st.composite
def workbooks(draw: st.DrawFn, contract: Contract) -> Made:
    """Title and metadata lines, header, households, hidden rows, sub-totals, totals, notes, other sheets."""
    given = draw(values_of(contract))
    book = openpyxl.Workbook()
    made = Made()
    book.active.title = contract.sheet or "表"
    sheet = _Sheet(draw, contract, book.active, made)
    for text in draw(st.lists(st.sampled_from(_TITLES), max_size=4)):
        sheet.form_row(text)
    sheet.header()
    if contract.sample_row and draw(st.booleans()):
        sheet.sample()
    groups = _households(draw, contract, given)
    has_parts = draw(st.booleans())
    for number, group in enumerate(groups, 1):
        sheet.household(number, group)
        if has_parts and not draw(st.integers(0, 2)):
            has_parts = False
            sheet.form_row("小计", f"{sum(map(len, groups[:number]))}人")
    if draw(st.booleans()):
        sheet.form_row(
            draw(st.sampled_from(["合计", "总计", "合 计"])), draw(st.sampled_from([f"{len(given)}人", len(given)]))
        )
    for note in draw(st.lists(st.sampled_from(_NOTES), max_size=2)):
        sheet.form_row(*note)
    for title in draw(st.lists(st.sampled_from(["说明", "Sheet2"]), max_size=2, unique=True)):
        book.create_sheet(title, draw(st.integers(0, 1))).append(["请按要求填写"])
    target = io.BytesIO()
    book.save(target)
    made.data = target.getvalue()
    return made


@st.composite
def texts(draw: st.DrawFn, contract: Contract) -> Made:
    """Delimited text in one of the encodings and delimiters, quoted or not, in shuffled columns, with the form's lines."""
    given = draw(values_of(contract))
    columns = draw(st.permutations(contract.columns))
    made = Made()
    lines: list[list[str]] = []
    if draw(st.booleans()):
        lines.append(["少城街道2026年第三季度表"])
    lines.append([draw(st.sampled_from([c.header, *c.synonyms, f"\ufeff{c.header}", f" {c.header}"])) for c in columns])
    made.structural = len(lines)
    for row in given:
        made.rows.append((len(lines) + 1, row))
        lines.append(
            ["" if c.volatile or c.name not in row else str(written(draw, c, row[c.name], "text")) for c in columns]
        )
    if draw(st.booleans()):
        lines.append(["合计", f"{len(given)}人"])
        made.structural += 1
    delimiter = draw(st.sampled_from(",\t;|"))
    quoted = draw(st.booleans())
    end = draw(st.sampled_from(["\r\n", "\n"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    made.data = "".join(
        delimiter.join(_field(cell, delimiter, quoted) for cell in line) + end for line in lines
    ).encode(encoding)
    return made


def _field(cell: str, delimiter: str, quoted: bool) -> str:
    needed = quoted or any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if needed else cell


@st.composite
def json_pages(draw: st.DrawFn, contract: Contract) -> Made:
    """Pages of records under the headers or their synonyms, in any order and any number of pages."""
    given = draw(values_of(contract))
    names = {c.name: draw(st.sampled_from([c.header, *c.synonyms])) for c in contract.columns}
    records = []
    for row in given:
        record = {names[c.name]: written(draw, c, row[c.name], "json") for c in contract.columns if c.name in row}
        absent = [c for c in contract.columns if c.name not in row]
        record |= {names[c.name]: draw(st.sampled_from([None, ""])) for c in absent if draw(st.booleans())}
        records.append(dict(draw(st.permutations(list(record.items())))))
    cut = draw(st.integers(0, len(records)))
    bodies = [{"data": part, "total": len(records)} for part in (records[:cut], records[cut:])]
    ascii_only = draw(st.booleans())
    lines = [json.dumps({"url": "u", "status": 200, "body": json.dumps(b, ensure_ascii=ascii_only)}) for b in bodies]
    return Made("\n".join(lines).encode(), list(enumerate(given, 1)))


@st.composite
def json_rows(draw: st.DrawFn, contract: Contract) -> Made:
    """The answer of a query: column names, then one array a line."""
    given = draw(values_of(contract))
    columns = draw(st.permutations([c for c in contract.columns if not c.volatile]))
    lines: list[Any] = [{"columns": [draw(st.sampled_from([c.header, *c.synonyms])) for c in columns]}]
    lines += [[written(draw, c, row[c.name], "json") if c.name in row else None for c in columns] for row in given]
    ascii_only = draw(st.booleans())
    return Made(
        "\n".join(json.dumps(line, ensure_ascii=ascii_only) for line in lines).encode(), list(enumerate(given, 1))
    )
