"""What the cells of an .xlsx sheet hold: types, number formats, dates, merges, hidden rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from courtyard.parsing import xml
from courtyard.parsing.cells import MAX_ROW, Cell, Typed, column_number, split_address
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.number_cells import BUILT_IN, Style, number_cell, style
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.text import unescape

_MAX_MERGES = 100_000
_MAX_MERGED = 5_000_000  # cells inside merges; honest ones do not overlap
_KINDS = ("n", "b", "d")  # what is left once texts and errors are told apart; ECMA-376 part 1, 18.18.11
PlainCells = tuple[Sequence[int], Sequence[str], Sequence[str], Sequence[str]]  # columns, texts, `t`, `s`


def styles(chunks: Iterator[bytes]) -> list[Style]:
    """The style of each cell format (`cellXfs`) in order."""
    custom: dict[int, Style] = {}
    found: list[Style] = []
    inside: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "numFmt":
            custom[_whole(attributes.get("numFmtId", "0"))] = style(attributes.get("formatCode", ""))
        elif tag == "cellXfs":
            inside.append(tag)
        elif tag == "xf" and inside:
            number = _whole(attributes.get("numFmtId", "0"))
            found.append(custom.get(number, BUILT_IN.get(number, "")))

    def end(tag: str) -> None:
        if tag == "cellXfs":
            inside.clear()

    xml.feed(chunks, start, end, xml.ignore_text)
    return found


def _whole(text: str, most: int = MAX_ROW) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > most:
        raise Unreadable("file.damaged", "编号不合规定")
    return int(text)


class SheetHandler:
    """Receives a sheet's XML and fills `sheet`. Raises Unreadable for cells that cannot be."""

    def __init__(self, sheet: Sheet, shared: list[str | None], look: list[Style], epoch_1904: bool, caps: Caps) -> None:
        self.sheet = sheet
        self.row_elements = 0
        self.is_in_rows = False
        self._shared = shared
        self._styles = look
        self._epoch_1904 = epoch_1904
        self._caps = caps
        self._row = 0
        self._row_text = "0"
        self._column = 0
        self._cells: dict[int, Cell] = {}
        self._attributes: Mapping[str, str] = {}
        self._pieces: list[str] = []
        self._collecting = False
        self._phonetic = False
        self._merged = 0
        self._free = 0  # depth of elements whose inside is free: rich text, extensions
        self._has_formula = False
        self._numbers: dict[tuple[str, str], Cell] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "c":
            reference = attributes.get("r")
            self._column = self._column + 1 if reference is None else self._place(reference)
            self._attributes = attributes
            self._has_formula = False
        elif tag == "v" or tag == "t":
            self._collecting = not self._phonetic
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "sheetData":
            self.is_in_rows = True
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._phonetic = True
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif tag == "is" or tag == "extLst":
            self._free += 1
        elif self.is_in_rows and not self._free:
            raise Unreadable("file.damaged", "工作表内容不合规定")  # an unknown element may hide rows or values
        elif tag == "col" and attributes.get("hidden") in ("1", "true"):
            first, last = (_whole(attributes.get(key, "0")) for key in ("min", "max"))
            self.sheet.hidden_columns.update(range(first, min(last, self._caps.columns) + 1))

    def text(self, data: str) -> None:
        if self._collecting:
            self._pieces.append(data)

    def end(self, tag: str) -> None:
        if tag == "v" or tag == "t":
            self._collecting = False
        elif tag == "c":
            if self._pieces or self._has_formula:
                self._end_cell()
        elif tag == "row":
            self._end_row()
        elif tag == "sheetData":
            self.is_in_rows = False
        elif tag == "rPh":
            self._phonetic = False
        elif tag == "is" or tag == "extLst":
            self._free -= 1

    def plain_row(self, number: int, is_hidden: bool, found: PlainCells) -> None:
        """A whole row at once: of each cell its column, its text and what its attributes `t` and `s` say."""
        columns, texts, kinds, looks = found
        self._begin_row(number, is_hidden)
        if kinds.count("s") == len(kinds) and "" not in texts:
            cells = list(map(self._shared_string, texts))
        else:
            cells = [
                self._value(text, kind or "n", look, False) if text else None
                for text, kind, look in zip(texts, kinds, looks, strict=True)
            ]
        self._cells = {column: cell for column, cell in zip(columns, cells, strict=True) if cell is not None}
        if self._cells and max(self._cells) > self._caps.columns:
            raise Unreadable("file.too_large", f"超过{self._caps.columns}列")
        self._end_row()

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = _whole(attributes["r"]) if "r" in attributes else self._row + 1
        self._begin_row(number, attributes.get("hidden") in ("1", "true"))

    def _begin_row(self, number: int, is_hidden: bool) -> None:
        self.row_elements += 1
        if not self._row < number <= MAX_ROW:
            raise Unreadable("file.damaged", "行号不合规定")
        self._row, self._row_text, self._column, self._cells = number, str(number), 0, {}
        if is_hidden:
            self.sheet.hidden_rows.add(number)

    def _place(self, reference: str) -> int:
        """The column of a cell reference, which must lie in this row and after the cell before."""
        width = len(self._row_text)
        try:
            column = column_number(reference[:-width])
        except ValueError:
            column = 0
        if column <= self._column or reference[-width:] != self._row_text:
            raise Unreadable("file.damaged", "单元格编号不合规定")
        return column

    def _end_cell(self) -> None:
        pieces = self._pieces
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        attributes = self._attributes
        cell = self._value(text, attributes.get("t", "n"), attributes.get("s", ""), self._has_formula)
        if cell is None:
            return
        if self._column > self._caps.columns:
            raise Unreadable("file.too_large", f"超过{self._caps.columns}列")
        self._cells[self._column] = cell

    def _end_row(self) -> None:
        if not self._cells:
            return
        if self._row > self._caps.rows or len(self.sheet.rows) >= self._caps.rows:
            raise Unreadable("file.too_large", f"超过{self._caps.rows}行")
        self.sheet.rows.append(Row(self._row, self._cells))

    def _value(self, text: str, kind: str, look: str, has_formula: bool) -> Cell:
        if kind == "s":
            return self._shared_string(text)
        if kind == "inlineStr" or kind == "str":
            return filled(unescape(text))
        if kind == "e":
            return Typed("error", text)
        if kind not in _KINDS:
            raise Unreadable("file.damaged", "单元格类型不合规定")
        if has_formula and not text.strip():
            return Typed("formula", "")
        if kind == "b":
            return Typed("boolean", text.strip())
        if kind == "d":
            return Typed("date", text.strip())
        known = self._numbers.get((text, look))
        if known is None:
            known = self._numbers[(text, look)] = self._number(text.strip(), look)
        return known

    def _shared_string(self, text: str) -> str | None:
        if text.isascii() and text.isdigit() and (index := int(text[:10])) < len(self._shared):
            return self._shared[index]
        raise Unreadable("file.damaged", "共享文字缺失")

    def _number(self, text: str, look: str) -> Typed:
        try:
            value = float(text)
        except ValueError:
            return Typed("invalid", "")
        if not math.isfinite(value):
            return Typed("invalid", "")
        index = _whole(look, 2**31) if look else 0
        how = self._styles[index] if index < len(self._styles) else ""
        return number_cell(value, how, self._epoch_1904)

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        try:
            left, top = split_address(first)
            right, bottom = split_address(last or first)
        except ValueError:
            raise Unreadable("file.damaged", "合并单元格编号不合规定") from None
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
        right, bottom = min(right, self._caps.columns), min(bottom, self._caps.rows)  # nothing stands beyond them
        if left > right or top > bottom:
            return
        self._merged += (right - left + 1) * (bottom - top + 1)
        if len(self.sheet.merges) >= _MAX_MERGES or self._merged > _MAX_MERGED:
            raise Unreadable("file.too_large", "合并单元格过多")
        self.sheet.merges.append(Merge(top, left, bottom, right))


def filled(text: str) -> str | None:
    """Text, or None when there is nothing to see in it."""
    return text if text.strip(" \t\r\n\xa0\u3000\u200b\ufeff") else None
