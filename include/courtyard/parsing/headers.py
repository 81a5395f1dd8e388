"""Which row is the header and which column of the file is which column of the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from courtyard.district.models import Contract
from courtyard.parsing.cells import column_letters, shown
from courtyard.parsing.limits import Unreadable
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.text import compact

SEARCHED_ROWS = 30
MAX_HEADER = 200
_MARKS = re.compile(r"[*:：]")
_BRACKETED = re.compile(r"[(\[【](?!百|千|万|亿)[^)\]】]*[)\]】]$")  # 万元 is no other way to write 元
_HOSTILE = re.compile(r"[\";\x00-\x08\x0b\x0c\x0e-\x1f`\\]|--|<|>")


@lru_cache(maxsize=16_384)
def fold(header: str) -> str:
    """A header as the vocabulary compares it: no white space, no marks, no unit in brackets at its end."""
    text = _MARKS.sub("", compact(header)).casefold()
    return _BRACKETED.sub("", text) or text


@dataclass(frozen=True)
class Vocabulary:
    """The headers of a contract, folded, to its column names."""

    contract: Contract
    names: Mapping[str, str]

    @classmethod
    def of(cls, contract: Contract) -> Vocabulary:
        names = {fold(c.header): c.name for c in contract.columns}
        for column in contract.columns:
            for synonym in column.synonyms:
                names.setdefault(fold(synonym), column.name)
        return cls(contract, names)


@dataclass(frozen=True)
class Header:
    """A header that was found. `columns` maps a contract's column to the file's; `rows` are its row numbers."""

    contract: Contract
    rows: tuple[int, ...]
    columns: Mapping[str, int]
    unknown: tuple[int, ...] = ()
    repeated: tuple[str, ...] = ()
    texts: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def score(self) -> float:
        """How well file and contract cover each other (F1 of matched columns)."""
        matched = len(self.columns)
        return 2 * matched / (len(self.contract.columns) + matched + len(self.unknown)) if matched else 0.0

    @property
    def missing(self) -> list[str]:
        """Required columns that the file does not have."""
        return [c.name for c in self.contract.columns if c.required and c.name not in self.columns]

    @property
    def is_plausible(self) -> bool:
        required = [c.name for c in self.contract.columns if c.required and not c.volatile]
        enough = sum(name in self.columns for name in required) * 2 >= len(required)
        return enough and len(self.columns) >= min(2, len(self.contract.columns))


def find(sheet: Sheet, vocabulary: Vocabulary) -> Header | None:
    """The best header among the first rows, of one row or of two joined; None when none is plausible."""
    rows = sheet.rows[:SEARCHED_ROWS]
    singles = [_single(row, vocabulary) for row in rows]
    doubles = [
        _double(sheet, rows[at], rows[at + 1], vocabulary)
        for at, (upper, lower) in enumerate(pairwise(singles))
        if (upper.columns or lower.columns) and rows[at + 1].number == rows[at].number + 1
    ]
    best = max([*singles, *doubles], key=lambda header: len(header.columns), default=None)  # of equals, one row
    return best if best and best.is_plausible else None


def _single(row: Row, vocabulary: Vocabulary) -> Header:
    labels = {column: (shown(cell),) for column, cell in row.cells.items()}
    return _match(labels, (row.number,), vocabulary)


def _double(sheet: Sheet, upper: Row, lower: Row, vocabulary: Vocabulary) -> Header:
    """Two header rows: a parent's text counts for every column it is merged over.

    A column is looked up as parent and child together, then as the child alone, then (where the
    parent reaches down or nothing stands below) as the parent alone.
    """
    parents = {column: shown(cell) for column, cell in upper.cells.items()}
    for merge in _around(sheet.merges, upper.number):
        for column in range(merge.left, min(merge.right, merge.left + MAX_HEADER) + 1):
            parents.setdefault(column, shown(upper.cells.get(merge.left)))
    labels: dict[int, tuple[str, ...]] = {}
    for column in sorted({*parents, *lower.cells}):
        parent, child = parents.get(column, ""), shown(lower.cells.get(column))
        labels[column] = (f"{parent}{child}", child) if child else (parent,)
    return _match(labels, (upper.number, lower.number), vocabulary)


def _around(merges: Sequence[Merge], row: int) -> list[Merge]:
    return [merge for merge in merges if merge.top <= row <= merge.bottom and merge.left < merge.right]


def _match(labels: Mapping[int, tuple[str, ...]], rows: tuple[int, ...], vocabulary: Vocabulary) -> Header:
    columns: dict[str, int] = {}
    repeated: list[str] = []
    unknown: list[int] = []
    for order in range(2):
        for column, texts in labels.items():
            if order >= len(texts) or column in columns.values():
                continue
            name = vocabulary.names.get(fold(texts[order])) if len(texts[order]) <= MAX_HEADER else None
            if name is None:
                continue
            if name not in columns:
                columns[name] = column
            elif order == 0:
                repeated.append(name)
    taken = set(columns.values())
    unknown = [column for column, texts in labels.items() if column not in taken and texts[-1].strip()]
    texts = {column: texts[0] for column, texts in labels.items()}
    return Header(vocabulary.contract, rows, columns, tuple(unknown), tuple(repeated), texts)


def refuse_hostile(header: Header) -> None:
    """A header that repeats itself or tries to be more than a header makes the whole table unreadable."""
    if header.repeated:
        raise Unreadable("header.duplicate", header.contract.column(header.repeated[0]).header)
    for column, text in header.texts.items():
        if len(text) > MAX_HEADER or _HOSTILE.search(text):
            raise Unreadable("header.invalid", f"{column_letters(column)}列")
