"""Texts and values as cells of a sheet's XML: what a cell can hold, how wide it is, in which style it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from copy import copy
from decimal import Decimal
from math import ceil
from typing import cast

from openpyxl.cell.cell import Cell
from openpyxl.styles.cell_style import StyleArray
from openpyxl.worksheet.worksheet import Worksheet

CELL_LIMIT = 32_767  # characters that Excel keeps in a cell, counted in UTF-16
USABLE = 0.87  # of a column's width, before its text wraps: fonts differ
FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "＝")
# The songti and heiti of Windows end with the plane of everyday characters; rarer ones are in fonts beside them.
_RARE_FONTS = (("\U00030000", "SimSun-ExtG"), ("\U00020000", "SimSun-ExtB"))
_HOLDS_RARE = re.compile(r"-Ext[A-Z]$|超大字符集$|^(Noto|Source Han|思源)")
_RARE = re.compile("[\U00020000-\U0010ffff]")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Texts without these, and without a hyphen or a line break at either end, are the same in XML and in any style.
_TO_LOOK_AFTER = re.compile(
    "[&<>_=+@＝\x00-\x09\x0b-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff\ufffe\uffff\U00020000-\U0010ffff]"
)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # Excel reads _x0041_ as A

Value = str | int | Decimal | None


def writable(text: str) -> str:
    """The text without what XML cannot hold: control characters and halves of surrogate pairs."""
    return text if text.isprintable() else _UNWRITABLE.sub("", text)


def is_too_long(text: str) -> bool:
    """Whether Excel would cut the text. A rare character counts as two."""
    return len(text) > CELL_LIMIT // 2 and len(text) + len(_RARE.findall(text)) > CELL_LIMIT


class _Widths(dict[str, int]):
    """Columns of a fixed-width font that a character takes."""

    def __missing__(self, character: str) -> int:
        wide = unicodedata.east_asian_width(character) in "WF"
        return self.setdefault(character, 2 if wide else 1)


_WIDTHS = _Widths()


def display_width(text: str) -> int:
    """Columns of a fixed-width font; a Han character takes two."""
    return sum(map(_WIDTHS.__getitem__, text))


def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column of this width."""
    room = width * USABLE
    return sum(max(1, ceil(display_width(part) / room)) for part in text.split("\n"))


def tall(column: Iterable[Value], width: float) -> dict[str, int]:
    """The texts of a column that take more than one line, with their number of lines.

    GB 18030 has two bytes or more for every wide character: most texts are known to fit without a look at each.
    """
    room = width * USABLE
    texts = [value for value in set(column) if isinstance(value, str)]
    if 2 * max(map(len, texts), default=0) <= room and "\n" not in "".join(texts):
        return {}
    long = [t for t in texts if (2 * len(t) > room and len(t.encode("gb18030", "replace")) > room) or "\n" in t]
    return {text: count for text in long if (count := lines(text, width)) > 1}


def rare_font(text: str, font: str | None) -> str | None:
    """The font a text needs because the cell's own lacks one of its characters; None when it does not."""
    if not _RARE.search(text) or _HOLDS_RARE.search(font or ""):
        return None
    return next(name for first, name in _RARE_FONTS if max(text) >= first)


def write(cell: Cell, text: str) -> None:
    """Put a text into a cell: never a formula, also when somebody edits it, and every character shown."""
    cell.value = writable(text)
    cell.data_type = "s"
    if text.startswith(FORMULA_START):
        cell.quotePrefix = True
    if font := rare_font(text, cell.font.name):
        _set_font(cell, font)


class ColumnCells(dict[Value, str]):
    """The cells of one column as XML from behind their reference on, each made once for all equal values.

    Styles that a text needs are added to the workbook as they come up.
    """

    def __init__(self, sheet: Worksheet, style: StyleArray) -> None:
        super().__init__()
        self._cell = Cell(sheet, row=1, column=1, style_array=copy(style))
        self._style, self._style_id = style, self._cell.style_id
        self.empty = f'" s="{self._style_id}"/>'
        self.plain = f'" s="{self._style_id}" t="inlineStr"><is><t>%s</t></is></c>'

    def are_plain(self, values: Sequence[Value]) -> bool:
        """Whether all are texts that `plain` takes as they are, looked at as one text: cells are many."""
        if set(map(type, values)) != {str}:
            return False
        joined = "\n".join(cast(Sequence[str], values))
        ends = joined.startswith(("-", "\n")) or joined.endswith("\n") or "\n-" in joined or "\n\n" in joined
        return not ends and joined.count("\n") == len(values) - 1 and not _TO_LOOK_AFTER.search(joined)

    def __missing__(self, value: Value) -> str:
        made = self[value] = self._made(value)
        return made

    def _made(self, value: Value) -> str:
        if value is None or value == "":
            return self.empty
        if not isinstance(value, str):
            return f'" s="{self._style_id}"><v>{value}</v></c>'
        if value.isalnum() and not _RARE.search(value):
            return self.plain % value
        text = _LOOKS_ESCAPED.sub("_x005F_", writable(value)).translate(_ESCAPES)
        space = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
        return f'" s="{self._styled(value)}" t="inlineStr"><is><t{space}>{text}</t></is></c>'

    def _styled(self, text: str) -> int:
        """The id of the column's style as this text needs it."""
        if not (text.startswith(FORMULA_START) or _RARE.search(text)):
            return self._style_id
        self._cell._style = copy(self._style)
        write(self._cell, text)
        return self._cell.style_id


def _set_font(cell: Cell, name: str) -> None:
    font = copy(cell.font)
    font.name, font.scheme = name, None
    cell.font = font
