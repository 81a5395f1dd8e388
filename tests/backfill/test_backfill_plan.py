"""What a plan says, from literal rows: deliveries, forms, who is told; and that it leaves everything as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.backfill.conftest import AT, Office

from courtyard import backfill
from courtyard.backfill.planned import Plan
from courtyard.desk.deciding import Signed
from courtyard.period import SHANGHAI, Period
from courtyard.reports import checking, closing
from courtyard.store import lease
from courtyard.submissions import locks

Q3 = Period.quarter("2026Q3")
POST = "街道办事处审核岗"


def planned(office: Office, *quarters: str, compose: bool = True, at: datetime = AT) -> Plan:
    return backfill.plan(office.ctx, [Period.quarter(q) for q in quarters or ("2026Q3",)], at, compose=compose)


def outcomes(plan: Plan) -> dict[tuple[str, str], str]:
    return {(form.report, form.period): form.outcome for form in plan.forms if form.period != "2026-09"}


def told(plan: Plan) -> list[tuple[str, str, bool, int]]:
    return [(t.kind, t.name, t.is_certain, len(t.forms)) for t in plan.told]


def test_where_nothing_waits_nothing_changes_and_nobody_is_told(office):
    plan = planned(office)
    assert set(outcomes(plan).values()) == {"same"}
    assert (plan.used, plan.moving, plan.told, plan.may_run) == ((), (), (), True)
    assert [d.standing for d in plan.steps[0].deliveries] == ["done", "done"]


def test_a_late_delivery_moves_the_forms_that_rest_on_it_and_their_recipients_are_told(office):
    delivery = office.arrives("dibao_register", "2026-07")
    plan = planned(office)
    (used,) = plan.used
    assert (used.delivery_id, used.arrival, used.datasets) == (delivery, "corrected", ("dibao_register",))
    assert outcomes(plan) == {
        ("dibao_roster", "2026-07"): "may_change",
        ("dibao_roster", "2026-08"): "same",  # a month's roster reads its own month alone
        ("dibao_statistics", "2026-07"): "may_change",
        ("dibao_statistics", "2026-08"): "may_change",  # the year's figures stand in it
    }
    assert told(plan) == [("recipient", "青羊区民政局", False, 3), ("approver", POST, False, 3)]


def test_a_delivery_of_a_month_that_never_came_is_new_or_late(office):
    office.execute("DELETE FROM warehouse.record")
    office.execute("DELETE FROM quality.batch")
    office.arrives("dibao_register", "2026-09")
    assert {d.arrival for d in planned(office).used} == {"new"}
    office.batch("dibao_register", "2026-08")
    assert "late" in {d.arrival for d in planned(office).used}


def test_a_register_moves_every_later_form_that_looks_things_up_in_it(office):
    delivery = office.arrives("population", "2026Q2")
    plan = planned(office, "2026Q2")
    later = {(form.report, form.period): form for form in plan.later}
    assert set(later) == {("dibao_statistics", "2026-07"), ("dibao_statistics", "2026-08")}
    assert all(f.fed_by == (delivery,) and f.is_later and f.outcome == "may_change" for f in later.values())
    assert ("recipient", "青羊区民政局", False, 2) in told(plan)


def test_what_was_merged_and_not_published_yet_is_known_exactly(office):
    delivery = office.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    office.replace(delivery, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    plan = planned(office)
    assert plan.used == ()
    forms = {(f.report, f.period): f for f in plan.moving}
    assert {key: (f.outcome, f.revision) for key, f in forms.items()} == {
        ("dibao_roster", "2026-07"): ("changes", 1),
        ("dibao_statistics", "2026-07"): ("changes", 1),
        ("dibao_statistics", "2026-08"): ("changes", 1),
    }
    assert forms["dibao_statistics", "2026-07"].changes == 6
    assert told(plan) == [("recipient", "青羊区民政局", True, 3), ("approver", POST, True, 3)]
    assert planned(office, compose=False).moving == ()  # only what waits is looked at


def test_a_form_that_would_be_held_says_why(office):
    delivery = office.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    office.replace(delivery, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    signed = Signed(POST, "已汇总上报", AT)
    closing.close(office.ctx, "dibao_roster", "2026-07", signed)
    held = next(f for f in planned(office).forms if (f.report, f.period) == ("dibao_roster", "2026-07"))
    assert held.outcome == "held" and f"已由{POST}于2026-10-08关闭：已汇总上报" in held.why
    missing = next(f for f in planned(office).forms if (f.report, f.period) == ("dibao_roster", "2026-09"))
    assert missing.outcome == "held" and "尚未送达" in missing.why


def test_held_rejected_and_quarantined_deliveries_say_why(office):
    office.batch("dibao_register", "2026-09", status="held", reason="行数比上期少一半")
    office.batch("dibao_register", "2026-09", "2026-10-03T08:00:00+08:00", status="rejected", reason="无法打开")
    office.execute("UPDATE quality.batch SET quarantined = 2 WHERE period = '2026-08'")
    for row_no in (2, 3):
        office.execute(
            """INSERT INTO quality.quarantined_row (batch_id, sheet, row_no, codes)
               SELECT batch_id, '', :row_no, '{address.unknown}' FROM quality.batch WHERE period = '2026-08'""",
            row_no=row_no,
        )
    step = planned(office).steps[0]
    assert [(d.standing, d.why) for d in step.standing("held", "rejected")] == [
        ("held", "行数比上期少一半"),
        ("rejected", "无法打开"),
    ]
    (done,) = (d for d in step.standing("done") if d.period == "2026-08")
    assert done.why.endswith("（2行）") and step.quarantined == 2


def test_a_released_batch_is_used(office):
    delivery = office.batch("dibao_register", "2026-09", status="parsed")
    office.execute(
        """INSERT INTO quality.release (batch_id, street_code, reason, actor, at)
           SELECT batch_id, street_code, '确有减少', '社治办主任', now() FROM quality.batch WHERE delivery_id = :id""",
        id=delivery,
    )
    (used,) = planned(office).used
    assert (used.delivery_id, used.arrival) == (delivery, "released")


def test_a_unit_whose_workbook_waits_gets_a_receipt(office):
    office.arrives("grid_activists", "2026Q3", "2026-10-07T09:00:00+08:00", unit="510105005002001")
    plan = planned(office)
    assert [(d.arrival, d.unit) for d in plan.used] == [("late", "四道街社区第1网格")]
    assert ("unit", "四道街社区第1网格", True, 0) in told(plan)


def test_sources_that_would_be_asked_again_say_what_became_of_them_last_time(office):
    for period, status, reason in (("2026-08", "failed", "连接超时"), ("2026-09", "absent", "来源没有这一期的数据")):
        office.execute(
            """INSERT INTO landing.fetch (street_code, source, period, status, reason, at)
               VALUES ('510105005', 'civil_affairs', :period, :status, :reason, '2026-10-02T08:00:00+08:00')""",
            period=period,
            status=status,
            reason=reason,
        )
    office.execute(
        """INSERT INTO landing.fetch (street_code, source, period, status, at)
           VALUES ('510105005', 'civil_affairs', '2026-07', 'landed', '2026-08-03T08:00:00+08:00')"""
    )
    asked = [(a.period, a.status, a.why) for a in planned(office).steps[0].asked if a.source == "civil_affairs"]
    assert asked == [("2026-08", "failed", "连接超时"), ("2026-09", "absent", "来源没有这一期的数据")]


def test_a_quarter_that_may_not_run_says_why(office):
    plan = planned(office, "2025Q3", "2027Q1")
    assert not plan.may_run
    early, unborn = (step.verdict for step in plan.steps)
    assert "2025Q4" in early.why and "还没有开始" in unborn.why
    locks.close(replace(office.ctx, period=Q3), "年报已定稿", "社治办主任", AT - timedelta(days=1))
    closed = planned(office).steps[0].verdict
    assert "年报已定稿" in closed.why and "courtyard reopen 2026Q3" in closed.remedy


def test_it_names_the_run_that_is_at_a_quarter_and_takes_no_lease(office):
    other = replace(office.ctx, holder="airflow:courtyard_quarter/run")
    token = lease.acquire(other)
    plan = planned(office)
    assert plan.may_run and plan.steps[0].verdict.busy_with == "airflow:courtyard_quarter/run"
    with office.ctx.engine().begin() as connection:
        lease.check(connection, other.under(token))  # still the other's


@pytest.mark.parametrize("compose", [True, False])
def test_nothing_is_written(office, compose):
    office.arrives("dibao_register", "2026-07")
    before = counts(office)
    planned(office, compose=compose)
    assert counts(office) == before


def counts(office: Office) -> dict[str, str]:
    """Every table of the warehouse with a digest of its rows."""
    names = office.rows(
        """SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema', 'intake')
              AND CASE WHEN has_schema_privilege(table_schema, 'USAGE')
                       THEN has_table_privilege(table_schema || '.' || table_name, 'SELECT') END"""
    )
    digest = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM {} t"
    return {row["name"]: office.rows(digest.format(row["name"]))[0]["digest"] for row in names}


def test_a_report_that_cannot_be_made_stops_no_other(office, monkeypatch):
    def broken(connection, where, form):
        raise ValueError("张三")

    delivery = office.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    office.replace(delivery, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    monkeypatch.setattr(checking, "check", broken)
    plan = planned(office)
    held = [f for f in plan.forms if f.outcome == "held" and f.period == "2026-07"]
    assert len(held) == 2 and all("ValueError" in f.why and "张三" not in f.why for f in held)


def test_how_long_it_takes_is_known_from_the_last_runs(office):
    assert planned(office).seconds is None
    office.execute(
        """INSERT INTO warehouse.quarter_run (street_code, quarter, token, holder, kind, reason, requested_by, asked_at,
               opened_at, ended_at, outcome)
           VALUES ('510105005', '2026Q3', 1, 'h', 'backfill', '补报', 'admin', now(), now() - interval '5 minutes',
                   now(), 'done')"""
    )
    assert planned(office).seconds == pytest.approx(300)


def test_json_holds_it_all(office):
    plain = planned(office).plain()
    assert plain["may_run"] is True and plain["steps"][0]["quarter"] == "2026Q3"
    assert plain["at"].astimezone(SHANGHAI) == AT
