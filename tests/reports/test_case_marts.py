"""mart.case, mart.case_step and mart.case_indicator on literal events."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .case_world import COMMUNITY, GRID, STREET, Desk


@pytest.fixture
def desk(world) -> Desk:
    return Desk(world)


def of(desk: Desk, mart: str, columns: str, order: str = "1") -> list[tuple]:
    return [tuple(row.values()) for row in desk.world.rows(f"SELECT {columns} FROM mart.{mart} ORDER BY {order}")]


def test_a_case_solved_in_its_courtyard(desk):
    case = desk.open("2026-07-01 09:00")
    case = desk.join(case, "2026-07-01 09:30", channel="worker")
    case = desk.happen(case, "acknowledged", "2026-07-01 10:00")
    case = desk.happen(case, "answered", "2026-07-02 10:00", text="换了灯")
    desk.happen(case, "confirmed", "2026-07-02 12:00")
    assert of(
        desk, '"case"', "status, closed_by, closed_level, elapsed_hours, first_answer_hours, reports, channels"
    ) == [("closed", "confirmed", "courtyard", 27, 25, 2, ["page", "worker"])]
    assert of(desk, '"case"', "is_answered_in_level_time, is_answered_in_time, is_overdue, reopened, answers_post") == [
        (True, True, False, 0, None)
    ]
    # 9:00 to 12:00, 13:00 to 17:00, and 9:00 to 10:00 of the next day
    assert of(desk, '"case"', "courtyard_minutes, community_minutes, grid_code, community_code, source") == [
        (8 * 60, None, GRID, COMMUNITY, "resident_reports")
    ]


def test_the_steps_of_a_case_that_climbs(desk):
    case = desk.open("2026-07-06 09:00")
    case = desk.clock(case, "2026-07-06 14:00")  # 4 working hours are over
    case = desk.happen(case, "acknowledged", "2026-07-06 15:00")
    case = desk.happen(case, "handed_back", "2026-07-06 16:00", reason="归街道", level="street")
    case = desk.happen(case, "acknowledged", "2026-07-07 09:00")
    case = desk.happen(case, "extended", "2026-07-08 09:00", reason="等配件", span="2 working_days")
    case = desk.happen(case, "answered", "2026-07-14 16:00", text="已修")
    desk.happen(case, "unsolved", "2026-07-14 18:00", text="还是不亮")
    columns = "level, how, to_char(told_at AT TIME ZONE 'Asia/Shanghai', 'DD HH24:MI'), is_acknowledged_in_time, is_answered_in_time, worked_minutes"
    assert of(desk, "case_step", columns, "step_no") == [
        ("courtyard", "escalated", "06 09:00", False, None, 4 * 60),
        ("community", "handed_back", "06 14:00", True, None, 2 * 60),
        ("street", "unsolved", "06 16:00", True, True, 60 + 5 * 7 * 60 + 6 * 60),
        ("street", None, "14 18:00", None, None, None),
    ]
    assert of(
        desk, '"case"', "status, reopened, escalations, handed_back, is_answered_in_level_time, closed_level"
    ) == [("waiting", 1, 1, 1, True, None)]


def test_a_clock_that_ran_out_is_told_of_step_and_case(desk):
    case = desk.open("2026-07-01 09:00", level="street")
    case = desk.happen(case, "acknowledged", "2026-07-01 10:00")
    case = desk.clock(case, "2026-07-08 17:00")
    assert of(desk, "case_step", "how, is_acknowledged_in_time, is_answered_in_time") == [(None, True, False)]
    case = desk.clock(case, "2026-08-01 09:00")
    assert of(desk, '"case"', "is_overdue, is_answered_in_time, is_supervised") == [(True, False, True)]
    desk.happen(case, "answered", "2026-08-02 09:00", text="好了")
    assert of(desk, '"case"', "is_overdue, is_answered_in_time, is_answered_in_level_time") == [(True, False, False)]


def test_a_case_is_told_as_it_stood_at_a_periods_end(desk):
    case = desk.open("2026-07-31 20:00", taken_up="2026-08-01 00:05")
    desk.solve(case, "2026-08-03 10:00", "2026-08-03 12:00")
    as_of = "case_as_of('2026-07')", "status, first_answered_at, level"
    assert of(desk, *as_of) == [("waiting", None, "courtyard")]
    assert of(desk, "case_as_of('2026-06')", "status") == []
    assert of(desk, "case_as_of('2026-07', '2026-08-01 00:00+08')", "status") == []
    assert of(desk, "case_as_of('2026-08')", "status") == [("closed",)]
    assert of(desk, "case_step_as_of('2026-07')", "how, left_at") == [(None, None)]
    assert of(desk, "case_indicator_as_of('2026-07')", "level, received, answered, open") == [
        ("community", 1, 0, 1), ("courtyard", 1, 0, 1), ("grid", 1, 0, 1), ("street", 1, 0, 1),
    ]  # fmt: skip


def test_figures_of_a_quarter(desk):
    desk.solve(desk.open("2026-07-01 09:00"), "2026-07-01 11:00", "2026-07-01 12:00")
    raised = desk.happen(desk.open("2026-07-02 09:00"), "raised", "2026-07-02 10:00", reason="超出能力")
    desk.solve(raised, "2026-07-02 13:00", "2026-07-03 12:00")
    late = desk.join(desk.open("2026-08-03 09:00", courtyard="C2", level="street"), "2026-08-03 10:00")
    desk.clock(desk.happen(late, "acknowledged", "2026-08-03 11:00"), "2026-09-03 09:00")
    desk.happen(
        desk.open("2026-09-01 09:00", courtyard=None), "refused", "2026-09-01 10:00", reason="不在本街道", where="邻街"
    )
    desk.open("2026-09-02 09:00", held=True)
    columns = (
        "unit_name, received, reports, repeats, answered, answered_in_time, answered_in_level_time, overdue, open, solved,"
        " solved_courtyard, solved_community, refused, median_answer_hours"
    )
    where = "case_indicator WHERE period = '2026Q3'"
    assert of(desk, f"{where} AND level = 'street'", columns) == [("少城街道", 4, 5, 1, 3, 3, 3, 1, 1, 2, 1, 1, 1, 2)]
    assert of(desk, f"{where} AND level = 'community'", columns) == [
        ("商业街社区", 1, 2, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, None), ("四道街社区", 3, 3, 0, 3, 3, 3, 0, 0, 2, 1, 1, 1, 2),
    ]  # fmt: skip
    assert of(desk, f"{where} AND level = 'courtyard'", "unit_name, received") == [
        ("商业街5号院", 1), ("四道街2号院", 2),
    ]  # fmt: skip
    months = "case_indicator WHERE grain = 'month' AND level = 'street'"
    assert of(desk, months, "period, received") == [("2026-07", 2), ("2026-08", 1), ("2026-09", 1)]


def rate(desk: Desk, courtyard: str, satisfied: int, dissatisfied: int) -> None:
    for n in range(satisfied + dissatisfied):
        case = desk.open(f"2026-07-01 09:{n:02d}", courtyard=courtyard)
        desk.solve(case, "2026-07-01 11:00", "2026-07-01 12:00", "satisfied" if n < satisfied else "dissatisfied")


def test_a_small_rating_is_marked_and_so_is_the_one_it_could_be_told_by(desk):
    rate(desk, "C1", 2, 1)
    rate(desk, "C2", 5, 1)
    columns = "unit_code, rated, satisfied, satisfaction_rate, is_rating_small"
    where = "case_indicator WHERE period = '2026Q3' AND level = "
    assert of(desk, f"{where} 'street'", columns) == [(STREET, 9, 7, Decimal("77.8"), False)]
    assert [row[4] for row in of(desk, f"{where} 'community'", columns)] == [True, True]
    assert [row[4] for row in of(desk, f"{where} 'grid'", columns)] == [True, True]
    assert of(desk, "case_indicator WHERE period = '2026-07'", "rated, is_rating_small") == [(None, False)] * 7


def test_ratings_that_are_not_small_are_not_marked(desk):
    rate(desk, "C1", 5, 0)
    rate(desk, "C2", 0, 5)
    where = "case_indicator WHERE period = '2026Q3' AND level IN ('street', 'community', 'grid')"
    assert of(desk, where, "is_rating_small") == [(False,)] * 5


def test_tasks_from_departments_and_joined_cases_are_no_reports_of_residents(desk):
    first, second = desk.open("2026-07-01 09:00"), desk.open("2026-07-01 10:00")
    desk.happen(second, "joined", "2026-07-01 11:00", into=first.case_no)
    assert of(desk, "case_indicator WHERE level = 'street' AND grain = 'month'", "received") == [(1,)]
