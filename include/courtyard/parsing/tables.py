"""Tables on their way: raw from a reader, then typed; both know what was counted and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from courtyard.district.models import Column, Contract
from courtyard.parsing.cells import Cell
from courtyard.parsing.problems import wording


def is_read(column: Column) -> bool:
    """Whether a column's cells are worth typing: what is kept, and what says which record a row is."""
    return not column.volatile or column.role == "record_ref"


class Problem(NamedTuple):
    """A cell that could not be typed, or (column None) a row. `cell` is its name in the file."""

    row_no: int
    column: str | None
    code: str
    cell: str | None


class Remark(NamedTuple):
    """Something about the table or one of its form rows; `header` and `detail` fill the code's wording."""

    code: str
    column: str | None = None
    cell: str | None = None
    header: str = ""
    detail: str = ""


class Finding(NamedTuple):
    """What the sender is told. No field ever holds a value of a data cell."""

    sheet: str
    row_no: int | None
    column: str | None
    cell: str | None
    code: str
    severity: str
    message: str
    suggestion: str


@dataclass
class RawTable:
    """The data rows of one dataset in one sheet, as cells by contract column."""

    contract: Contract
    sheet: str = ""
    row_nos: list[int] = field(default_factory=list)
    columns: dict[str, list[Cell]] = field(default_factory=dict)
    row_problems: dict[int, list[str]] = field(default_factory=dict)  # by index
    places: Mapping[str, str] = field(default_factory=dict)  # column -> letters; none for records
    units: dict[str, str] = field(default_factory=dict)  # column -> the unit its numbers are written in
    structural: int = 0
    is_nil: bool = False
    is_unchanged: bool = False
    period: str | None = None
    unit_code: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    rejected: tuple[str, str] | None = None  # code, detail
    landed: int = 0

    @classmethod
    def refused(cls, contract: Contract, code: str, detail: str = "", rows: int = 0, sheet: str = "") -> RawTable:
        """A table that could not be read; `rows` are its data rows where they can be counted."""
        return cls(contract, sheet, rejected=(code, detail), landed=rows)

    @classmethod
    def nothing(cls, contract: Contract) -> RawTable:
        """A table that did not come and need not come."""
        return cls(contract, contract.sheet or "", is_nil=True)

    def place(self, column: str, row_no: int) -> str:
        """A cell's name: `D7`, or the record and its field."""
        letters = self.places.get(column)
        return f"{letters}{row_no}" if letters else f"第{row_no}条 {self.contract.column(column).header}"


@dataclass
class ParsedTable:
    """Typed rows of one dataset in one sheet.

    `columns` has a list for each contract column that is kept, in the order of `row_nos`: str, int,
    bool or None. Dates keep their precision, decimals are strings, ID numbers and phones are plain:
    they are sealed before anything is stored. `is_unchanged` is what the sender says: as in the period before.
    `reason` says in Chinese why a table is refused.
    """

    dataset: str
    sheet: str
    period: str | None = None
    unit_code: str | None = None
    landed: int = 0
    structural: int = 0
    is_nil: bool = False
    is_unchanged: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # column -> letters; none for records
    missing: list[str] = field(default_factory=list)
    rejected: tuple[str, str] | None = None
    remarks: list[Remark] = field(default_factory=list)
    row_nos: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_rejected(self) -> bool:
        return self.rejected is not None

    @property
    def reason(self) -> str:
        if self.rejected is None:
            return ""
        words = wording(self.rejected[0], detail=self.rejected[1], header=self.rejected[1])
        return f"{words.message}。{words.suggestion}。"

    def findings(self, contract: Contract) -> list[Finding]:
        """The table's own findings, then those of its cells and rows in order."""
        return [*self.table_findings(), *cell_findings(self.sheet, self.problems, contract)]

    def table_findings(self) -> list[Finding]:
        """What is wrong with the table as a whole: its header, its totals, the reason of a refusal."""
        found = [
            Finding(self.sheet, None, r.column, r.cell, r.code, *wording(r.code, r.header, r.detail))
            for r in self.remarks
        ]
        if self.rejected and all(r.code != self.rejected[0] for r in self.remarks):
            code, detail = self.rejected
            found.append(Finding(self.sheet, None, None, None, code, *wording(code, detail, detail)))
        return found

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(row number, filled values by column) of each row."""
        names = list(self.columns)
        for row_no, *values in zip(self.row_nos, *self.columns.values(), strict=True):
            yield row_no, {n: v for n, v in zip(names, values, strict=True) if v is not None}


def cell_findings(sheet: str, problems: list[Problem], contract: Contract) -> Iterator[Finding]:
    """Problems of cells and rows in the sender's words."""
    headers = {c.name: c.header for c in contract.columns}
    for problem in problems:
        words = wording(problem.code, headers.get(problem.column or "", ""))
        yield Finding(sheet, problem.row_no, problem.column, problem.cell, problem.code, *words)
