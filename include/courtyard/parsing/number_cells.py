"""What a workbook's number cells show, by their number format: dates, months, times, padded decimals."""

from __future__ import annotations

import re
from typing import Literal

from courtyard.parsing.cells import Typed
from courtyard.parsing.dates import from_serial

Style = Literal["", "date", "month", "time"] | int  # an int pads that many decimals

# ECMA-376 part 1, 18.8.30; 27-36 and 50-58 as Chinese editions define them
BUILT_IN: dict[int, Style] = dict.fromkeys((14, 15, 16, 22, 28, 29, 30, 31, 51, 53, 54, 58), "date")
BUILT_IN |= dict.fromkeys((17, 27, 36, 50, 52, 57), "month")
BUILT_IN |= dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), "time")
BUILT_IN |= {2: 2, 4: 2}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.')
_PADDED = re.compile(r"(?:#,##)?0\.(0{1,9})(?:_ )?")
_FLOAT_DIGITS = 15


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


def number_cell(value: float, how: Style, epoch_1904: bool) -> Typed:
    """The cell of a finite number under its format; `number_1904` where it may be a day counted from 1904."""
    if isinstance(how, str) and how:
        return _moment(value, how, epoch_1904)
    whole = value.is_integer() and abs(value) < 10**_FLOAT_DIGITS
    shown = str(int(value)) if whole else format(value, f".{_FLOAT_DIGITS}g")
    if isinstance(how, int) and "e" not in shown:
        digits, _, decimals = shown.partition(".")
        shown = f"{digits}.{decimals.ljust(how, '0')}"
    return Typed("number_1904" if epoch_1904 and whole and len(shown) == 5 else "number", shown)


def _moment(value: float, how: str, epoch_1904: bool) -> Typed:
    if how == "time" and 0 <= value < 1:
        minutes = round(value * 1440)
        return Typed("date", f"T{minutes // 60 % 24:02d}:{minutes % 60:02d}")
    moment = from_serial(value, epoch_1904)
    if moment is None:
        return Typed("serial", str(int(value)) if value.is_integer() else str(value))
    if moment.hour or moment.minute or moment.second:
        return Typed("date", moment.isoformat(" "))
    day = moment.date().isoformat()
    return Typed("date", day[:7] if how == "month" and moment.day == 1 else day)
