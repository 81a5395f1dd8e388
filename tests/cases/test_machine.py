"""The state machine of a case: literal stories of its clocks, then a year of simulated days."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from tests.cases.stories import COMMUNITY, GRID, STREET, opening, shanghai
from tests.cases.year import RULES, Year

from courtyard.cases import machine
from courtyard.cases.clock import next_moment
from courtyard.cases.effects import EFFECTS, NotAllowed
from courtyard.cases.event import Event

TestYear = Year.TestCase
TestYear.settings = settings(max_examples=30, stateful_step_count=30)


def case(at="2026-11-26 10:00", **data):
    return machine.opened(RULES, case_no="261126-AAAAA", event=opening(shanghai(at), **data))


def let(one, kind, at, **data):
    return machine.apply(RULES, one, Event(kind, shanghai(at), "x", f"{kind}/{at}", None, data))


def clock(one, at):
    """(kind, deadline, level after) of what the clock does at a moment, and the case after it."""
    steps = list(machine.due_events(RULES, one, shanghai(at)))
    told = [(event.kind, f"{event.due_at:%m-%d %H:%M}", after.level) for event, after in steps]
    return told, steps[-1][1] if steps else one


def test_a_case_that_nobody_touches_climbs_to_the_street_and_stays_there_supervised():
    one = case()
    assert clock(one, "2026-11-26 14:59") == ([], one)
    told, one = clock(one, "2026-11-26 15:00")
    assert told == [("escalated", "11-26 15:00", "community")] and one.unit_code == COMMUNITY
    told, one = clock(one, "2026-11-27 11:00")
    assert told == [("escalated", "11-27 11:00", "street")] and one.unit_code == STREET
    told, one = clock(one, "2026-11-30 17:00")
    assert told == [("overdue", "11-30 17:00", "street")] and one.is_supervised
    told, one = clock(one, "2026-12-04 17:00")
    assert told == [("overdue", "12-04 17:00", "street")]
    told, one = clock(one, "2027-03-01 09:00")
    assert told == [("overdue", "12-26 10:00", "street")] and one.is_total_overdue and one.next_at is None


def test_after_a_downtime_one_step_is_taken_and_the_next_level_has_its_whole_time():
    told, one = clock(case(), "2026-12-10 09:00")
    assert told == [("escalated", "11-26 15:00", "community")]
    assert one.acknowledge_due_at == shanghai("2026-12-10 14:00")


def test_the_total_clock_is_not_set_back_by_climbing_or_reopening():
    one = case()
    total = one.total_due_at
    one = let(one, "answered", "2026-11-27 09:00", text="t")
    one = let(one, "unsolved", "2026-12-01 09:00")
    assert (one.level, one.total_due_at, one.reopened) == ("community", total, 1)
    one = let(one, "answered", "2026-12-02 09:00", text="t")
    _, one = clock(one, "2026-12-09 09:00")
    one = let(one, "reopened", "2026-12-24 09:00")
    told, one = clock(one, "2026-12-26 10:00")
    assert ("overdue", "12-26 10:00", "street") in told and one.total_due_at == total


def test_what_was_answered_before_the_total_ran_out_is_overdue_once_it_comes_back():
    one = let(case(), "answered", "2026-12-24 09:00", text="t")
    assert clock(one, "2026-12-30 09:00") == ([], one)
    one = let(one, "unsolved", "2026-12-30 09:00")
    assert clock(one, "2026-12-30 09:01")[0] == [("overdue", "12-26 10:00", "community")]


def test_over_new_year_into_a_year_without_a_calendar():
    told, one = clock(case("2026-12-31 16:00"), "2027-01-04 12:00")
    assert told == [("escalated", "01-04 12:00", "community")]
    assert one.acknowledge_due_at == shanghai("2027-01-04 17:00")


def test_over_the_spring_festival():
    one = let(case("2026-02-14 10:00"), "acknowledged", "2026-02-14 11:00")
    assert one.solve_due_at == shanghai("2026-02-25 17:00")
    assert clock(one, "2026-02-25 16:59") == ([], one)


def test_an_emergency_runs_through_the_night():
    one = case("2026-11-28 23:55", urgency="emergency", level="community", unit_code=COMMUNITY)
    assert clock(one, "2026-11-29 00:05")[0] == [("escalated", "11-29 00:05", "street")]


def test_an_emergency_that_is_told_to_a_level_without_limits_goes_to_the_one_above():
    one = case(urgency="emergency")
    assert (one.level, one.unit_code, one.next_at) == ("community", COMMUNITY, shanghai("2026-11-26 10:10"))


def test_a_category_of_another_urgency_brings_its_clocks_from_the_same_moments():
    one = let(case(), "classified", "2026-11-26 10:30", category="fire_hazard", urgency="urgent")
    assert one.acknowledge_due_at == shanghai("2026-11-26 12:00")
    assert one.solve_due_at == shanghai("2026-11-27 10:00")
    assert one.total_due_at == shanghai("2026-12-03 10:00")
    assert one.step_no == 1


def test_an_urgency_that_the_level_has_no_limits_for_sends_it_up_at_once():
    one = let(case(), "classified", "2026-11-26 10:30", category="gas_hazard", urgency="emergency")
    assert (one.level, one.step_no, one.acknowledge_due_at) == ("community", 2, shanghai("2026-11-26 10:40"))
    held = let(case(held=True), "classified", "2026-11-26 10:30", category="gas_hazard", urgency="emergency")
    assert (held.level, held.status) == ("community", "held")


def test_a_spent_deadline_does_not_come_back_with_another_category():
    _, one = clock(case(level="street", unit_code=STREET), "2026-11-27 17:00")
    assert one.acknowledge_due_at is None
    one = let(one, "classified", "2026-11-30 09:00", category="fire_hazard", urgency="urgent")
    assert one.acknowledge_due_at is None and one.solve_due_at == shanghai("2026-11-30 17:00")


def test_the_date_that_somebody_else_set_stays_whatever_the_category():
    one = case(total_due_at="2026-11-29T09:00:00+08:00")
    one = let(one, "classified", "2026-11-26 10:30", category="fire_hazard", urgency="urgent")
    assert one.total_due_at == shanghai("2026-11-29 09:00")


def test_a_held_case_that_nobody_reviews_is_overdue_once_and_again_when_the_total_has_run_out():
    told, one = clock(case(held=True), "2027-01-15 09:00")
    assert [entry[:2] for entry in told] == [("overdue", "11-26 15:00"), ("overdue", "12-26 10:00")]
    assert (one.status, one.is_supervised, one.next_at) == ("held", True, None)
    one = let(one, "released", "2027-01-15 10:00")
    assert (one.status, one.acknowledge_due_at) == ("waiting", shanghai("2027-01-15 15:00"))


def test_a_place_that_is_found_later_tells_its_grid_anew():
    one = case(courtyard_code=None, level="street", unit_code=STREET)
    one = let(one, "placed", "2026-11-26 11:00", courtyard_code="5101050050020002", level="courtyard")
    assert (one.level, one.unit_code, one.step_no) == ("courtyard", GRID, 2)
    assert one.acknowledge_due_at == shanghai("2026-11-26 16:00")
    answered = let(one, "answered", "2026-11-26 12:00", text="t")
    assert let(answered, "placed", "2026-11-26 13:00", courtyard_code="5101050050020001").status == "answered"


def test_a_case_without_a_courtyard_climbs_by_the_units_alone():
    one = case(courtyard_code=None, level="community", unit_code=COMMUNITY)
    assert clock(one, "2026-11-26 15:00")[1].unit_code == STREET


def test_reopened_at_the_last_rung_it_is_that_rungs_again_with_a_new_clock():
    one = let(case(level="street", unit_code=STREET), "answered", "2026-11-27 09:00", text="t")
    one = let(one, "unsolved", "2026-11-30 09:00")
    assert (one.level, one.step_no, one.acknowledge_due_at) == ("street", 2, shanghai("2026-12-01 17:00"))


def test_overdue_at_the_last_rung_again_after_a_reopening_is_another_event():
    first = list(machine.due_events(RULES, case(level="street", unit_code=STREET), shanghai("2026-12-10 09:00")))
    one = let(let(first[-1][1], "answered", "2026-12-10 10:00", text="t"), "unsolved", "2026-12-11 09:00")
    second = list(machine.due_events(RULES, one, shanghai("2026-12-20 09:00")))
    causes = [event.cause for event, _ in (*first, *second)]
    assert causes == [
        "overdue/1/not_acknowledged",
        "overdue/1/not_solved",
        "overdue/2/not_acknowledged",
        "overdue/2/not_solved",
    ]


def test_the_first_letter_makes_it_the_departments_and_nothing_climbs_on():
    one = let(case(level="street", unit_code=STREET), "written", "2026-11-27 09:00", letter_no=1)
    assert (one.level, one.unit_code, one.status) == ("department", STREET, "handling")
    again = let(one, "written", "2026-11-27 10:00", letter_no=2)
    assert again.step_no == one.step_no
    assert clock(one, "2026-12-11 17:00")[0] == [("overdue", "12-11 17:00", "department")]


def test_an_answer_that_nobody_objects_to_closes_the_case_and_is_followed_up_once():
    one = let(case(), "answered", "2026-11-27 09:00", text="t")
    told, one = clock(one, "2026-12-04 09:00")
    assert told == [("lapsed", "12-04 09:00", "courtyard")] and one.closed_by == "lapsed"
    told, one = clock(one, "2026-12-11 17:00")
    assert told == [("follow_up_due", "12-11 17:00", "courtyard")] and one.next_at is None
    back = let(one, "followed_up", "2026-12-12 09:00", satisfaction="dissatisfied", solved=False)
    assert (back.status, back.level) == ("waiting", "community")


def test_who_was_asked_already_is_not_asked_again():
    one = let(case(), "answered", "2026-11-27 09:00", text="t")
    one = let(one, "followed_up", "2026-11-28 09:00", satisfaction="satisfied", solved=True)
    _, one = clock(one, "2026-12-04 09:00")
    assert (one.status, one.next_at) == ("closed", None)


def test_a_case_can_be_reopened_for_so_long_and_no_longer():
    one = let(let(case(), "answered", "2026-11-27 09:00", text="t"), "confirmed", "2026-11-27 10:00")
    assert one.reopen_until == shanghai("2026-12-12 10:00")
    assert let(one, "reopened", "2026-12-12 10:00").reopen_until is None
    with pytest.raises(NotAllowed, match="办结已超过15天"):
        let(one, "reopened", "2026-12-12 10:01")


def test_a_task_from_above_does_not_climb():
    one = case(direction="down", level="community", unit_code=COMMUNITY, total_due_at="2026-12-01T17:00:00+08:00")
    assert clock(one, "2026-11-26 15:00")[0] == [("overdue", "11-26 15:00", "community")]
    with pytest.raises(NotAllowed, match="最高一级"):
        let(one, "raised", "2026-11-26 11:00", reason="r")


def test_an_event_that_nobody_knows_is_a_mistake_of_the_code():
    with pytest.raises(ValueError, match="there is no event 'eaten'"):
        let(case(), "eaten", "2026-11-26 11:00")


def test_every_event_has_a_title_and_an_effect_that_exists():
    assert set(machine.TITLES) == {"opened", *machine.ALLOWED}
    assert set(EFFECTS) <= set(machine.ALLOWED)


def test_the_moment_of_the_next_deadline_follows_a_change_of_the_case():
    one = case()
    assert next_moment(RULES, replace(one, status="joined")) is None
