"""Working time: 调休, nights, lunch breaks, years without a calendar; literal moments in and out, then laws of spans."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from courtyard.district.working_time import UNITS, Calendar, Span, WorkingTime
from courtyard.period import SHANGHAI

TIME = WorkingTime(Calendar())


def shanghai(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        # a day's hours: 09:00 to 12:00, 13:00 to 17:00
        ("2026-11-26 10:00", "1 working_hours", "2026-11-26 11:00"),
        ("2026-11-26 11:30", "1 working_hours", "2026-11-26 13:30"),  # over the lunch break
        ("2026-11-26 12:30", "1 working_hours", "2026-11-26 14:00"),  # begun in it
        ("2026-11-26 11:00", "1 working_hours", "2026-11-26 12:00"),  # ends with the morning, not after lunch
        ("2026-11-26 16:30", "1 working_hours", "2026-11-27 09:30"),  # over the night
        ("2026-11-26 23:59", "1 working_hours", "2026-11-27 10:00"),
        ("2026-11-26 03:00", "4 working_hours", "2026-11-26 14:00"),
        ("2026-11-27 16:00", "8 working_hours", "2026-11-30 17:00"),  # over a weekend
        ("2026-11-26 10:00", "1 working_days", "2026-11-27 17:00"),
        ("2026-11-26 23:00", "1 working_days", "2026-11-27 17:00"),
        ("2026-11-27 10:00", "1 working_days", "2026-11-30 17:00"),
        # the other units run day and night
        ("2026-11-26 23:55", "10 minutes", "2026-11-27 00:05"),
        ("2026-11-28 10:00", "24 hours", "2026-11-29 10:00"),
        ("2026-12-31 10:00", "7 days", "2027-01-07 10:00"),
        # Spring Festival 2026: off from 15 to 23 February, worked on Saturdays 14 and 28 (调休)
        ("2026-02-13 10:00", "1 working_days", "2026-02-14 17:00"),
        ("2026-02-14 10:00", "1 working_days", "2026-02-24 17:00"),
        ("2026-02-14 16:00", "2 working_hours", "2026-02-24 10:00"),
        ("2026-02-18 10:00", "2 working_days", "2026-02-25 17:00"),
        ("2026-02-27 10:00", "1 working_days", "2026-02-28 17:00"),
        ("2026-02-28 10:00", "1 working_days", "2026-03-02 17:00"),
        # into 2027, whose calendar is not out: Monday to Friday but for New Year's Day, a Friday
        ("2026-12-30 10:00", "1 working_days", "2026-12-31 17:00"),
        ("2026-12-31 10:00", "1 working_days", "2027-01-04 17:00"),
        ("2026-12-31 16:00", "2 working_hours", "2027-01-04 10:00"),
        ("2027-04-30 10:00", "1 working_days", "2027-05-03 17:00"),
        ("2035-09-28 10:00", "3 working_days", "2035-10-08 17:00"),
    ],
)  # fmt: skip
def test_when_a_span_has_run_out(start, span, end):
    assert TIME.after(shanghai(start), Span.parse(span)) == shanghai(end)


def test_a_moment_in_utc_is_the_same_moment():
    for span in ("1 working_hours", "1 working_days", "30 minutes"):
        local = shanghai("2026-11-26 23:30")
        assert TIME.after(local.astimezone(UTC), Span.parse(span)) == TIME.after(local, Span.parse(span))
    # 17:00 UTC is one in the night of the next day here
    assert TIME.after(datetime(2026, 11, 26, 17, tzinfo=UTC), Span(1, "working_days")) == shanghai("2026-11-30 17:00")


def test_what_comes_out_is_in_shanghai():
    for unit in UNITS:
        assert TIME.after(datetime(2026, 11, 26, 2, tzinfo=UTC), Span(1, unit)).tzinfo == SHANGHAI


def test_the_office_is_closed_at_night_at_lunch_and_on_holidays():
    expected = {
        "2026-11-26 08:59": False, "2026-11-26 09:00": True, "2026-11-26 11:59": True, "2026-11-26 12:00": False,
        "2026-11-26 13:00": True, "2026-11-26 17:00": False, "2026-11-28 10:00": False, "2026-02-14 10:00": True,
        "2026-10-01 10:00": False,
    }  # fmt: skip
    assert {written: TIME.is_open(shanghai(written)) for written in expected} == expected


def test_a_year_without_a_calendar_is_assumed_until_the_pack_says():
    assert not TIME.is_assumed(date(2026, 12, 31))
    assert TIME.is_assumed(date(2027, 1, 1))
    told = WorkingTime(Calendar(days_off=frozenset({date(2027, 2, 8)}), days_worked=frozenset({date(2027, 2, 14)})))
    assert not told.is_assumed(date(2027, 1, 1))
    assert told.after(shanghai("2027-02-05 10:00"), Span(1, "working_days")) == shanghai("2027-02-09 17:00")
    assert told.is_working_day(date(2027, 2, 14))


def test_the_packs_days_go_before_the_national_ones():
    own = WorkingTime(Calendar(days_off=frozenset({date(2026, 11, 27)}), days_worked=frozenset({date(2026, 11, 28)})))
    assert own.after(shanghai("2026-11-26 10:00"), Span(1, "working_days")) == shanghai("2026-11-28 17:00")


@pytest.mark.parametrize(
    "written", ["", "2", "2 weeks", "two days", "-1 days", "1.5 hours", "12345 days", " 2 days", "2  days"]
)
def test_what_is_no_span_is_refused(written):
    with pytest.raises(ValueError, match="is not a span"):
        Span.parse(written)


@pytest.mark.parametrize(
    "hours",
    [
        [{"from": "12:00", "to": "09:00"}],
        [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}],
        [{"from": "13:00", "to": "17:00"}, {"from": "09:00", "to": "12:00"}],
        [{"from": "9:00", "to": "12:00"}],
        [],
    ],
)  # fmt: skip
def test_hours_that_make_no_day_are_refused(hours):
    with pytest.raises(ValidationError):
        Calendar(hours=hours)


def test_a_day_is_not_off_and_worked():
    with pytest.raises(ValidationError, match="days_off"):
        Calendar(days_off=frozenset({date(2026, 1, 5)}), days_worked=frozenset({date(2026, 1, 5)}))


moments = st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 1), timezones=st.sampled_from([UTC, SHANGHAI]))
spans = st.builds(Span, st.integers(1, 60), st.sampled_from(list(UNITS)))


@given(moments, spans)
def test_a_span_ends_after_it_began_and_in_working_time(start, span):
    end = TIME.after(start, span)
    assert end > start
    if span.unit.startswith("working"):
        assert TIME.is_open(end - timedelta(microseconds=1))


@given(moments, st.timedeltas(timedelta(), timedelta(days=40)), spans)
def test_who_begins_later_does_not_end_earlier(start, wait, span):
    assert TIME.after(start, span) <= TIME.after(start + wait, span)


@given(moments, st.integers(1, 200))
def test_working_hours_are_what_was_worked_until_they_ran_out(start, hours):
    end = TIME.after(start, Span(hours, "working_hours"))
    assert TIME.worked(start, end) == timedelta(hours=hours)


@given(moments, st.timedeltas(timedelta(), timedelta(days=30)), st.timedeltas(timedelta(), timedelta(days=30)))
def test_working_time_adds_up(start, first, second):
    middle, end = start + first, start + first + second
    assert TIME.worked(start, middle) + TIME.worked(middle, end) == TIME.worked(start, end)


@given(moments, st.integers(1, 30))
def test_working_days_end_with_office_hours_of_the_last_of_them(start, days):
    end = TIME.after(start, Span(days, "working_days"))
    begun = start.astimezone(SHANGHAI).date()
    between = [begun + timedelta(days=n) for n in range(1, (end.date() - begun).days + 1)]
    assert (end.hour, sum(map(TIME.is_working_day, between))) == (17, days)
    assert TIME.is_working_day(end.date())
