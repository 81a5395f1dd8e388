"""Cases of residents in the ledgers of hazards and disputes: beside what departments list, once each, as of the 统计截止日."""

from __future__ import annotations

from dataclasses import replace

import pytest

from courtyard import reports
from courtyard.period import Period

from .case_world import Desk
from .conftest import World, table
from .test_forms_street import dispute, hazard, notes, one

FIRE = "fire_hazard"


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def arrived(desk: Desk, *hazards, month="2026-09", received="2026-10-02T06:30:00+08:00", courtyard="C1") -> None:
    """The department's ledger of a month."""
    delivery = desk.world.batch("hazards", month, received)
    for row_no, said in enumerate(hazards, 1):
        desk.world.record(delivery, said["hazard_no"], said, courtyard=courtyard, row_no=row_no)


def test_a_reported_hazard_stands_beside_the_departments_rows(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00"))
    case = desk.open("2026-09-10 20:00", FIRE, description="杂物堵住通道", address="四道街2号院2栋")
    case = desk.happen(case, "acknowledged", "2026-09-10 21:00")
    case = desk.happen(case, "measured", "2026-09-11 09:00", text="先拉了警戒线")
    case = desk.happen(case, "answered", "2026-09-11 16:00", text="已清走")
    desk.happen(case, "confirmed", "2026-09-12 10:00")
    open_one = desk.open("2026-09-20 09:00", "gas_hazard", courtyard="C2", address=None, description="有煤气味")
    desk.happen(open_one, "acknowledged", "2026-09-20 09:05")
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert [row[1:] for row in table(sheet, 6, 3)][1:] == [
        ["2026-09-10", "四道街2号院2栋", "杂物堵住通道", "消防", "一般", "先拉了警戒线；已清走", "四道街第1网格", None,
         "2026-09-11", "2026-09-11", "反映人", "是"],
        ["2026-09-20", "商业街5号院", "有煤气味", "燃气", "一般", None, "商业街社区", None, "2026-09-20", "—", "—", "否"],
    ]  # fmt: skip
    assert notes(sheet, 9)[:2] == [
        "合计3处：本月新排查3处，以前排查、上月末未销号0处；本月销号1处，月末未销号2处（其中已过整改时限2处、重大隐患0处）。",
        "其中2处来自居民上报的工单。",
    ]


def test_a_cell_of_a_case_leads_to_its_reports(desk):
    arrived(desk)
    desk.join(desk.open("2026-09-10 20:00", FIRE), "2026-09-11 08:00")
    one(desk.world, "hazard_ledger", "2026-09")
    found = reports.trace(desk.world.ctx, "hazard_ledger", "2026-09", "D6")
    assert [(row["source"], row["dataset"]) for row in found["rows"]] == [("resident_reports", "resident_reports")] * 2


def test_a_cell_of_a_case_leads_to_what_posts_did_as_well(desk):
    arrived(desk)
    case = desk.happen(desk.open("2026-09-30 20:00", FIRE), "acknowledged", "2026-09-30 21:00")
    (done,) = desk.world.rows("SELECT substr(cause, 8) AS no FROM cases.event WHERE kind = 'acknowledged'")
    landed = desk.world.batch("disputes", "2026-10", "2026-10-01T08:00:00+08:00")  # as the source of actions lands it
    desk.world.record(landed, done["no"], {}, row_no=7)
    desk.world.execute("UPDATE warehouse.record SET dataset = 'case_actions' WHERE dataset = 'disputes'")
    one(desk.world, "hazard_ledger", "2026-09")
    found = reports.trace(desk.world.ctx, "hazard_ledger", "2026-09", "M6")
    assert ("case_actions", 7) in [(row["dataset"], row["row_no"]) for row in found["rows"]]
    assert case.status == "handling"


def test_what_happens_after_the_closing_day_does_not_change_the_form(desk):
    arrived(desk)
    case = desk.happen(desk.open("2026-09-29 09:00", FIRE), "acknowledged", "2026-09-29 10:00")
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert table(sheet, 6, 1)[0][10:] == ["—", "—", "否"]
    desk.solve(case, "2026-10-03 10:00", "2026-10-04 10:00")
    desk.open("2026-10-05 10:00", FIRE)
    only = desk.world.only("hazard_ledger")
    again = reports.publish(replace(only.ctx, period=Period.quarter("2026Q3")))
    assert [(u["period"], u["revision"]) for u in again["unchanged"] if u["report"] == "hazard_ledger"] == [
        ("2026-09", 1)
    ]
    arrived(desk, month="2026-10", received="2026-11-02T06:30:00+08:00")
    october = one(desk.world, "hazard_ledger", "2026-10", "2026Q4")
    assert [row[1] for row in table(october, 6, 2)] == ["2026-09-29", "2026-10-05"]
    assert table(october, 6, 1)[0][10:] == ["2026-10-03", "反映人", "是"]


def test_a_case_that_was_taken_up_late_makes_a_revision_that_says_so(desk):
    arrived(desk)
    one(desk.world, "hazard_ledger", "2026-09")
    desk.open("2026-09-30 22:00", FIRE, taken_up="2026-10-07 09:00")
    only = desk.world.only("hazard_ledger")
    result = reports.publish(replace(only.ctx, period=Period.quarter("2026Q3")))
    assert [(p["period"], p["revision"]) for p in result["published"] if p["report"] == "hazard_ledger"] == [
        ("2026-09", 2)
    ]
    known = desk.world.rows(
        "SELECT as_known_at FROM publish.publication WHERE report = 'hazard_ledger' ORDER BY revision"
    )
    assert [f"{row['as_known_at']:%m-%d}" for row in known] == ["10-01", "10-07"]


def test_one_hazard_is_not_listed_twice(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="fire"))
    desk.open("2026-09-08 09:00", FIRE)
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert [row[3] for row in table(sheet, 6, 1)] == ["飞线充电"]
    assert (
        notes(sheet, 7)[1]
        == "另有1处居民上报的隐患来源已经列出（同一院落、同一类别、发现时间相近，且一一对应），不重复列入。"
    )
    assert desk.world.rows("SELECT same_record FROM mart.case_in_ledger('hazard', '2026-09', 'infinity')") == [
        {"same_record": "H1"}
    ]


def other_courtyard(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="fire"), courtyard="C2")
    desk.open("2026-09-08 09:00", FIRE)


def other_kind(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="gas"))
    desk.open("2026-09-08 09:00", FIRE)


def too_long_ago(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="fire"))
    desk.open("2026-09-11 09:00", FIRE)


def over_before_it_was_found(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="fire", is_closed=True, completed_on="2026-09-07"))
    desk.open("2026-09-08 09:00", FIRE)


def kind_that_says_nothing(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="other"))
    desk.open("2026-09-08 09:00", "safety")


@pytest.mark.parametrize(
    "differs", [other_courtyard, other_kind, too_long_ago, over_before_it_was_found, kind_that_says_nothing]
)
def test_what_may_be_another_hazard_is_listed(desk, differs):
    differs(desk)
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert [row[0] for row in table(sheet, 6, 2)] == [1, 2]
    assert not any("可能" in note for note in notes(sheet, 8))


def test_two_cases_that_fit_one_entry_are_both_listed_for_a_person_to_look_at(desk):
    arrived(desk, hazard("H1", "2026-09-03T09:00", kind="fire"))
    desk.open("2026-09-08 09:00", FIRE)
    desk.open("2026-09-09 09:00", FIRE)
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert [row[0] for row in table(sheet, 6, 3)] == [1, 2, 3]
    assert notes(sheet, 9)[2] == "居民上报中有2处可能与来源的某处相同而不能确定，均列入，请核对。"


def test_orders_tasks_and_what_is_not_accepted_are_not_listed(desk):
    arrived(desk)
    desk.open("2026-09-08 09:00", FIRE, dataset="hotline_cases")
    desk.open("2026-09-08 10:00", FIRE, held=True)
    desk.happen(desk.open("2026-09-08 11:00", FIRE), "refused", "2026-09-08 12:00", reason="不在本街道", where="邻街")
    desk.open("2026-09-08 12:00", "light")
    sheet = one(desk.world, "hazard_ledger", "2026-09")
    assert notes(sheet, 6)[0].startswith("合计0处")


def test_cases_hold_no_report(desk):
    arrived(desk, month="2026-08", received="2026-09-02T06:30:00+08:00")
    arrived(desk)
    for n in range(55):
        desk.open(f"2026-09-08 09:{n:02d}", FIRE)
    assert table(one(desk.world, "hazard_ledger", "2026-09"), 60, 1)[0][0] == 55


def test_an_order_counts_in_the_hotlines_form_only_as_its_order(desk):
    delivery = desk.world.batch("hotline_cases", "2026-09", "2026-10-02T06:30:00+08:00")
    desk.world.record(delivery, "R1", {"status": "resolved", "created_at": "2026-09-03T09:00:00+08:00"}, courtyard="C1")
    desk.join(desk.open("2026-09-03 10:00", FIRE), "2026-09-04 10:00")
    sheet = one(desk.world, "hotline_statistics", "2026-09")
    assert [row[:2] for row in table(sheet, 6, 3)] == [["四道街社区", 1], ["商业街社区", 0], ["合计", 1]]


def test_a_reported_dispute_stands_in_the_weeks_ledger(desk):
    delivery = desk.world.batch("disputes", "2026-08", "2026-09-02T06:30:00+08:00")
    desk.world.record(delivery, "D1", dispute("D1", "2026-08-04"), courtyard="C2")
    desk.open("2026-08-05 09:00", "neighbour_dispute", courtyard="C2", description="吵架")  # the same
    case = desk.open("2026-08-06 09:00", "neighbour_dispute", description="楼上漏水争吵")
    desk.solve(case, "2026-08-07 10:00", "2026-08-10 10:00")
    sheet = one(desk.world, "dispute_ledger", "2026-W32")
    assert table(sheet, 7, 1)[0] == [
        "2026-08-06", "四道街2号院", "邻里纠纷", None, None, "楼上漏水争吵", None, None, "已处理", "化解中", "—", "—",
    ]  # fmt: skip
    assert [note.partition("，")[0].partition("（")[0] for note in notes(sheet, 8)][:3] == [
        "合计2件：本周新登记2件", "其中1件来自居民上报的工单。", "另有1件居民上报的纠纷来源已经列出",
    ]  # fmt: skip
