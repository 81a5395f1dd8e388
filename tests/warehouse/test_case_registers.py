"""What the warehouse knows of the pack for cases: categories with their ledgers, and the office's working time."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from courtyard.period import SHANGHAI
from courtyard.warehouse import registers


@pytest.fixture
def kept(ctx):
    with ctx.engine().begin() as connection:
        registers.keep_in_step(connection, ctx.district)
    return ctx


def ask(ctx, query: str, **values):
    with ctx.engine("publisher").connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def test_categories_bear_their_ledger_and_how_far_apart_one_thing_is_found(kept):
    query = "SELECT title, ledger, ledger_kind, same_within_days FROM warehouse.case_category WHERE category = ANY(:codes) ORDER BY category"
    assert ask(kept, query, codes=["gas_hazard", "light", "neighbour_dispute"]) == [
        ("燃气隐患", "hazard", "gas", 7), ("公共照明", None, None, None), ("邻里纠纷", "dispute", "neighbour", 3),
    ]  # fmt: skip
    assert ask(kept, "SELECT label FROM warehouse.code WHERE list = 'case_department' AND code = 'parks'") == [
        ("青羊区公园城市建设和城市更新局",)
    ]


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        ("2026-07-01 10:15", "2026-07-01 11:00", 45),
        ("2026-07-01 11:30", "2026-07-01 13:30", 60),  # over noon
        ("2026-07-03 16:00", "2026-07-06 10:00", 120),  # over a weekend
        ("2026-07-04 09:00", "2026-07-05 17:00", 0),
        ("2026-09-30 16:00", "2026-10-08 10:00", 120),  # over the National Day
        ("2026-02-13 16:00", "2026-02-28 17:00", None),  # 春节 with 调休: whatever the calendar says
        ("2029-12-31 16:00", "2030-01-02 10:00", 120),  # assumed
    ],
)
def test_working_minutes_are_those_of_the_calendar(kept, since, until, minutes):
    start, end = (datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI) for at in (since, until))
    worked = kept.district.office.working_time.worked(start, end).total_seconds() / 60
    assert minutes is None or worked == minutes
    query = "SELECT mart.worked_minutes(:street, :start, :end)"
    assert ask(kept, query, street=kept.street_code, start=start, end=end) == [(worked,)]


def test_beyond_the_calendar_nothing_is_said(kept):
    query = "SELECT mart.worked_minutes(:street, '2030-12-30', '2031-06-01'), mart.worked_minutes(:street, '2020-01-01', '2026-01-01')"
    assert ask(kept, query, street=kept.street_code) == [(None, None)]
