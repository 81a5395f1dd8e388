"""One cause is told once while it lasts, again after a set time or after it was well, and once that it is over."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from watched import HOUR, NOON, STREET

from courtyard.connection import Connection
from courtyard.district.models import Contact
from courtyard.watching import alerting
from courtyard.watching.cause import Cause
from courtyard.watching.failing import Failure

MINUTES = timedelta(minutes=1)
HOTLINE = Cause(
    "source/hotline", "source", "12345热线办件（网络理政中心）", "连接被拒绝。", "请检查网络。", ("2026Q3",), "hotline"
)
MERGE = Cause(
    "task/courtyard_quarter/merge/2026Q3",
    "task",
    "少城街道 季度数据链／合并入库",
    "磁盘已满。",
    "请清理磁盘。",
    ("2026Q3",),
)
FETCHED = Failure("courtyard_quarter", "fetch", "取数落地", period="2026Q3", source="hotline")


def test_the_mail_names_place_period_cause_and_remedy(office):
    assert office.alert(HOTLINE) == 1
    [(subject, body)] = office.mails()
    assert subject == "【告警】取数失败：12345热线办件（网络理政中心） 2026年第三季度"
    assert body.splitlines() == [
        "■ 12345热线办件（网络理政中心）",
        "期别：2026年第三季度",
        "原因：连接被拒绝。",
        "处理：请检查网络。",
        "始于：2026-10-08 12:00",
        "",
        "全部告警：courtyard alerts",
    ]


def test_every_ten_minutes_in_every_dag_and_for_every_period_is_one_alert(office):
    told = [office.alert(replace(HOTLINE, periods=(p,)), at=NOON + 10 * n * MINUTES)
            for n, p in enumerate(["2026Q3", "2026-07", "2026Q2", "2026Q3"])]  # fmt: skip
    assert told == [1, 0, 0, 0]
    assert len(office.mails()) == 1
    assert office.rows("SELECT periods, times FROM watch.alert") == [(["2026Q2", "2026-07", "2026Q3"], 4)]


def test_ten_mapped_tasks_that_fail_at_once_are_one_alert(office):
    threads = [threading.Thread(target=office.alert, args=(HOTLINE,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.rows("SELECT times, times_told FROM watch.alert") == [(10, 1)]
    assert len(office.mails()) == 1


def test_what_goes_on_is_told_again_after_a_set_time(office):
    assert [office.alert(MERGE, at=NOON + n * HOUR) for n in (0, 23, 24, 25, 47, 48)] == [1, 0, 1, 0, 0, 1]
    assert len(office.mails()) == 3


def test_it_is_said_once_that_it_works_again(office):
    office.alert(HOTLINE)
    office.mails()
    assert [office.well(FETCHED, NOON + 2 * HOUR), office.well(FETCHED, NOON + 3 * HOUR)] == [1, 0]
    [(subject, body)] = office.mails()
    assert subject == "【已恢复】取数失败：12345热线办件（网络理政中心） 2026年第三季度"
    assert "自 2026-10-08 12:00 起曾有：连接被拒绝。" in body


def test_after_it_was_well_it_is_told_anew(office):
    office.alert(HOTLINE)
    office.well(FETCHED, NOON + HOUR)
    assert office.alert(HOTLINE, at=NOON + 2 * HOUR) == 1
    assert len(office.mails()) == 3


def test_what_fails_and_works_in_turns_is_no_stream_of_messages(office):
    office.alert(HOTLINE)
    for n in range(6):  # well for ten minutes, failing for ten
        office.well(FETCHED, NOON + (20 * n + 10) * MINUTES)
        assert office.alert(HOTLINE, at=NOON + (20 * n + 20) * MINUTES) == 0
    assert [subject[:5] for subject, _ in office.mails()] == ["【告警】取", "【已恢复】"]
    # But once it lasts it is told, although it was well a moment before.
    assert office.alert(HOTLINE, at=NOON + 120 * MINUTES + 29 * MINUTES) == 0
    assert office.alert(HOTLINE, at=NOON + 120 * MINUTES + 30 * MINUTES) == 1


def test_one_period_that_works_leaves_the_others_open(office):
    office.alert(replace(HOTLINE, periods=("2026Q2",)))
    office.alert(replace(HOTLINE, periods=("2026-07", "2026Q3")))
    assert office.well(FETCHED) == 0
    assert office.rows("SELECT periods FROM watch.alert WHERE recovered_at IS NULL") == [(["2026Q2"],)]
    assert office.well(replace(FETCHED, period="2026Q2")) == 1


def test_a_success_of_something_else_ends_nothing(office):
    office.alert(HOTLINE, MERGE)
    assert office.well(replace(FETCHED, source="population")) == 0
    assert office.well(Failure("courtyard_quarter", "merge", "", period="2026Q2")) == 0
    assert office.well(Failure("courtyard_quarter", "merge", "", period="2026Q3")) == 1


def test_a_dead_mail_server_keeps_the_alert_until_it_is_up(office):
    up = office.connections["mail"]
    office.connections["mail"] = Connection.from_uri("mail", "smtp://127.0.0.1:9?from_email=a@b.example")
    done = alerting.alert(office.ctx, [HOTLINE], at=NOON)
    assert (done["told"], done["sending"]["waiting"]) == (1, 1)
    assert office.mails() == []
    office.connections["mail"] = up
    from courtyard import notices

    assert notices.send(office.ctx, at=NOON + HOUR)["sent"] == 1  # what the reminders do every day
    assert len(office.mails()) == 1


def test_whom_nobody_can_be_told_of_is_told_once_somebody_can(office):
    with_nobody = office.ctx.district.model_copy(update={"contacts": ()})
    known = office.ctx
    office.ctx = replace(known, district=with_nobody)
    assert office.alert(HOTLINE) == 0
    office.ctx = known
    assert office.alert(HOTLINE, at=NOON + HOUR) == 1


def test_a_kind_may_go_to_others_by_each_of_their_channels(office):
    rules = office.ctx.district.watch
    alerts = rules.alerts.model_copy(update={"receivers": {"source": ("510105005002", STREET)}})
    robot = Contact(unit_code=STREET, channel="wecom", address="robot", valid_from=NOON.date())
    changed = {"watch": rules.model_copy(update={"alerts": alerts}), "contacts": (*office.ctx.district.contacts, robot)}
    office.ctx = replace(office.ctx, district=office.ctx.district.model_copy(update=changed))
    office.alert(HOTLINE)
    told = office.rows("SELECT channel, address FROM notices.notice ORDER BY 1, 2")
    assert told == [
        ("mail", "community-510105005002@shaocheng.example"),
        ("mail", "street-510105005@shaocheng.example"),
        ("wecom", "robot"),
    ]


# --- what the watch sees as a whole -------------------------------------------------------------

MISSING = Cause(
    "missing/population", "missing", "实有人口库（公安）", "至今没有取过。", "请运行取数。", ("2026Q3",), "population"
)
LATE = Cause(
    "overdue/dibao_roster/2026-09/unsigned",
    "overdue",
    "《低保对象花名册》2026年9月",
    "待签发。",
    "请签发。",
    ("2026-09",),
)


def test_what_the_watch_no_longer_sees_is_over_and_other_kinds_are_left_alone(office):
    office.alert(MERGE)
    assert office.compare(MISSING) == {"seen": 1, "told": 1, "over": 0}
    assert office.compare(MISSING, at=NOON + HOUR) == {"seen": 1, "told": 0, "over": 0}
    assert office.compare(at=NOON + 2 * HOUR) == {"seen": 0, "told": 0, "over": 1}
    assert [subject[:5] for subject, _ in office.mails()] == ["【告警】任", "【告警】数", "【已恢复】"]
    assert office.rows("SELECT cause FROM watch.alert WHERE recovered_at IS NULL") == [(MERGE.key,)]


def test_what_waits_for_people_is_told_once_and_its_end_is_no_news(office):
    assert office.compare(LATE)["told"] == 1
    assert office.compare(LATE, at=NOON + 72 * HOUR)["told"] == 0
    delivered = replace(LATE, key="overdue/dibao_roster/2026-09/undelivered", what="尚未送达。")
    assert office.compare(delivered, at=NOON + 73 * HOUR) == {"seen": 1, "told": 1, "over": 1}
    assert [subject[:5] for subject, _ in office.mails()] == ["【告警】报", "【告警】报"]


def test_many_of_a_kind_found_together_are_one_message(office):
    many = [replace(LATE, key=f"overdue/r{n}/2026-09/unsigned", place=f"《报表{n}》") for n in range(12)]
    office.compare(MISSING, *many)
    told = dict(office.mails())
    assert set(told) == {"【告警】报表逾期：少城街道 12 项", "【告警】数据未到：实有人口库（公安） 2026年第三季度"}
    body = told["【告警】报表逾期：少城街道 12 项"]
    assert body.count("■") == 10 and "等 12 项。" in body


def test_a_period_that_came_meanwhile_is_no_longer_named(office):
    office.compare(replace(MISSING, periods=("2026Q2", "2026Q3")))
    office.compare(MISSING, at=NOON + HOUR)
    assert office.rows("SELECT period, times FROM mart.alert") == [("2026Q3", 2)]


def test_no_alert_that_has_long_been_over_is_kept(office):
    office.compare(MISSING)
    office.compare(at=NOON + HOUR)
    office.compare(at=NOON + timedelta(days=401))
    assert office.rows("SELECT count(*) FROM watch.alert") == [(0,)]
