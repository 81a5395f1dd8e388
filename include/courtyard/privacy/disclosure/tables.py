"""Tables of counts as they are published: what each column counts, over which days, and what adds up to what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

TOTAL = "total"  # the area of a total row: the whole street

Rest = Literal["none", "known", "open", "sensitive"]
Place = tuple[str, str]  # a cell of a table: area, column


@dataclass(frozen=True)
class Column:
    """A column of whole numbers in its smallest unit (persons, cents).

    Cells of equal `measure`, area, days and value are one fact, in whatever form they stand. A `flow` happens within
    [start, end) and adds up over days; a state holds on a day, `start` = `end`. An `amount` is paid for the counts `of`.
    `distinct_of` names the count of persons of whom this column counts each once since `start`.
    """

    name: str
    measure: str
    start: date
    end: date
    kind: Literal["count", "amount"] = "count"
    flow: bool = False
    of: tuple[str, ...] = ()
    distinct_of: str = ""

    @property
    def days(self) -> tuple[date, date]:
        return self.start, self.end


@dataclass(frozen=True)
class Whole:
    """A column, or the sum of some, that its parts add up to, but for a rest.

    The rest is `none` (where some is left after all, it is unknown), `known` to everybody, such as a difference of
    rounding, `open` (unknown, and no group of persons) or `sensitive` (persons whom no column shows, a small count of
    whom is to be protected too).
    """

    whole: tuple[str, ...]
    parts: tuple[str, ...]
    rest: Rest


@dataclass(frozen=True)
class Row:
    """One area; `values` go with the table's columns, None where a cell says nothing."""

    area: str
    values: tuple[int | None, ...]


@dataclass(frozen=True)
class Table:
    """The counts of one form for the days [start, end); a row of area `TOTAL` sums the others."""

    name: str
    start: date
    end: date
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    wholes: tuple[Whole, ...] = ()

    def value(self, area: str, column: str) -> int | None:
        index = next(i for i, c in enumerate(self.columns) if c.name == column)
        return next(row.values[index] for row in self.rows if row.area == area)

    def plain(self) -> dict[str, Any]:
        """The table as JSON keeps it, days as ISO text."""
        return json.loads(json.dumps(asdict(self), default=date.isoformat))

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Table:
        """The table that `plain` described."""
        return cls(
            plain["name"],
            date.fromisoformat(plain["start"]),
            date.fromisoformat(plain["end"]),
            tuple(_column(c) for c in plain["columns"]),
            tuple(Row(r["area"], tuple(r["values"])) for r in plain["rows"]),
            tuple(Whole(tuple(w["whole"]), tuple(w["parts"]), w["rest"]) for w in plain["wholes"]),
        )


@dataclass(frozen=True)
class Pattern:
    """Which cells print `*`; `is_whole` when all do, zeros too, since nothing less protects: then nothing is told."""

    hidden: frozenset[Place]
    is_whole: bool = False


@dataclass(frozen=True)
class Published:
    """A table that was given out, and its cells that printed `*`."""

    table: Table
    hidden: frozenset[Place]


def _column(plain: dict[str, Any]) -> Column:
    start, end = date.fromisoformat(plain["start"]), date.fromisoformat(plain["end"])
    return Column(**{**plain, "start": start, "end": end, "of": tuple(plain["of"])})
