"""Marts as of a period and as known at a moment; docs/as-of.md says nothing that does not happen."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from deliveries import Delivery
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.string import TextLoader
from sqlalchemy import text
from sqlalchemy.exc import DataError

from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.store import catalogue
from quarter import HOME_CODE, OTHER_CODE, OTHER_HOME, at, benefit, entry, rows, run, wipe

PAGE = Path(__file__).resolve().parents[2] / "docs/as-of.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"(\w+) (\S+) received (\S+)")
_ROW = re.compile(r"  (\w+) (\S+)(?: household (\d+) (\w+))?\s+at (\S+)(?: (\w+))?")
_RELATIONS = {"head": "0", "spouse": "1", "child": "2"}
Q1, Q2, Q3 = "2026Q1", "2026Q2", "2026Q3"


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


def one(ctx, query: str, **values: Any) -> Any:
    ((value,),) = rows(ctx, query, **values)
    return value


SPELLINGS = st.one_of(
    st.builds("{:04d}".format, st.integers(0, 9999)),
    st.builds("{:04d}H{}".format, st.integers(1900, 2100), st.integers(0, 3)),
    st.builds("{:04d}Q{}".format, st.integers(1900, 2100), st.integers(0, 5)),
    st.builds("{:04d}-{:02d}".format, st.integers(1900, 2100), st.integers(0, 13)),
    st.builds("{:04d}-W{:02d}".format, st.integers(1900, 2100), st.integers(0, 54)),
    st.text("0123456789HQW- ", max_size=9),
)


def test_the_database_and_the_library_agree_on_every_period(ctx):
    with ctx.engine().connect() as connection:

        @settings(max_examples=400)
        @given(SPELLINGS)
        def agree(spelling):
            query, values = text("SELECT mart.last_day(:p), lower(mart.period_days(:p))"), {"p": spelling}
            try:
                period = Period.parse(spelling)
            except UsageError as refused:
                with pytest.raises(DataError) as error, connection.begin_nested():
                    connection.execute(query, values)
                assert refused.remedy in str(error.value.orig)
            else:
                assert tuple(connection.execute(query, values).one()) == (period.last_day, period.start)

        agree()


def register(period: str, *entries: dict[str, Any], received: datetime | None = None) -> Delivery:
    return Delivery("population", list(entries), period, received or at({Q1: 4, Q2: 7, Q3: 10}[period], 3))


def residences(ctx) -> list[tuple[Any, ...]]:
    return rows(
        ctx, "SELECT courtyard_code, valid_from::text, valid_to::text, came, went FROM mart.residence ORDER BY 2, 3"
    )


def test_an_entry_that_changes_something_else_is_no_move(ctx):
    run(ctx, register(Q1, entry("1", phone="a")))
    run(ctx, register(Q2, entry("1", phone="b")))
    assert residences(ctx) == [(HOME_CODE, "2026-01-01", "infinity", "first", None)]
    assert one(ctx, "SELECT recorded_at FROM mart.residence") == at(7, 3)


def test_who_is_entered_twice_lives_where_the_later_entry_says_and_goes_back_when_it_ends(ctx):
    run(ctx, register(Q1, entry("1")))
    run(ctx, register(Q2, entry("2", name="样1", id_number="ID-1", address=OTHER_HOME)))
    run(ctx, register(Q3, entry("2", name="样1", id_number="ID-1", address=OTHER_HOME, status="moved_out")))
    assert residences(ctx) == [
        (HOME_CODE, "2026-01-01", "2026-04-01", "first", "moved"),
        (OTHER_CODE, "2026-04-01", "2026-07-01", "moved", "moved"),
        (HOME_CODE, "2026-07-01", "infinity", "moved", None),
    ]


def test_a_household_that_joins_another_ends_and_says_where_it_went(ctx):
    run(ctx, register(Q1, entry("1", relation="0"), entry("2", relation="0", household_no="H2", address=OTHER_HOME)))
    run(ctx, register(Q2, entry("2", relation="5", household_no="H1")))
    query = """SELECT valid_from::text, valid_to::text, members, began, cardinality(came_from), ended, cardinality(went_to),
                      came_from[1] = (SELECT household_id FROM mart.household_as_of('2026Q1') WHERE courtyard_code = :other)
                 FROM mart.household_version ORDER BY courtyard_code = :other, 1"""
    assert rows(ctx, query, other=OTHER_CODE) == [
        ("2026-01-01", "2026-04-01", 1, "formed", None, None, None, None),
        ("2026-04-01", "infinity", 2, "changed", 1, None, None, True),
        ("2026-01-01", "2026-04-01", 1, "formed", None, "joined", 1, None),
    ]
    assert one(ctx, "SELECT count(*) FROM mart.household") == 1


def test_a_household_under_a_new_number_is_no_split(ctx):
    run(ctx, register(Q1, entry("1", relation="0"), entry("2", relation="1")))
    run(ctx, register(Q2, entry("1", relation="0", household_no="H2"), entry("2", relation="1", household_no="H2")))
    assert rows(ctx, "SELECT began, ended FROM mart.household_version ORDER BY valid_from") == [
        ("formed", "joined"),
        ("formed", None),
    ]


def test_a_household_that_all_leave_and_one_comes_back_to(ctx):
    run(ctx, register(Q1, entry("1", relation="0"), entry("2")))
    run(ctx, register(Q2, entry("1", relation="0", status="moved_out"), entry("2", status="deceased")))
    run(ctx, register(Q3, entry("1", relation="0")))
    query = "SELECT valid_from::text, members, began, ended, since::text FROM mart.household_version ORDER BY 1"
    assert rows(ctx, query) == [
        ("2026-01-01", 2, "formed", "left", "2026-01-01"),
        ("2026-07-01", 1, "returned", None, "2026-07-01"),
    ]
    assert one(ctx, "SELECT count(*) FROM mart.household_as_of('2026Q2')") == 0
    assert one(ctx, "SELECT count(*) FROM mart.household_as_of('2026Q2', :then)", then=at(5)) == 1


def test_two_heads_are_no_head_and_nobody_is_lost(ctx):
    run(ctx, register(Q1, entry("1", relation="0"), entry("2", relation="0"), entry("3")))
    assert rows(ctx, "SELECT head, members, cardinality(persons) FROM mart.household") == [(None, 3, 3)]


def test_the_history_does_not_depend_on_the_order_of_arrival(ctx):
    quarters = [
        register(Q1, entry("1", relation="0"), entry("2", relation="1")),
        register(Q2, entry("2", relation="0", household_no="H2", address=OTHER_HOME)),
        register(Q3, entry("1", relation="0", status="moved_out"), entry("2", relation="0", household_no="H2")),
    ]
    told = "household_id, valid_from::text, valid_to::text, courtyard_code, persons, head, began, came_from, ended, went_to"
    query = f"SELECT {told} FROM mart.household_version ORDER BY 1, 2"
    answers = []
    for order in permutations(quarters):
        wipe(ctx)
        for delivery in order:
            run(ctx, delivery)
        answers.append(rows(ctx, query))
    assert len(answers[0]) == 4
    assert all(answer == answers[0] for answer in answers)


def test_someone_said_to_be_gone_is_held_but_has_no_home_or_household(ctx):
    run(ctx, register(Q1, entry("1")))
    run(ctx, register(Q2, entry("1", status="moved_out")))
    query = "SELECT courtyard_code, household_id IS NULL, is_active, datasets FROM mart.person_as_of(:period)"
    assert rows(ctx, query, period="2025Q4") == []
    assert rows(ctx, query, period=Q1) == [(HOME_CODE, False, True, ["population"])]
    assert rows(ctx, query, period=Q2) == [(None, True, False, ["population"])]


def test_of_datasets_that_hold_a_person_on_the_day_the_most_trusted_speaks(ctx):
    run(
        ctx,
        register(Q1, entry("1", name="样甲")),
        Delivery("dibao_register", [benefit("1", "2026-02")], "2026-02", at(4)),
    )
    query = "SELECT name, datasets FROM mart.person_as_of(:period)"
    assert rows(ctx, query, period="2026-02") == [("样甲", ["dibao_register", "population"])]
    assert rows(ctx, query, period=Q1) == [("样甲", ["population"])]


def test_what_is_known_now_equals_what_is_known_after_the_last_delivery(example):
    for name in catalogue.historic():
        for period in ("2026-03", Q1, "2026H1", "2026"):
            now = rows(example, f"SELECT md5(t::text) FROM mart.{name}_as_of(:p) t ORDER BY 1", p=period)
            after = rows(
                example, f"SELECT md5(t::text) FROM mart.{name}_as_of(:p, '2026-12-31') t ORDER BY 1", p=period
            )
            assert now == after, (name, period)
            before = rows(example, f"SELECT FROM mart.{name}_as_of(:p, '2026-01-01') t", p=period)
            assert not before or name in {"courtyard", "courtyard_archive", "submission_status"}, (name, period)


def test_a_view_and_its_function_have_the_same_columns(ctx):
    with ctx.engine().connect() as connection:
        marts = catalogue.marts(connection)
    views = {m.name: m.columns for m in marts if m.arguments is None}
    paired = [m for m in marts if m.name.endswith("_as_of") and m.name.removesuffix("_as_of") in views]
    assert len(paired) >= 6
    for mart in paired:
        assert [c.name for c in mart.columns] == [c.name for c in views[mart.name.removesuffix("_as_of")]], mart.name
        assert (
            mart.arguments
            == "period text, known_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone"
        )
