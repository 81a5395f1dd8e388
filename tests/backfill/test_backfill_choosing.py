"""Which quarters are meant: names, spans, dates with and without zones."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.backfill import choosing
from courtyard.errors import UsageError
from courtyard.period import Period

QUARTERS = st.builds(Period, st.integers(2000, 2100), st.integers(1, 4), st.just("quarter"))


def names(chosen: choosing.Chosen) -> list[str]:
    return [str(quarter) for quarter in chosen.quarters]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["2026Q1"], ["2026Q1"]),
        (["2026Q1", "2025Q4", "2026Q1"], ["2025Q4", "2026Q1"]),
        (["2025Q4..2026Q2"], ["2025Q4", "2026Q1", "2026Q2"]),
        (["2025Q4..2025Q4", "2026Q3"], ["2025Q4", "2026Q3"]),
    ],
)
def test_quarters_by_name(words, found):
    assert names(choosing.named(words)) == found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2026Q5"], "“2026Q5”不是一个季度。"),
        (["2026-07"], "“2026-07”不是一个季度。"),
        (["2026Q2..2025Q4"], "起止颠倒：2026Q2 晚于 2025Q4。"),
        ([], "没有写要回填哪个季度。"),
    ],
)
def test_what_is_no_quarter_is_told_in_one_line(words, said):
    with pytest.raises(UsageError) as error:
        choosing.named(words)
    assert error.value.message == said and error.value.remedy


@given(QUARTERS, st.sampled_from(["utc", "shanghai", "bare", "date"]))
def test_a_quarters_bounds_mean_that_quarter_in_any_zone(quarter, spelling):
    last = quarter.end_at - timedelta(seconds=1)
    write = {
        "utc": lambda at: at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "shanghai": lambda at: at.isoformat(),
        "bare": lambda at: at.replace(tzinfo=None).isoformat(),
        "date": lambda at: at.date().isoformat(),
    }[spelling]
    only = choosing.dated(write(quarter.start_at), write(quarter.start_at))
    assert only == choosing.Chosen((quarter,))
    assert choosing.dated(write(quarter.start_at), write(last)).quarters == (quarter,)


@given(QUARTERS, QUARTERS)
def test_dates_mean_every_quarter_that_begins_between_them(one, other):
    first, last = min(one, other), max(one, other)
    chosen = choosing.dated(first.start_at.astimezone(UTC).isoformat(), last.start_at.isoformat())
    assert chosen == choosing.named([f"{first}..{last}"])
    assert choosing.spans(chosen.quarters) == [(first, last)]


def test_the_first_quarter_of_2025_begins_in_utcs_old_year():
    assert names(choosing.dated("2024-12-31T16:00Z", "2024-12-31T16:00Z")) == ["2025Q1"]
    assert names(choosing.dated("2025-01-01", "2025-01-01")) == ["2025Q1"]
    with pytest.raises(UsageError, match="没有季度开始"):
        choosing.dated("2025-01-01T00:00Z", "2025-01-01T00:00Z")  # eight hours into it


def test_an_interval_that_cuts_a_quarter_says_what_it_means():
    chosen = choosing.dated("2025-11-15", "2026-05-01")
    assert names(chosen) == ["2026Q1", "2026Q2"]
    assert chosen.notes == (
        "起点落在2025年第四季度中间，这一季不含在内（以季度的第一天为准，与 Airflow 相同）。",
        "终点落在2026年第二季度中间，整季都含在内。",
    )


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-07-01", "2026-04-01", "起止颠倒：2026-07-01 晚于 2026-04-01。"),
        ("2026-07-02", "2026-08-01", "2026-07-02 到 2026-08-01 之间没有季度开始，只在2026年第三季度之内。"),
        ("7月1日", "2026-08-01", "“7月1日”不是日期。"),
    ],
)
def test_dates_that_mean_nothing_are_told_in_one_line(start, end, said):
    with pytest.raises(UsageError) as error:
        choosing.dated(start, end)
    assert error.value.message == said and error.value.remedy


def test_spans_and_what_may_be_chosen():
    quarters = [Period.quarter(q) for q in ("2025Q4", "2026Q1", "2026Q3")]
    assert choosing.spans(quarters) == [(quarters[0], quarters[1]), (quarters[2], quarters[2])]
    assert [str(q) for q in choosing.known("2025Q4", date(2026, 7, 1))] == ["2026Q3", "2026Q2", "2026Q1", "2025Q4"]
