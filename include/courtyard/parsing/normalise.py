"""One normaliser per column of a contract, each unique cell worked out once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from courtyard.district.models import Column, Contract
from courtyard.parsing import dates, identifiers, numbers, text
from courtyard.parsing.cells import Cell, Typed
from courtyard.parsing.text import NOTHING, Outcome

MAX_CHARACTERS = 32_767  # of a workbook cell; longer ones are quarantined everywhere
_BROKEN = re.compile("[\x00\ufffd\ud800-\udfff]")
_KIND_PROBLEMS = {
    "error": "cell.error_value",
    "formula": "cell.formula_without_value",
    "invalid": "number.unreadable",
    "nested": "cell.nested",
}
Normaliser = Callable[[str | Typed], Outcome]
CodeValues = Mapping[str, Mapping[str, tuple[str, ...]]]

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
}


def column_normaliser(column: Column, codes: CodeValues, as_of: date | None = None) -> Normaliser:
    """What turns a filled cell of this column into (value, problem code).

    `as_of` bounds two-digit years: the last day of the period the rows speak of.
    """
    if column.type == "code":
        accepted = text.spellings(codes[column.codes or ""])
        return lambda cell: text.code(cell, accepted)
    if column.type == "date":
        earliest = column.earliest.year if column.earliest else 1900
        century = dates.Century(as_of.year if as_of else None, earliest)
        return lambda cell: dates.read_date(cell, century)
    if column.type == "text" and column.role == "courtyard_name":
        return text.address
    return _BY_TYPE[column.type]


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

    def __init__(self, contract: Contract, codes: CodeValues, as_of: date | None = None) -> None:
        self._work = {c.name: column_normaliser(c, codes, as_of) for c in contract.columns if not c.volatile}
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
