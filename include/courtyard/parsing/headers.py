"""Which row is the header and which column of the file is which column of the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from courtyard.district.models import Contract, FormVersion
from courtyard.parsing.cells import address, column_letters, shown
from courtyard.parsing.limits import Unreadable
from courtyard.parsing.sheets import Merge, Row, Sheet
from courtyard.parsing.text import compact
from courtyard.parsing.vocabulary import Vocabulary

SEARCHED_ROWS = 30
MAX_HEADER = 200
_NOTE_ROWS = 20  # below a table
_HOSTILE = re.compile(r"[\";\x00-\x08\x0b\x0c\x0e-\x1f`\\]|--|<|>")


@dataclass(frozen=True)
class Header:
    """A header that was found. `columns` maps a contract's column to the file's; `rows` are its row numbers.

    `upper` are the columns of a two-row header whose text stands in the first row alone. `units` are the units
    its texts declare, by column; `form` is the version of the form whose headers these are.
    """

    contract: Contract
    rows: tuple[int, ...]
    columns: Mapping[str, int]
    unknown: tuple[int, ...] = ()
    repeated: tuple[str, ...] = ()
    texts: Mapping[int, str] = field(default_factory=dict, repr=False)
    units: Mapping[str, str] = field(default_factory=dict)
    form: FormVersion | None = None
    upper: frozenset[int] = frozenset()

    def heading(self, column: int) -> str:
        """The name of the cell in which a column's header stands."""
        return address(column, self.rows[0] if column in self.upper else self.rows[-1])

    @property
    def score(self) -> float:
        """How well file and contract cover each other (F1 of matched columns)."""
        matched = len(self.columns)
        expected = len(self.contract.columns) - len(self.form.without if self.form else ())
        return 2 * matched / (expected + matched + len(self.unknown)) if matched else 0.0

    @property
    def missing(self) -> list[str]:
        """Required columns that the file does not have though its version of the form has them."""
        absent = self.form.without if self.form else ()
        wanted = [c.name for c in self.contract.columns if c.required and c.role != "record_ref"]
        return [name for name in wanted if name not in self.columns and name not in absent]

    @property
    def is_plausible(self) -> bool:
        required = [c.name for c in self.contract.columns if c.required and not c.volatile]
        enough = sum(name in self.columns for name in required) * 2 >= len(required)
        return enough and len(self.columns) >= min(2, len(self.contract.columns))


def best(sheet: Sheet, contract: Contract) -> Header | None:
    """The header in the layout that the sheet has: the version of the form whose mark it bears, else the one that fits."""
    own = find(sheet, Vocabulary.of(contract))
    if not contract.forms:
        return own
    others = [found for form in contract.forms if (found := find(sheet, Vocabulary.of(contract, form)))]
    marked = [found for found in others if _is_marked(sheet, found)]
    candidates = marked or [found for found in (own, *others) if found]
    return max(candidates, key=lambda header: header.score, default=None)  # of equals, the contract's own


def _is_marked(sheet: Sheet, header: Header) -> bool:
    """Whether a mark of the header's version stands in the lines above it or in the notes below the table."""
    above = [row for row in sheet.rows[:SEARCHED_ROWS] if row.number < header.rows[0]]
    below = [row for row in sheet.rows[-_NOTE_ROWS:] if row.number > header.rows[-1] and len(row.cells) <= 2]
    texts = [compact(shown(cell)) for row in (*above, *below) for cell in row.cells.values()]
    return any(compact(mark) in text for mark in (header.form.marks if header.form else ()) for text in texts)


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
    found = _match(labels, (upper.number, lower.number), vocabulary)
    return replace(found, upper=frozenset(column for column in labels if not shown(lower.cells.get(column))))


def _around(merges: Sequence[Merge], row: int) -> list[Merge]:
    return [merge for merge in merges if merge.top <= row <= merge.bottom and merge.left < merge.right]


def _match(labels: Mapping[int, tuple[str, ...]], rows: tuple[int, ...], vocabulary: Vocabulary) -> Header:
    columns: dict[str, int] = {}
    units: dict[str, str] = {}
    repeated: list[str] = []
    for order in range(2):
        for column, texts in labels.items():
            if order >= len(texts) or column in columns.values() or len(texts[order]) > MAX_HEADER:
                continue
            if (found := vocabulary.look_up(texts[order])) is None:
                continue
            name, unit = found
            if name not in columns:
                columns[name] = column
                units |= {name: unit} if unit else {}
            elif order == 0:
                repeated.append(name)
    taken = set(columns.values())
    unknown = tuple(column for column, texts in labels.items() if column not in taken and texts[-1].strip())
    first = {column: texts[0] for column, texts in labels.items()}
    return Header(vocabulary.contract, rows, columns, unknown, tuple(repeated), first, units, vocabulary.form)


def refuse_hostile(header: Header) -> None:
    """A header that repeats itself or tries to be more than a header makes the whole table unreadable."""
    if header.repeated:
        raise Unreadable("header.duplicate", header.contract.column(header.repeated[0]).header)
    for column, text in header.texts.items():
        if len(text) > MAX_HEADER or _HOSTILE.search(text):
            raise Unreadable("header.invalid", f"{column_letters(column)}列")
