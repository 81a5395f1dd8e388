"""What the cells of an .xlsx sheet hold: types, number formats, dates, merges, hidden rows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from courtyard.parsing import xml
from courtyard.parsing.cells import MAX_ROW, Cell, Typed, column_number, split_address
from courtyard.parsing.dates import from_serial
from courtyard.parsing.limits import Caps, Unreadable
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.text import unescape

Style = Literal["", "date", "month", "time"] | int  # an int pads that many decimals

# ECMA-376 part 1, 18.8.30; 27-36 and 50-58 as Chinese editions define them
_BUILT_IN: dict[int, Style] = dict.fromkeys((14, 15, 16, 22, 28, 29, 30, 31, 51, 53, 54, 58), "date")
_BUILT_IN |= dict.fromkeys((17, 27, 36, 50, 52, 57), "month")
_BUILT_IN |= dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time")
_BUILT_IN |= {2: 2, 4: 2}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.')
_PADDED = re.compile(r"(?:#,##)?0\.(0{1,9})(?:_ )?")
_FLOAT_DIGITS = 15
_MAX_MERGES = 100_000


def style(code: str) -> Style:
    """What a number format says of its cell: a date (to the day or only the month), a time, decimals."""
    if found := _PADDED.fullmatch(code):
        return len(found[1])
    letters = _LITERAL.sub("", code.partition(";")[0]).lower()
    if "general" in letters or not re.search(r"[ymdhs]", letters):
        return ""
    if "y" in letters or "d" in letters or ("m" in letters and "h" not in letters and "s" not in letters):
        return "date" if "d" in letters or "y" not in letters else "month"
    return "time"


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
            found.append(custom.get(number, _BUILT_IN.get(number, "")))

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
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._phonetic = True
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))
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
        elif tag == "rPh":
            self._phonetic = False

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self.row_elements += 1
        number = _whole(attributes["r"]) if "r" in attributes else self._row + 1
        if not self._row < number <= MAX_ROW:
            raise Unreadable("file.damaged", "行号不合规定")
        self._row, self._row_text, self._column, self._cells = number, str(number), 0, {}
        if attributes.get("hidden") in ("1", "true"):
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
        cell = self._value(text)
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

    def _value(self, text: str) -> Cell:
        kind = self._attributes.get("t", "n")
        if kind == "s":
            return self._shared_string(text)
        if kind == "inlineStr" or kind == "str":
            return filled(unescape(text))
        if kind == "e":
            return Typed("error", text)
        if self._has_formula and not text.strip():
            return Typed("formula", "")
        if kind == "b":
            return Typed("boolean", text.strip())
        if kind == "d":
            return Typed("date", text.strip())
        look = self._attributes.get("s", "")
        known = self._numbers.get((text, look))
        if known is None:
            known = self._numbers[(text, look)] = self._number(text.strip(), look)
        return known

    def _shared_string(self, text: str) -> str | None:
        try:
            index = int(text)
            return self._shared[index] if index >= 0 else None
        except (ValueError, IndexError):
            raise Unreadable("file.damaged", "共享文字缺失") from None

    def _number(self, text: str, look: str) -> Typed:
        try:
            value = float(text)
        except ValueError:
            return Typed("invalid", "")
        if not math.isfinite(value):
            return Typed("invalid", "")
        index = _whole(look, 2**31) if look else 0
        how = self._styles[index] if index < len(self._styles) else ""
        if isinstance(how, str) and how:
            return self._moment(value, how)
        whole = value.is_integer() and abs(value) < 10**_FLOAT_DIGITS
        shown = str(int(value)) if whole else format(value, f".{_FLOAT_DIGITS}g")
        if isinstance(how, int) and "e" not in shown:
            digits, _, decimals = shown.partition(".")
            shown = f"{digits}.{decimals.ljust(how, '0')}"
        return Typed("number_1904" if self._epoch_1904 and whole and len(shown) == 5 else "number", shown)

    def _moment(self, value: float, how: str) -> Typed:
        if how == "time" and 0 <= value < 1:
            minutes = round(value * 1440)
            return Typed("date", f"T{minutes // 60 % 24:02d}:{minutes % 60:02d}")
        moment = from_serial(value, self._epoch_1904)
        if moment is None:
            return Typed("serial", str(int(value)) if value.is_integer() else str(value))
        if moment.hour or moment.minute or moment.second:
            return Typed("date", moment.isoformat(" "))
        day = moment.date().isoformat()
        return Typed("date", day[:7] if how == "month" and moment.day == 1 else day)

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        try:
            left, top = split_address(first)
            right, bottom = split_address(last or first)
        except ValueError:
            raise Unreadable("file.damaged", "合并单元格编号不合规定") from None
        if len(self.sheet.merges) >= _MAX_MERGES:
            raise Unreadable("file.too_large", "合并单元格过多")
        self.sheet.merges.append(Merge(min(top, bottom), min(left, right), max(top, bottom), max(left, right)))


def filled(text: str) -> str | None:
    """Text, or None when there is nothing to see in it."""
    return text if text.strip(" \t\r\n\xa0\u3000\u200b\ufeff") else None
