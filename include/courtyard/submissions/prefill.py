"""What each grid's workbook says before anybody writes in it: the lists as they stood, nothing else.

A record goes to the grid in which its courtyard lies, whoever reported it: grids split and people move
between them, courtyards stay. The grid that reported it last gets it where no grid has the courtyard.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from courtyard.context import Context
from courtyard.district.models import Column, Contract, Unit
from courtyard.store import statements
from courtyard.submissions.form import CHANGED_ON, UNCHANGED, Form

_SQL = statements.load("courtyard.submissions", "prefill.sql")
_DIGITS = re.compile(r"(\d+)")
_HEAD = "0"  # GB/T 4761: the person or head of household
SEALED = ("id_number", "disability_no", "phone")

Value = str | int | float


@dataclass(frozen=True)
class Line:
    """A prefilled row: the record it is about and what its cells show. An absent column is an empty cell."""

    record_key: str
    cells: dict[str, Value]
    person_id: str | None
    courtyard_code: str | None


@dataclass
class Content:
    """What one grid's workbook holds: the lines of each dataset, and the questions."""

    groups: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    questions: list[dict[str, str]] = field(default_factory=list)


def lists(connection: Connection, ctx: Context, form: Form, units: Iterable[Unit]) -> dict[str, Content]:
    """Each unit's lists as they stood on the last day of the quarter before, in the order of the houses.

    One query for the whole street. People whom a group's age window has left are not listed.
    """
    contracts = {c.dataset: c for c in form.groups}
    found: dict[str, Content] = {unit.code: Content() for unit in units}
    values = {"street": ctx.street_code, "datasets": list(contracts), "day": ctx.period.previous().last_day}
    rows = connection.execute(_SQL["listed"], values).mappings().all()
    born_since = _born_since(ctx)
    for row in sorted(rows, key=_by_house):
        unit = _unit_of(ctx, row, found)
        if unit and not _is_too_old(row, born_since.get(row["dataset"])):
            contract = contracts[row["dataset"]]
            line = Line(row["record_key"], _cells(ctx, contract, row), row["person_id"], row["courtyard_code"])
            found[unit].groups[contract.dataset].append(line)
    return found


def claims(connection: Connection, ctx: Context, persons: Sequence[str]) -> Sequence[RowMapping]:
    """Open discrepancies of the quarter before: one row a claim, the most trusted one first."""
    values = {"street": ctx.street_code, "period": str(ctx.period.previous()), "persons": list(persons)}
    return connection.execute(_SQL["claims"], values).mappings().all()


def _unit_of(ctx: Context, row: RowMapping, units: dict[str, Content]) -> str | None:
    if row["courtyard_code"] in ctx.district.courtyard_by_code:
        own = ctx.district.grid_of(row["courtyard_code"]).code
        if own in units:
            return own
    return row["reported_by"] if row["reported_by"] in units else None


def _by_house(row: RowMapping) -> tuple[Any, ...]:
    """Courtyard, building, unit, room, household, its head first."""
    attrs = row["attrs"]
    household = row["household_id"] or attrs.get("head_name") or ""
    place = (_natural(row[name]) for name in ("courtyard_code", "building", "unit_no", "room"))
    relation = attrs.get("relation") or ""
    return (*place, household, relation != _HEAD, relation, str(attrs.get("name", "")), row["record_key"])


def _natural(text: str | None) -> list[str | int]:
    """2 before 10, nothing before anything."""
    return [int(part) if index % 2 else part for index, part in enumerate(_DIGITS.split(text or ""))]


def _born_since(ctx: Context) -> dict[str, tuple[str, date]]:
    """Dataset -> the column of the birth date and the earliest birth that is in the window on the quarter's last day."""
    windows = {group.dataset: group.birth_window for group in ctx.district.key_groups if group.birth_window}
    return {dataset: (window.column, window.on(ctx.period.last_day)[0]) for dataset, window in windows.items()}


def _is_too_old(row: RowMapping, born_since: tuple[str, date] | None) -> bool:
    """A birth date known to the month or year counts as long as it can lie in the window."""
    if born_since is None:
        return False
    column, first = born_since
    birth = row["attrs"].get(column) or "9999"
    return birth < first.isoformat()[: len(birth)]


def _cells(ctx: Context, contract: Contract, row: RowMapping) -> dict[str, Value]:
    change = contract.active.column if contract.active else None
    cells = dict(_shown(ctx, contract, row))
    if change:
        cells[change] = label(ctx, contract.column(change), UNCHANGED)
    return cells


def _shown(ctx: Context, contract: Contract, row: RowMapping) -> Iterator[tuple[str, Value]]:
    for column in contract.columns:
        if column.volatile or column.name == CHANGED_ON or column.role == "record_ref":
            continue
        kept = row["sealed"] if column.type in SEALED else row["attrs"]
        value = kept.get(column.name)
        if value is None:
            continue
        if column.type in SEALED:
            value = ctx.keys.open(value, f"{contract.dataset}/{row['record_key']}/{column.name}")
        yield column.name, label(ctx, column, value)


def label(ctx: Context, column: Column, value: Any) -> Value:
    """A kept value as the form shows it: codes and yes or no as words, dates as ISO text, numbers as numbers."""
    match column.type:
        case "code":
            return ctx.district.codes[column.codes or ""].values.get(value, (value,))[0]
        case "yes_no":
            return "是" if value else "否"
        case "integer" | "age":
            return value if isinstance(value, str) else int(value)
        case "decimal":
            return float(value)
        case _:
            return str(value)
