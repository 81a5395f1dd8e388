from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.errors import UsageError
from courtyard.period import Period

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
KINDS = st.sampled_from(["year", "half", "quarter", "month", "week"])


@pytest.mark.parametrize(
    ("text", "start", "end", "title"),
    [
        ("2026Q3", date(2026, 7, 1), date(2026, 10, 1), "2026年第三季度"),
        ("2025Q4", date(2025, 10, 1), date(2026, 1, 1), "2025年第四季度"),
        ("2026-02", date(2026, 2, 1), date(2026, 3, 1), "2026年2月"),
        ("2026H2", date(2026, 7, 1), date(2027, 1, 1), "2026年下半年"),
        ("2026", date(2026, 1, 1), date(2027, 1, 1), "2026年"),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 4), "2026年第53周"),
    ],
)
def test_a_period_knows_its_days_and_its_chinese_title(text, start, end, title):
    period = Period.parse(text)
    assert (period.start, period.end, period.title, str(period)) == (start, end, title, text)


@pytest.mark.parametrize("text", ["", "2026Q5", "2026-13", "2026-00", "2026H3", "2025-W53", "0000", "26Q1", "2026q1"])
def test_what_is_not_a_period_is_refused_with_the_accepted_forms(text):
    with pytest.raises(UsageError, match="2026Q3"):
        Period.parse(text)


def test_a_month_is_not_a_quarter():
    with pytest.raises(UsageError, match="not a quarter"):
        Period.quarter("2026-07")


def test_the_last_instant_of_a_quarter_counts_by_shanghai_time():
    assert str(Period.of("quarter", datetime(2024, 12, 31, 15, 59, tzinfo=UTC))) == "2024Q4"
    assert str(Period.of("quarter", datetime(2024, 12, 31, 16, 0, tzinfo=UTC))) == "2025Q1"


@pytest.mark.parametrize(
    ("whole", "kind", "parts"),
    [
        ("2026Q3", "month", ["2026-07", "2026-08", "2026-09"]),
        ("2026Q4", "half", ["2026H2"]),
        ("2026Q3", "half", []),
        ("2026Q4", "year", ["2026"]),
        ("2026-02", "week", ["2026-W05", "2026-W06", "2026-W07", "2026-W08"]),
    ],
)
def test_the_parts_of_a_period_are_those_that_end_in_it(whole, kind, parts):
    assert [str(p) for p in Period.parse(whole).parts(kind)] == parts


@given(KINDS, DAYS)
def test_periods_of_a_kind_tile_the_calendar(kind, day):
    period = Period.of(kind, day)
    assert period.start <= day < period.end
    assert period.next().start == period.end and period.next().previous() == period
    assert Period.parse(str(period)) == period
