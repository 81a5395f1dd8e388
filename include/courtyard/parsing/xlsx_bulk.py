"""The bulk of a sheet: rows of nothing but plain cells, read by pattern instead of by XML event.

Most rows of a roster look alike: one `<row>` of `<c>` elements that hold a number, an index or plain
text. Such rows are taken out of the stream and given to the sheet's handler directly, which is several
times as fast; everything else goes to the XML parser as it is. A row is plain only if every tag in it
was matched, so what this module reads is what the parser would have read; a test compares the two.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from courtyard.parsing.cells import column_number
from courtyard.parsing.limits import CHUNK
from courtyard.parsing.xlsx_cells import SheetHandler

_BEGIN = b"<sheetData>"
_END = b"</row>"
OTHER_ENCODING = re.compile(rb"""encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_ROW = re.compile(r'\s*<row r="([1-9]\d{0,6})"((?: [A-Za-z][\w.:-]*="[^"<>]*")*)>', re.ASCII)
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})(\d{1,7})"(?: s="(\d{1,9})")?(?: t="([A-Za-z]{1,9})")?'
    r'(?:/>|>(?:<v>([^<>]+)</v>|<is><t(?: xml:space="preserve")?>([^<>]+)</t></is>)</c>)',
    re.ASCII,
)
_ATTRIBUTE = re.compile(r' ([A-Za-z][\w.:-]*)="([^"<>]*)"', re.ASCII)
NOT_PLAIN = re.compile("[&\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # what XML forbids, replaces or folds
NOT_TAGS = re.compile(b"<[!?]")  # comments, CDATA and instructions may hold what looks like a row
_REMEMBERED = 4_096  # shapes, columns and row attributes, of which an honest sheet has few
_OFTEN = 20
_MAX_SHAPES = 8


def sift(chunks: Iterator[bytes], handler: SheetHandler) -> Iterator[bytes]:
    """A sheet's bytes without its plain rows, which `handler` has received in their place.

    Each piece must be parsed before the next is asked for. Raises Unreadable for cells that cannot be.
    """
    head, carried = _head(chunks)
    yield head
    plain = _PlainRows(handler)
    is_sifting = handler.is_in_rows and not OTHER_ENCODING.search(head)
    for chunk in chain([b""], chunks):
        carried += chunk
        rows, carried = _whole_rows(carried) if is_sifting else ([], carried)
        for at, row in enumerate(rows, 1):
            if plain.take(row):
                continue
            before = handler.row_elements
            yield f"{row}</row>".encode()
            if not handler.is_in_rows or handler.row_elements != before + 1:
                is_sifting = False  # what came was not just one row: from here on all is the XML parser's
                carried = "".join(f"{other}</row>" for other in rows[at:]).encode() + carried
                break
        if not is_sifting or len(carried) > 2 * CHUNK:
            is_sifting = False
            yield carried
            carried = b""
    yield carried


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Everything up to the first row, and what was read beyond it; no more than the first bytes are searched."""
    head = b""
    for chunk in chunks:
        head += chunk
        at = head.find(_BEGIN)
        if at >= 0:
            return head[: at + len(_BEGIN)], head[at + len(_BEGIN) :]
        if len(head) > 2 * CHUNK:
            break
    return head, b""


def _whole_rows(piece: bytes) -> tuple[list[str], bytes]:
    """The texts of rows without their end tags, and what follows them; no rows when it is not certain where each ends."""
    cut = piece.rfind(_END) + len(_END)
    if cut < len(_END) or NOT_TAGS.search(piece, 0, cut):
        return [], piece
    try:
        return piece[:cut].decode().split("</row>")[:-1], piece[cut:]
    except UnicodeDecodeError:
        return [], piece


@dataclass(frozen=True)
class _Shape:
    """How rows of one kind are written to the letter, but for their number and the texts of their cells."""

    pattern: re.Pattern[str]
    is_hidden: bool
    columns: list[int]
    kinds: tuple[str, ...]
    looks: tuple[str, ...]


class _PlainRows:
    """Gives plain rows to the handler. What many rows have in common is worked out once."""

    def __init__(self, handler: SheetHandler) -> None:
        self._handler = handler
        self._hidden: dict[str, bool | None] = {}
        self._columns: dict[tuple[str, ...], list[int] | None] = {}
        self._seen: Counter[tuple] = Counter()
        self._shapes: list[_Shape] = []

    def take(self, row: str) -> bool:
        """Whether the row is plain; then the handler has it."""
        if ("&" in row or not row.isprintable()) and NOT_PLAIN.search(row):
            return False
        for shape in self._shapes:
            if found := shape.pattern.fullmatch(row):
                number, *texts = found.groups()
                cells = (shape.columns, texts, shape.kinds, shape.looks)
                self._handler.plain_row(int(number), shape.is_hidden, cells)
                return True
        return self._take_other(row)

    def _take_other(self, row: str) -> bool:
        """A row of no known shape, cell by cell."""
        head = _ROW.match(row)
        found = _CELL.findall(row, head.end()) if head else []
        if head is None or not found:
            return False
        number, tail = head.groups()
        is_hidden = self._is_hidden(tail)
        letters, digits, looks, kinds, values, inline = zip(*found, strict=True)
        columns = self._numbers(letters)
        texts = len(inline) - inline.count("")
        empty = values.count("") - texts
        tags = 1 + 4 * len(found) - 3 * empty + 2 * texts  # an empty cell is one tag, a value four, inline text six
        if is_hidden is None or columns is None or {row.count("<"), row.count(">")} != {tags}:
            return False
        if digits.count(number) != len(digits):
            return False
        self._handler.plain_row(int(number), is_hidden, (columns, list(map(str.__add__, values, inline)), kinds, looks))
        signature = (tail, letters, looks, kinds, tuple(map(bool, values)), tuple(map(bool, inline)))
        self._learn(signature, columns, is_hidden)
        return True

    def _learn(self, signature: tuple, columns: list[int], is_hidden: bool) -> None:
        """Make a shape of what came often enough."""
        self._seen[signature] += 1
        if self._seen[signature] == _OFTEN and len(self._shapes) < _MAX_SHAPES:
            tail, *of_cells = signature
            cells = list(zip(*of_cells, strict=True))
            written = "".join(_written(*cell) for cell in cells)
            pattern = re.compile(rf'\s*<row r="([1-9]\d{{0,6}})"{re.escape(tail)}>{written}\s*', re.ASCII)
            filled = [at for at, (*_, value, inline) in enumerate(cells) if value or inline]
            kinds, looks = (tuple(of_cells[which][at] for at in filled) for which in (2, 1))
            self._shapes.append(_Shape(pattern, is_hidden, [columns[at] for at in filled], kinds, looks))
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()

    def _is_hidden(self, attributes: str) -> bool | None:
        """What a row's further attributes say; None where the XML parser must judge them."""
        if attributes not in self._hidden:
            found = _ATTRIBUTE.findall(attributes)
            named = dict(found)
            is_plain = len(named) == len(found) and "r" not in named
            if len(self._hidden) >= _REMEMBERED:
                self._hidden.clear()
            self._hidden[attributes] = named.get("hidden") in ("1", "true") if is_plain else None
        return self._hidden[attributes]

    def _numbers(self, letters: tuple[str, ...]) -> list[int] | None:
        """The numbers of ascending columns; None for others."""
        if letters not in self._columns:
            if len(self._columns) >= _REMEMBERED:
                self._columns.clear()
            try:
                numbers = [column_number(name) for name in letters]
            except ValueError:
                numbers = []
            is_ascending = numbers == sorted(set(numbers)) and bool(numbers)
            self._columns[letters] = numbers if is_ascending else None
        return self._columns[letters]


def _written(letters: str, look: str, kind: str, value: bool, inline: bool) -> str:
    """The pattern of one cell in the row whose number the first group holds."""
    start = rf'\s*<c r="{letters}\1"' + (f' s="{look}"' if look else "") + (f' t="{kind}"' if kind else "")
    if value:
        return start + "><v>([^<>]+)</v></c>"
    return start + ('><is><t(?: xml:space="preserve")?>([^<>]+)</t></is></c>' if inline else "/>")
