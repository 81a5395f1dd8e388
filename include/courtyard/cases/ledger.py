"""The ledger of cases: events appended, the case that follows from them kept beside, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select, text

from courtyard.cases import machine
from courtyard.cases.event import OPEN, Case, Event
from courtyard.cases.rules import Rules
from courtyard.errors import UsageError
from courtyard.store import database
from courtyard.store.tables import case as case_table
from courtyard.store.tables import event as event_table

LOCK_SECONDS = 600
_FIELDS = tuple(field.name for field in fields(Case))
_values = attrgetter(*_FIELDS)
_columns = tuple(case_table.c[name] for name in _FIELDS)
_EVENT_COLUMNS = (
    "street_code", "case_no", "seq", "kind", "at", "due_at", "level", "unit_code", "step_no", "post", "cause", "data",
    "status", "category", "urgency", "courtyard_code", "total_due_at", "acknowledge_due_at", "solve_due_at",
)  # fmt: skip
_CASE_COLUMNS = ("street_code", *_FIELDS)
_KNOWN = text(
    "SELECT case_no, cause FROM cases.event WHERE street_code = :street AND cause = ANY(:causes) AND case_no = ANY(:numbers)"
)
_MAKE_CHANGED = text("CREATE TEMP TABLE _changed (LIKE cases.case) ON COMMIT DROP")
_UPSERT = text(f"""
INSERT INTO cases.case ({", ".join(_CASE_COLUMNS)})
SELECT {", ".join(_CASE_COLUMNS)} FROM pg_temp._changed
ON CONFLICT (street_code, case_no) DO UPDATE
   SET {", ".join(f"{name} = excluded.{name}" for name in _FIELDS if name != "case_no")}
""")

Step = tuple[Event, Case]
"""An event and the case after it."""


@contextmanager
def street_lock(engine: Engine, street_code: str) -> Iterator[Connection]:
    """A transaction in which nobody else moves a case of the street."""
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"cases/{street_code}"}
        )
        yield connection


def find(connection: Connection, street_code: str, case_no: str) -> Case:
    """The case of this number; UsageError when there is none."""
    query = select(case_table).where(case_table.c.street_code == street_code, case_table.c.case_no == case_no)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise UsageError(f"没有工单{case_no}。", "用 courtyard cases list 查看全部工单。")
    return of_row(row)


def find_all(connection: Connection, street_code: str, numbers: Iterable[str]) -> dict[str, Case]:
    """The cases of these numbers, by number; those that do not exist are left out."""
    query = select(case_table).where(case_table.c.street_code == street_code, case_table.c.case_no.in_(list(numbers)))
    return {row["case_no"]: of_row(row) for row in connection.execute(query).mappings()}


def open_in(connection: Connection, street_code: str, courtyard_code: str) -> list[Case]:
    """The open cases of a courtyard that residents reported, the oldest first."""
    columns = case_table.c
    query = select(case_table).where(columns.street_code == street_code, columns.courtyard_code == courtyard_code)
    query = query.where(columns.status.in_(sorted(OPEN)), columns.direction == "up")
    rows = connection.execute(query.order_by(columns.opened_at, columns.case_no)).mappings()
    return [of_row(row) for row in rows]


def of_row(row: RowMapping) -> Case:
    """A row of `cases.case` as a case."""
    return Case.of(_FIELDS, [row[name] for name in _FIELDS])


def events(connection: Connection, street_code: str, case_no: str) -> list[Event]:
    """What happened to a case, in order."""
    columns = event_table.c
    query = (
        select(columns.kind, columns.at, columns.post, columns.cause, columns.due_at, columns.data)
        .where(columns.street_code == street_code, columns.case_no == case_no)
        .order_by(columns.seq)
    )
    return [Event(**row._mapping) for row in connection.execute(query)]


def due(connection: Connection, street_code: str, at: datetime) -> Iterator[Case]:
    """The cases whose clock has something to do by a moment."""
    query = select(*_columns).where(case_table.c.street_code == street_code, case_table.c.next_at <= at)
    for row in connection.execute(query.order_by(case_table.c.next_at, case_table.c.case_no)):
        yield Case.of(_FIELDS, row)


def known_causes(connection: Connection, street_code: str, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (case number, cause) have happened."""
    pairs = set(wanted)
    bound = {
        "street": street_code,
        "numbers": list({number for number, _ in pairs}),
        "causes": list({cause for _, cause in pairs}),
    }
    return {(row.case_no, row.cause) for row in connection.execute(_KNOWN, bound)} & pairs


def append(connection: Connection, street_code: str, steps: Sequence[Step]) -> int:
    """Append events with the cases after them, in the caller's transaction under `street_lock`; returns how many.

    Of a case with several events the steps stand in their order. IntegrityError where a cause happened before: ask
    `known_causes` first.
    """
    if not steps:
        return 0
    database.copy_rows(connection, "cases.event", _EVENT_COLUMNS, (_event_row(street_code, *step) for step in steps))
    connection.execute(_MAKE_CHANGED)
    last = {case.case_no: case for _, case in steps}
    rows = ((street_code, *_values(case)) for case in last.values())
    database.copy_rows(connection, "pg_temp._changed", _CASE_COLUMNS, rows)
    connection.execute(_UPSERT)
    connection.execute(text("DROP TABLE pg_temp._changed"))
    return len(steps)


def happen(connection: Connection, street_code: str, rules: Rules, case: Case, event: Event) -> Case:
    """Let one event happen to a case, unless its cause has happened before; returns the case after it."""
    if known_causes(connection, street_code, [(case.case_no, event.cause)]):
        return case
    after = machine.apply(rules, case, event)
    append(connection, street_code, [(event, after)])
    return after


def _event_row(street_code: str, event: Event, after: Case) -> tuple[Any, ...]:
    return (
        street_code, after.case_no, after.last_seq, event.kind, event.at, event.due_at, after.level, after.unit_code,
        after.step_no, event.post, event.cause, json.dumps(event.data, ensure_ascii=False),
        after.status, after.category, after.urgency, after.courtyard_code, after.total_due_at, after.acknowledge_due_at,
        after.solve_due_at,
    )  # fmt: skip
