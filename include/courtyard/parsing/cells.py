"""Cells as the readers hand them over: text as `str`, anything else as `Typed`, nothing as None."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

MAX_COLUMN = 16_384  # XFD, ECMA-376 part 1, 18.3.1.4
MAX_ROW = 1_048_576


class Typed(NamedTuple):
    """A cell whose type the file states.

    kind: `number` (text = what the cell shows, at most 15 digits are true), `number_1904` (an integer of a
    workbook that counts days from 1904), `date` (text = ISO with the precision the cell shows), `boolean`,
    `serial` (a day number that is no date), `error` (#REF!), `formula` (no stored result), `invalid`
    (NaN, infinity), `nested` (an object or list where a value belongs).
    """

    kind: str
    text: str

    @property
    def is_number(self) -> bool:
        return self.kind.startswith("number")


Cell = str | Typed | None

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


@lru_cache(maxsize=32_768)
def column_number(letters: str) -> int:
    """`A` -> 1, `XFD` -> 16384; ValueError beyond that or for anything else."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            raise ValueError(letters)
        number = number * 26 + ord(letter) - 64
    if not 1 <= number <= MAX_COLUMN:
        raise ValueError(letters)
    return number


@lru_cache(maxsize=32_768)
def column_letters(number: int) -> str:
    """1 -> `A`, 28 -> `AB`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(column: int, row: int) -> str:
    """A cell's name, such as `D7`."""
    return f"{column_letters(column)}{row}"


def split_address(reference: str) -> tuple[int, int]:
    """`D7` -> (4, 7); ValueError for what is no cell."""
    found = _REFERENCE.fullmatch(reference)
    if not found or int(found[2]) > MAX_ROW:
        raise ValueError(reference)
    return column_number(found[1]), int(found[2])


def shown(cell: Cell) -> str:
    """What a person sees in a cell, empty for a blank one."""
    if cell is None:
        return ""
    return cell.text if isinstance(cell, Typed) else cell
