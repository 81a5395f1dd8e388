"""Marts as of a period and as known at a moment; docs/as-of.md says nothing that does not happen."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from deliveries import Delivery
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.string import TextLoader
from sqlalchemy import text
from sqlalchemy.exc import DataError

from courtyard.period import Period
from courtyard.store import database
from quarter import HOME, OTHER_HOME, at, benefit, entry, rows, run

PAGE = Path(__file__).resolve().parents[2] / "docs/as-of.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"(\w+) (\S+) received (\S+)")
_ROW = re.compile(r"  (\w+) (\S+)(?: household (\d+) (\w+))?\s+at (\S+)(?: (\w+))?")
_RELATIONS = {"head": "0", "spouse": "1", "child": "2"}
Q1, Q2, Q3 = "2026Q1", "2026Q2", "2026Q3"
APRIL = "2026-04-15 23:59:59+08"


def blocks() -> list[tuple[str, str]]:
    return _FENCE.findall(PAGE.read_text("utf-8"))


def deliveries() -> list[Delivery]:
    """The deliveries that the page lists."""
    found: list[Delivery] = []
    for line in "".join(body for kind, body in blocks() if kind == "deliveries").splitlines():
        if head := _HEAD.fullmatch(line):
            dataset, period, day = head.groups()
            received = datetime.fromisoformat(f"{day}T08:00:00+08:00")
            found.append(Delivery(dataset, [], period, received))
            continue
        number, name, household, relation, address, status = _ROW.fullmatch(line).groups()
        values: dict[str, Any] = {"name": name, "address": address}
        if found[-1].dataset == "population":
            values |= {"household_no": household, "relation": _RELATIONS[relation], "status": status or "resident"}
            found[-1].rows.append(entry(number, **values))
        else:
            found[-1].rows.append(benefit(number, found[-1].period, **values))
    return found


def table(ctx, query: str) -> str:
    """A query's answer as the page prints it: values as the database writes them, - for NULL."""
    with ctx.engine("publisher").connect() as connection, connection.connection.cursor() as cursor:
        for kind in ("date", "timestamptz", "numeric", "int8", "int4"):
            cursor.adapters.register_loader(kind, TextLoader)
        cursor.execute("SET LOCAL timezone = 'Asia/Shanghai'")
        cursor.execute(query)
        lines = [tuple(column.name for column in cursor.description), *(tuple(map(_cell, row)) for row in cursor)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
    return "\n".join(padded) + "\n"


def _cell(value: Any) -> str:
    return "-" if value is None else ", ".join(value) if isinstance(value, list) else str(value)


def _width(cell: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in cell)


@pytest.fixture
def example(ctx):
    """A warehouse that has merged what the page lists, each delivery when it came."""
    for delivery in sorted(deliveries(), key=lambda d: d.received_at):
        run(ctx, delivery)
    return ctx


def test_the_page_prints_what_the_queries_answer(example):
    asked = [
        (query, printed) for (kind, query), (_, printed) in zip(blocks(), blocks()[1:], strict=False) if kind == "sql"
    ]
    assert len(asked) >= 8
    for query, printed in asked:
        assert table(example, query) == printed, query
