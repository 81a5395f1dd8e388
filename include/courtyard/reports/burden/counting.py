"""How many cells a form asks for, how many of them the archive fills, and how many are left for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import District, ReportSpec
from courtyard.reports.burden.facts import asked_by
from courtyard.reports.content import Content
from courtyard.store import database

_COLUMNS = (
    "street_code", "report", "period", "revision", "position", "column_name", "header", "fact", "asked", "filled",
    "by_hand",
)  # fmt: skip


@dataclass(frozen=True)
class CellCount:
    """The cells of one column of a form's body. What is neither filled nor by hand no source knows."""

    column: str
    header: str
    fact: str
    asked: int
    filled: int
    by_hand: int


def count(district: District, spec: ReportSpec, made: Content) -> list[CellCount]:
    """The counts of a form's columns, left to right.

    A cell merged over rows is asked once. A dash says "not applicable" and is an answer. Cells left for a
    person are the empty ones of a column declared `by_hand`, or of one that no source fills and that is empty
    throughout.
    """
    found = []
    by_column = zip(*made.rows, strict=True) if made.rows else ((),) * len(spec.columns)
    for column, cells in zip(spec.columns, by_column, strict=True):
        values = cells
        if column.name in spec.merge_columns:
            values = tuple(value for (_, value), _ in groupby(zip(_runs(made.groups), cells, strict=True)))
        filled = len(values) - values.count(None) - values.count("")
        asked = asked_by(district, column, spec)
        is_typed = column.by_hand or (not asked.has_source and filled == 0)
        by_hand = len(values) - filled if is_typed else 0
        found.append(CellCount(column.name, column.header, asked.fact, len(values), filled, by_hand))
    return found


def _runs(groups: Sequence[str | None]) -> list[object]:
    """A key for each row, equal among rows of one merged cell; a row without a group stands alone."""
    return [index if group is None else group for index, group in enumerate(groups)]


def record(connection: Connection, ctx: Context, where: dict[str, str], revision: int, counts: list[CellCount]) -> None:
    """Keep the counts of a publication, within the transaction that records it."""
    database.copy_rows(
        connection,
        "publish.cell_count",
        _COLUMNS,
        (
            (ctx.street_code, where["report"], where["period"], revision, position, c.column, c.header, c.fact,
             c.asked, c.filled, c.by_hand)
            for position, c in enumerate(counts)
        ),
    )  # fmt: skip
