"""The headers that a contract knows, in its own layout or in that of another version of the form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from courtyard.district.models import Column, Contract, FormVersion
from courtyard.parsing import units
from courtyard.parsing.text import compact

_MARKS = re.compile(r"[*:：]")
_BRACKETED = re.compile(r"[(\[【](?!百|千|万|亿)[^)\]】]*[)\]】]$")  # 万元 is no other way to write 元


@lru_cache(maxsize=16_384)
def fold(header: str) -> str:
    """A header as the vocabulary compares it: no white space, no marks, no unit in brackets at its end."""
    text = _MARKS.sub("", compact(header)).casefold()
    return _BRACKETED.sub("", text) or text


@dataclass(frozen=True)
class Vocabulary:
    """Folded headers to column names; `measured` are the columns that may be written in another unit."""

    contract: Contract
    names: Mapping[str, str]
    measured: frozenset[str] = frozenset()
    form: FormVersion | None = None

    @classmethod
    def of(cls, contract: Contract, form: FormVersion | None = None) -> Vocabulary:
        """The contract's own headers, or those of a version of its form: what the version says comes first."""
        columns = [c for c in contract.columns if form is None or c.name not in form.without]
        changed = form.headers if form else {}
        names: dict[str, str] = {fold(changed[c.name]): c.name for c in columns if c.name in changed}
        for spelled, column in _in_order([c for c in columns if c.name not in changed]):
            names.setdefault(fold(spelled), column.name)
        measured = [c for c in columns if c.unit]
        for column in measured:
            for spelled in (changed.get(column.name, column.header), *column.synonyms):
                if found := units.at_end(spelled):
                    names.setdefault(fold(found[0]), column.name)
        return cls(contract, names, frozenset(c.name for c in measured), form)

    def look_up(self, header: str) -> tuple[str, str | None] | None:
        """The column of a header, and the unit that the header declares for one that has a unit."""
        name = self.names.get(fold(header))
        if name is not None and name not in self.measured:
            return name, None
        found = units.at_end(header) if self.measured else None
        if name is None and found:
            name = self.names.get(fold(found[0]))
            name = name if name in self.measured else None
        return None if name is None else (name, found and found[1])


def _in_order(columns: Iterable[Column]) -> Iterator[tuple[str, Column]]:
    """Each column's own header before anybody's synonyms."""
    columns = tuple(columns)
    yield from ((column.header, column) for column in columns)
    yield from ((synonym, column) for column in columns for synonym in column.synonyms)
