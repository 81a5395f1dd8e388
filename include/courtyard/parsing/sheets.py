"""A sheet as the readers of workbooks and texts hand it over, before anyone knows what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from courtyard.parsing.cells import Cell


class Merge(NamedTuple):
    """A merged range, 1-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int


class Row(NamedTuple):
    """A row that holds something: its number in the file and its filled cells by column number."""

    number: int
    cells: dict[int, Cell]


@dataclass
class Sheet:
    """One sheet. `rows` are ascending; rows without any value are left out."""

    title: str
    rows: list[Row] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    is_hidden: bool = False
