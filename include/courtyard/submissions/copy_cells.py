"""Cells of an annotated copy: what may be written, how it looks, comments, links, sheet names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from courtyard.parsing.cells import column_letters, split_address

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MAX_TITLE = 31  # ECMA-376 part 1, 18.2.19 as Excel applies it
FONT = "宋体"
RED, YELLOW = "#F8B4B4", "#FFE699"
PALE_RED, PALE_YELLOW = "#FDECEC", "#FFF8E1"
_LIVE = tuple("=+-@\t\r＝")
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_NO_TITLE = re.compile(r"[\[\]:*?/\\]")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,9})")
_SHOWN = {"formula": "（公式没有结果）", "nested": "（一组数据）"}

_BODY = {"border": 1, "border_color": "#BFBFBF", "text_wrap": True}
LOOKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "title": {"bold": True, "font_size": 14},
    "header": {**_BODY, "bold": True, "bg_color": "#D9E1F2", "align": "center", "border_color": "#8EA9DB"},
    "body": _BODY,
    "row_error": {**_BODY, "bg_color": PALE_RED},
    "row_warning": {**_BODY, "bg_color": PALE_YELLOW},
    "cell_error": {**_BODY, "bg_color": RED, "font_color": "#9C0006", "bold": True},
    "row_information": _BODY,
    "cell_warning": {**_BODY, "bg_color": YELLOW},
    "cell_information": _BODY,
    "label": {"bold": True, "font_color": "#595959"},
    "good": {"bold": True, "font_size": 18, "font_color": "#00703C"},
    "fair": {"bold": True, "font_size": 18, "font_color": "#B45F06"},
    "bad": {"bold": True, "font_size": 18, "font_color": "#C00000"},
    "count": {**_BODY, "align": "center"},
    "link": {**_BODY, "font_color": "#0563C1", "underline": 1, "align": "center"},
    "wide": {"text_wrap": True},
}


class Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[str, bool], Format] = {}

    def cell(self, name: str, *, quoted: bool = False) -> Format:
        """A format by its name in LOOKS; `quoted` keeps the text a text when somebody edits the cell."""
        if (name, quoted) not in self._made:
            given = {"font_name": FONT, "font_size": 10, "valign": "vcenter", **LOOKS[name]}
            form = self._made[name, quoted] = self._book.add_format(given | ({"quote_prefix": 1} if quoted else {}))
            form.look = self, name  # type: ignore[attr-defined]
        return self._made[name, quoted]


def safe(text: str) -> str:
    """A text without characters that a workbook cannot hold or that turn what stands around them."""
    return _UNSAFE.sub("□", text)


def write(sheet: Worksheet, cell: tuple[int, int], kind: str, text: str, look: Format) -> None:
    """One cell: whole numbers as numbers, everything else as text."""
    row, column = cell[0] - 1, cell[1] - 1
    text = _SHOWN.get(kind, text)
    if not text:
        sheet.write_blank(row, column, None, look)
    elif kind.startswith("number") and _WHOLE.fullmatch(text):
        sheet.write_number(row, column, int(text), look)
    else:
        looks, name = look.look  # type: ignore[attr-defined]
        sheet.write_string(row, column, safe(text), looks.cell(name, quoted=text.startswith(_LIVE)))


def merge(sheet: Worksheet, area: tuple[int, int, int, int], look: Format, *, is_written: bool) -> None:
    """Merge a range whose first cell may be written already."""
    top, left, bottom, right = (number - 1 for number in area)
    kept = sheet.table.get(top, {}).get(left) if is_written else None
    sheet.merge_range(top, left, bottom, right, "", look)
    if kept is not None:
        sheet.table[top][left] = kept


def comment(sheet: Worksheet, cell: tuple[int, int], texts: Sequence[str]) -> None:
    told = "\n".join(dict.fromkeys(texts))[:2_000]
    lines = sum(1 + width(line) // 34 for line in told.split("\n"))
    size = {"width": 260, "height": 24 + 17 * int(lines), "font_name": FONT, "font_size": 9}
    sheet.write_comment(cell[0] - 1, cell[1] - 1, told, size)


def finish(sheet: Worksheet) -> None:
    """Printing across one page, and no green corners at numbers kept as text."""
    sheet.ignore_errors({"number_stored_as_text": "A1:GR200000"})
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def link(sheet_name: str, cell: tuple[int, int]) -> str:
    """A target inside the workbook."""
    quoted = sheet_name.replace("'", "''")
    return f"internal:'{quoted}'!{column_letters(cell[1])}{cell[0]}"


def position(name: str) -> tuple[int, int] | None:
    """`D7` -> (7, 4); None for what is no cell."""
    try:
        column, row = split_address(name)
    except ValueError:
        return None
    return row, column


@cache
def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


@lru_cache(maxsize=8_192)
def width(text: str) -> int:
    """Columns of the default font that the longest line takes: two for a Han character."""
    return max((sum(2 if _wide(c) else 1 for c in line) for line in text.split("\n")), default=0)


def sheet_names(titles: Sequence[str], taken: Iterable[str]) -> list[str]:
    """Names that a workbook takes, one for each title, none twice and none of those taken."""
    used = {name.casefold() for name in (*taken, "history")}
    names = []
    for title in titles:
        base = _NO_TITLE.sub("_", safe(title)).strip("' ")[:MAX_TITLE] or "表"
        name, number = base, 1
        while name.casefold() in used:
            number += 1
            tail = f"({number})"
            name = base[: MAX_TITLE - len(tail)] + tail
        used.add(name.casefold())
        names.append(name)
    return names
