"""The calendar of a quarter: every day has one state, and says why."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.models import GridCycle
from courtyard.period import Period
from courtyard.submissions.cycle import Cycle

RULES = GridCycle(issued_before=15, due_after=5, frozen_after=10)
THIRD = Cycle.of(Period.quarter("2026Q3"), RULES)
STATES = ["not_open", "open", "overdue", "frozen"]

quarters = st.builds(lambda y, q: Period(y, q, "quarter"), st.integers(2000, 2099), st.integers(1, 4))
rules = st.builds(
    lambda before, due, more: GridCycle(issued_before=before, due_after=due, frozen_after=due + more),
    st.integers(0, 90),
    st.integers(0, 90),
    st.integers(0, 90),
)


def test_the_days_are_counted_from_the_last_day_of_the_quarter():
    assert (THIRD.issued_on, THIRD.due_on, THIRD.frozen_on) == (
        date(2026, 9, 15),
        date(2026, 10, 5),
        date(2026, 10, 10),
    )


@pytest.mark.parametrize(
    ("day", "state", "late"),
    [
        (date(2026, 9, 14), "not_open", 0),
        (date(2026, 9, 15), "open", 0),
        (date(2026, 10, 5), "open", 0),
        (date(2026, 10, 6), "overdue", 1),
        (date(2026, 10, 10), "overdue", 5),
        (date(2026, 10, 11), "frozen", 6),
    ],
)
def test_each_boundary_day_belongs_to_one_side(day, state, late):
    assert (THIRD.state_on(day), THIRD.days_late(day)) == (state, late)


@given(quarters, rules, st.integers(-400, 400))
def test_states_come_in_their_order_and_each_day_lies_in_the_span_of_its_own(period, cycle_rules, step):
    cycle = Cycle.of(period, cycle_rules)
    day = period.last_day + timedelta(days=step)
    state = cycle.state_on(day)
    assert STATES.index(state) <= STATES.index(cycle.state_on(day + timedelta(days=1)))
    first, last = cycle.span(state)
    assert (first is None or first <= day) and (last is None or day <= last)
    assert (cycle.days_late(day) > 0) == (state in ("overdue", "frozen") or day > cycle.due_on)
    assert cycle.why(day) and cycle.remedy(day)


@given(quarters, rules)
def test_the_spans_meet_without_gap(period, cycle_rules):
    cycle = Cycle.of(period, cycle_rules)
    assert cycle.span("not_open")[1] + timedelta(days=1) == cycle.span("open")[0]
    assert cycle.span("open")[1] + timedelta(days=1) == cycle.span("overdue")[0]
    assert cycle.span("overdue")[1] + timedelta(days=1) == cycle.span("frozen")[0]
    assert cycle.span("not_open")[0] is None and cycle.span("frozen")[1] is None


def test_the_reason_names_quarter_and_day():
    assert THIRD.why(date(2026, 10, 7)) == "2026年第三季度的采集已于2026-10-05截止，过了2天，2026-10-10冻结"
    assert THIRD.why(date(2026, 10, 11)) == "2026年第三季度已于2026-10-10冻结"
