"""What schema `mart` holds: its views and functions with their columns, meaning, personal data and readers.

Everything is said once, in the COMMENTs beside the definitions. What a view or function shows of persons is said by one
of three sentences there: "No personal data.", "References to persons only." or "Personal data: <columns>.".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from sqlalchemy import Connection

from courtyard.store import statements
from courtyard.store.database import ROLES

_SQL = statements.load("courtyard.store", "catalogue.sql")
_HISTORIC = re.compile(r"^CREATE FUNCTION mart\.(\w+)_as_of\(", re.MULTILINE)
_PERSONAL = re.compile(r"Personal data: ([\w, ]+)\.|No personal data\.|References to persons only\.")


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Mart:
    """A view or function. `arguments` is None for a view; `readers` are roles without their prefix."""

    name: str
    arguments: str | None
    meaning: str
    columns: tuple[Column, ...]
    readers: tuple[str, ...]

    @property
    def is_declared(self) -> bool:
        """Whether its comment says what it shows of persons."""
        return _PERSONAL.search(self.meaning) is not None

    @property
    def is_scalar(self) -> bool:
        """Whether it returns one value, named like itself."""
        return [column.name for column in self.columns] == [self.name]

    @property
    def personal(self) -> tuple[str, ...]:
        """The columns that hold personal data; all of them where nobody has said so."""
        if not (said := _PERSONAL.search(self.meaning)):
            return tuple(column.name for column in self.columns)
        return tuple(name.strip() for name in said[1].split(",")) if said[1] else ()


@lru_cache(maxsize=1)
def historic() -> tuple[str, ...]:
    """The marts that can be asked for as of a period, read from their definitions: no server is needed."""
    texts = (part.read_text("utf-8") for part in files("courtyard.store").joinpath("marts").iterdir())
    return tuple(sorted(name for text in texts for name in _HISTORIC.findall(text)))


def marts(connection: Connection) -> list[Mart]:
    """Every view and function, by name. Columns of a function take their meaning from the view of the same rows."""
    columns: dict[int, list[Column]] = {}
    for row in connection.execute(_SQL["columns"]):
        columns.setdefault(row.oid, []).append(Column(row.name, row.type, row.meaning or ""))
    return [
        Mart(
            row.name,
            row.arguments,
            row.meaning or "",
            tuple(columns.get(row.oid, (Column(row.name, row.result, ""),))),
            tuple(role for role in ROLES if f"courtyard_{role}" in row.readers),
        )
        for row in connection.execute(_SQL["marts"])
    ]
