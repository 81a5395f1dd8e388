"""One normaliser per column of a contract, each unique cell worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from courtyard.district.models import Column, Contract
from courtyard.parsing import dates, identifiers, numbers, text
from courtyard.parsing.cells import Cell, Typed
from courtyard.parsing.tables import is_read
from courtyard.parsing.text import NOTHING, Outcome

DEADLINE_YEARS = 10  # how far ahead the two-digit year of a deadline may lie
MAX_CHARACTERS = 32_767  # of a workbook cell; longer ones are quarantined everywhere
_BROKEN = re.compile("[\x00\ufffd\ud800-\udfff]")
_ID_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])", re.ASCII)
HIDDEN_ID = "[身份证号]"
_KIND_PROBLEMS = {
    "error": "cell.error_value",
    "formula": "cell.formula_without_value",
    "invalid": "number.unreadable",
    "nested": "cell.nested",
}
Normaliser = Callable[[str | Typed], Outcome]
CodeValues = Mapping[str, Mapping[str, tuple[str, ...]]]
_PRECISION = {"year": 4, "month": 7, "day": 10}  # characters of an ISO date that say so much


@dataclass(frozen=True)
class Terms:
    """What the cells of one table are read by.

    `as_of` bounds two-digit years: the last day of the period the rows speak of. `counted_on` is the day
    on which ages hold. `units` are the units that columns are written in where they declare one.
    """

    as_of: date | None = None
    counted_on: date | None = None
    units: Mapping[str, str] = field(default_factory=dict)


_BY_TYPE: dict[str, Normaliser] = {
    "text": text.as_text,
    "address": text.address,
    "person_name": text.person_name,
    "id_number": identifiers.id_number,
    "phone": identifiers.phone,
    "datetime": dates.read_datetime,
    "integer": numbers.integer,
    "decimal": numbers.decimal,
    "yes_no": text.yes_no,
    "credit_code": identifiers.credit_code,
    "disability_no": identifiers.disability_no,
}


def column_normaliser(column: Column, codes: CodeValues, terms: Terms = Terms()) -> Normaliser:
    """What turns a filled cell of this column into (value, problem code)."""
    match column.type:
        case "code":
            accepted = text.spellings(codes[column.codes or ""])
            return lambda cell: text.code(cell, accepted)
        case "date":
            return _dates(column, terms)
        case "age":
            return partial(numbers.age, as_of=terms.counted_on)
        case "text" if column.role == "courtyard_name":
            return text.address
        case "integer" | "decimal" if column.unit:
            written = terms.units.get(column.name, column.unit)
            is_whole = column.type == "integer"
            return lambda cell: numbers.measured(cell, written, column.unit or "", is_whole)
    return _BY_TYPE[column.type]


def _dates(column: Column, terms: Terms) -> Normaliser:
    """A column's dates, which must say at least as much as its precision."""
    ahead = DEADLINE_YEARS if column.deadline else 0
    century = dates.Century(
        terms.as_of.year + ahead if terms.as_of else None, column.earliest.year if column.earliest else 1900
    )
    least = _PRECISION[column.precision]

    def precise(cell: str | Typed) -> Outcome:
        value, problem = dates.read_date(cell, century)
        if isinstance(value, str) and len(value) < least:
            return (None, "date.imprecise") if column.required else (value, "date.imprecise_kept")
        return value, problem

    return precise if least > _PRECISION["year"] else lambda cell: dates.read_date(cell, century)


def _without_ids(work: Normaliser) -> Normaliser:
    """Free text without the ID numbers written into it: they leave parsing sealed, and a remark is not."""

    def hide(found: re.Match[str]) -> str:
        return found[0] if identifiers.id_number(found[0])[1] else HIDDEN_ID

    def read(cell: str | Typed) -> Outcome:
        value, problem = work(cell)
        hidden = _ID_IN_TEXT.sub(hide, value) if isinstance(value, str) and len(value) >= 18 else value
        return (value, problem) if hidden == value else (hidden, "text.id_number")

    return read


def normalise(cell: Cell, work: Normaliser) -> Outcome:
    """One cell: what no column can hold is named first, the rest is the column's own."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Typed):
        return (None, problem) if (problem := _KIND_PROBLEMS.get(cell.kind)) else work(cell)
    if len(cell) > MAX_CHARACTERS:
        return None, "cell.too_long"
    if broken := _BROKEN.search(cell):
        return None, "text.replacement_char" if broken[0] == "\ufffd" else "text.invalid_character"
    return work(cell)


class Normalisers:
    """The normalisers of a contract, remembering every cell they have seen."""

    def __init__(self, contract: Contract, codes: CodeValues, terms: Terms = Terms()) -> None:
        keys = {name for alternative in contract.key for name in alternative}
        self._work = {c.name: column_normaliser(c, codes, terms) for c in contract.columns if is_read(c)}
        for column in contract.columns:
            if column.type == "text" and column.name in self._work and not column.role and column.name not in keys:
                self._work[column.name] = _without_ids(self._work[column.name])
        self._values: dict[str, dict[Cell, object]] = {name: {None: None} for name in self._work}
        self._codes: dict[str, dict[Cell, str]] = {name: {} for name in self._work}

    def column(self, name: str, cells: Sequence[Cell]) -> tuple[list, list[tuple[int, str]]]:
        """Values in the cells' order, and (index, problem code) where there is something to say."""
        values, codes, work = self._values[name], self._codes[name], self._work[name]
        for cell in set(cells).difference(values):
            values[cell], problem = normalise(cell, work)
            if problem:
                codes[cell] = problem
        marked = [(index, codes[cell]) for index, cell in enumerate(cells) if cell in codes] if codes else []
        return [values[cell] for cell in cells], marked


def normalise_document(cell: Cell) -> Outcome:
    """The number of a document that is no ID card."""
    return normalise(cell, identifiers.other_document)
