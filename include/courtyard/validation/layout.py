"""Where the columns of a delivered sheet stand, as the parser left it in the batch's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from courtyard.district.models import Contract


@dataclass(frozen=True)
class Layout:
    """The sheets of one batch. `columns` maps a sheet's columns to their letters, `unknown` are (cell, header)."""

    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unknown: tuple[tuple[str, str], ...] = ()
    form: str | None = None

    @classmethod
    def of(cls, metadata: Mapping[str, Any] | None) -> Layout:
        """From `quality.batch.metadata`: sheet -> what it says of itself."""
        sheets = {sheet: said for sheet, said in (metadata or {}).items() if isinstance(said, Mapping)}
        columns = {sheet: said["columns"] for sheet, said in sheets.items() if said.get("columns")}
        unknown = tuple((cell, header) for said in sheets.values() for cell, header in said.get("unknown_columns", ()))
        return cls(columns, unknown, next((said["form"] for said in sheets.values() if said.get("form")), None))

    def has(self, column: str) -> bool:
        return any(column in columns for columns in self.columns.values())

    def lacks(self, column: str) -> bool:
        """Whether the file has columns, but not this one. Records have fields; another form may do without it."""
        return bool(self.columns) and self.form is None and not self.has(column)

    def letters(self, column: str) -> str | None:
        return next((columns[column] for columns in self.columns.values() if column in columns), None)

    def cell(self, contract: Contract, sheet: str, column: str | None, row_no: int) -> str | None:
        """The name of a cell as the parser gives it; None where it cannot be told."""
        if column is None:
            return None
        if letters := self.columns.get(sheet, {}).get(column):
            return f"{letters}{row_no}"
        is_record = contract.format in ("rows", "pages")
        return f"第{row_no}条 {contract.column(column).header}" if is_record else None


def number_of(cell: str) -> int:
    """The number of a column from its letters or a cell's name: A and A4 are 1."""
    number = 0
    for letter in cell:
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter.upper()) - 64
    return number
