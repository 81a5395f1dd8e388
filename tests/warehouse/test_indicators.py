"""Indicators of a courtyard, a community and the street: value, what it is made of, and its trend."""

from __future__ import annotations

from decimal import Decimal

import pytest
from deliveries import Delivery

from courtyard.district.figures import Indicator
from courtyard.period import Period
from courtyard.warehouse.indicators import Value, value_of
from courtyard.warehouse.indicators import rows as rows_of
from quarter import HOME_CODE, OTHER_CODE, OTHER_HOME, at, entry, rows, run

SHARE = Indicator(indicator="s", title="占比", unit="%", numerator="population.a", denominator="population.p", per=100)
COUNT = Indicator(indicator="c", title="数", unit="件", numerator="population.a")


def figures(a, p=None):
    return {"population.a": a, "population.p": p}


@pytest.mark.parametrize(
    ("indicator", "courtyards", "expected"),
    [
        (SHARE, [figures(1, 3)], ("33.33", 1, 3, "known", 1, 1)),
        (SHARE, [figures(1, 3), figures(1, 5)], ("25.00", 2, 8, "known", 2, 2)),
        (SHARE, [figures(1, 3), figures(None, 5), figures(4, None)], ("33.33", 1, 3, "known", 3, 1)),
        (SHARE, [figures(None, 5)], (None, None, None, "no_data", 1, 0)),
        (SHARE, [figures(0, 0)], (None, 0, 0, "no_cases", 1, 1)),
        (SHARE, [figures(0, 4)], ("0.00", 0, 4, "known", 1, 1)),
        (COUNT, [figures(2), figures(0), figures(None)], ("2.00", 2, None, "known", 3, 2)),
    ],
    ids=["one", "added up before dividing", "unknown left out", "no data", "nothing to divide by", "zero", "a count"],
)
def test_an_indicator_adds_up_what_is_known(indicator, courtyards, expected):
    value, *rest = expected
    assert value_of(indicator, courtyards) == Value(value and Decimal(value), *rest)


def test_every_courtyard_community_and_the_street_has_a_row_whatever_is_known():
    found = list(
        rows_of([SHARE], "S", [("1", "A", figures(1, 2)), ("2", "A", figures(None, 2)), ("3", "B", figures(None))])
    )
    assert [(row[2], row[0], row[8], row[9], row[10]) for row in found] == [
        ("courtyard", "1", "known", 1, 1), ("community", "A", "known", 2, 1), ("street", "S", "known", 3, 1),
        ("courtyard", "2", "no_data", 1, 0), ("courtyard", "3", "no_data", 1, 0), ("community", "B", "no_data", 1, 0),
    ]  # fmt: skip


def people(old, young, address=None):
    where = {"address": address} if address else {}
    born = ["1950-01-01"] * old + ["1990-01-01"] * young
    return [entry(f"{address or ''}{n}", birth_date=day, **where) for n, day in enumerate(born)]


TREND = """SELECT period, value::float, previous::float, change::float, year_before::float, change_on_year::float
             FROM mart.courtyard_indicator WHERE unit_code = :unit AND indicator = 'aged_60_share' ORDER BY period"""


def test_an_indicator_tells_its_change_on_the_quarter_and_on_the_year_before(ctx):
    run(ctx, Delivery("population", people(1, 4), "2025Q3", at(10, year=2025)))
    run(ctx, Delivery("population", people(2, 3), "2026Q2", at(7)))
    run(ctx, Delivery("population", people(3, 2), "2026Q3", at(10)))
    assert rows(ctx, TREND, unit=HOME_CODE) == [
        ("2025Q3", 20, None, None, None, None), ("2026Q2", 40, None, None, None, None), ("2026Q3", 60, 40, 20, 20, 40),
    ]  # fmt: skip


def test_a_late_correction_of_one_quarter_changes_the_trend_of_the_next(ctx):
    run(ctx, Delivery("population", people(1, 4), "2026Q2", at(7)))
    run(ctx, Delivery("population", people(2, 3), "2026Q3", at(10)))
    run(ctx, Delivery("population", people(2, 3), "2026Q2", at(10, 20), fetched_for="2026Q3"))
    assert rows(ctx, TREND, unit=HOME_CODE)[-1][:4] == ("2026Q3", 40, 40, 0)
    as_of = """SELECT value::float, previous::float, change::float FROM mart.courtyard_indicator_as_of('2026Q3', :known)
                WHERE unit_code = :unit AND indicator = 'aged_60_share'"""
    assert [rows(ctx, as_of, unit=HOME_CODE, known=known) for known in (at(9), at(10, 19), at(10, 20))] == [
        [], [(40, 20, 20)], [(40, 40, 0)],
    ]  # fmt: skip


def test_a_community_and_the_street_are_made_of_their_courtyards(ctx):
    run(ctx, Delivery("population", people(1, 4) + people(3, 2, OTHER_HOME), "2026Q3", at(10)))
    query = """SELECT level, value::float, numerator::int, denominator::int, courtyards FROM mart.courtyard_indicator
                WHERE unit_code = :unit AND indicator = 'aged_60_share'"""
    community, street = ctx.district.community_of(HOME_CODE).code, ctx.street_code
    assert rows(ctx, query, unit=HOME_CODE) == [("courtyard", 20, 1, 5, 1)]
    assert rows(ctx, query, unit=OTHER_CODE) == [("courtyard", 60, 3, 5, 1)]
    standing = [
        c for c in ctx.district.courtyards if ctx.district.history.exists(c.code, Period.quarter("2026Q3").last_day)
    ]
    size = sum(ctx.district.community_of(c.code).code == community for c in standing)
    assert rows(ctx, query, unit=community) == [("community", 40, 4, 10, size)]
    assert rows(ctx, query, unit=street) == [("street", 40, 4, 10, len(standing))]
    state = "SELECT DISTINCT state FROM mart.courtyard_indicator WHERE indicator = :name"
    assert rows(ctx, state, name="hotline_in_time") == [("no_data",)]


def test_a_former_archive_is_seen_as_it_was_known(ctx):
    run(ctx, Delivery("population", people(1, 4), "2026Q3", at(10)))
    run(ctx, Delivery("population", people(1, 5), "2026Q3", at(10, 9)))
    query = "SELECT population ->> 'persons' FROM mart.courtyard_archive_as_of('2026Q3', :known) WHERE courtyard_code = :code"
    now = "SELECT population ->> 'persons' FROM mart.courtyard_archive_as_of('2026Q3') WHERE courtyard_code = :code"
    known = [rows(ctx, query, code=HOME_CODE, known=moment) for moment in (at(9), at(10, 8), at(10, 9))]
    assert [*known, rows(ctx, now, code=HOME_CODE)] == [[], [("5",)], [("6",)], [("6",)]]
