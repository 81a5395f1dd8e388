"""What the watch sees in the ledgers: sources, what is stuck, forms that are due. Literal rows in, causes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from watched import HOUR, NOON, STREET

from courtyard.period import SHANGHAI, Period
from courtyard.watching import looking

LATER = datetime(2026, 10, 12, 9, 0, tzinfo=SHANGHAI)  # all of the third quarter is late by then
MONTHS = ["2026-04", "2026-05", "2026-06", "2026-07"]


@pytest.fixture
def landed(office):
    """`landed(source, period, rows)` is a delivery of that period with one batch; returns the batch's id."""
    count = iter(range(10_000))

    def land(source: str, period: str, rows: int = 100, *, status: str = "merged", unit: str | None = None, **batch):
        number = next(count)
        at = batch.pop("at", NOON - 30 * HOUR + number * timedelta(minutes=1))
        delivery = f"{source}:{number:016x}"
        common = {"street_code": STREET, "source": source, "period": period, "unit_code": unit}
        office.insert("landing.delivery", {**common, "delivery_id": delivery, "name": "x", "sha256": f"{number}",
            "size_bytes": 1, "media_type": "x", "version_at": at, "received_at": at, "sealed_name": "x", "key_id": "x",
            "wrapped_key": b"x"})  # fmt: skip
        if not office.rows("SELECT FROM landing.fetch WHERE source = :s AND period = :p", s=source, p=period):
            office.insert("landing.fetch", {"street_code": STREET, "source": source, "period": period,
                "status": "landed", "at": at})  # fmt: skip
        dataset = batch.pop("dataset", office.ctx.district.sources[source].datasets[0])
        values = {"merged": rows if status == "merged" else 0, "held": rows if status == "held" else 0, **batch}
        batch_id = f"{delivery}/{dataset}/v1"
        office.insert("quality.batch", {"batch_id": batch_id, "delivery_id": delivery, "street_code": STREET,
            "dataset": dataset, "period": period, "unit_code": unit, "status": status, "landed": rows, **values})  # fmt: skip
        return batch_id

    return land


def seen(office, at: datetime = LATER, kinds: tuple[str, ...] = ()) -> dict[str, object]:
    """The causes by key; only of some kinds."""
    _, causes = looking.look(office.ctx, at)
    return {cause.key: cause for cause in causes if not kinds or cause.kind in kinds}


def state(office, source: str, at: datetime = LATER):
    return next(state for state in looking.look(office.ctx, at)[0] if state.source == source)


# --- feeds --------------------------------------------------------------------------------------


def test_a_source_that_landed_is_fresh(office, landed):
    landed("population", "2026Q3", 2000)
    found = state(office, "population")
    assert (found.state, found.last_period, found.due_period, found.rows) == ("fresh", "2026Q3", "2026Q3", 2000)
    assert "missing/population" not in seen(office)


def test_a_period_that_nobody_asked_for_points_at_the_paused_dag(office, landed):
    landed("population", "2026Q2")
    cause = seen(office)["missing/population"]
    assert (cause.place, cause.periods) == ("实有人口库（公安青羊区分局）", ("2026Q3",))
    assert "没有取过" in cause.what and "启用“取数：实有人口库”" in cause.remedy
    assert state(office, "population").state == "late"


def test_a_period_that_the_department_does_not_have_points_at_the_department(office, landed):
    landed("population", "2026Q2")
    fetch = {"street_code": STREET, "source": "population", "period": "2026Q3", "status": "absent", "at": NOON}
    office.insert("landing.fetch", fetch)
    cause = seen(office)["missing/population"]
    assert "10-08 12:00 取数时对方还没有这一期" in cause.what and "向公安青羊区分局催要" in cause.remedy


def test_a_gap_between_landed_periods_is_missing_and_what_came_before_the_first_is_not(office, landed):
    for period in ("2026-06", "2026-08", "2026-09"):
        landed("hotline", period)
    assert seen(office)["missing/hotline"].periods == ("2026-07",)
    assert seen(office, kinds=("missing",)).keys() > {"missing/population"}
    assert seen(office)["missing/population"].periods == ("2026Q3",)  # not all the quarters before it was connected


def test_a_failed_fetch_is_the_same_cause_as_the_tasks_own_alert(office, landed):
    landed("hotline", "2026-08")
    fetch = {
        "street_code": STREET,
        "source": "hotline",
        "period": "2026-09",
        "status": "failed",
        "reason": "连接被拒绝。",
    }
    office.insert("landing.fetch", {**fetch, "at": NOON})
    cause = seen(office)["source/hotline"]
    assert (cause.kind, cause.periods, cause.what) == ("source", ("2026-09",), "连接被拒绝。")
    assert state(office, "hotline").state == "failed"
    assert "missing/hotline" not in seen(office)


def test_a_tolerance_of_its_own_is_kept(office, landed):
    landed("population", "2026Q2")
    rules = office.ctx.district.watch
    own = rules.sources["hotline"].model_copy(update={"late_after": "10 working_days"})
    watch = rules.model_copy(update={"sources": {"population": own}})
    office.ctx = replace(office.ctx, district=office.ctx.district.model_copy(update={"watch": watch}))
    assert "missing/population" not in seen(office)


def test_a_feed_that_nobody_looks_for_any_more_is_idle(office, landed):
    landed("grid", "2026Q3", at=NOON)
    assert "idle/grid" not in seen(office, NOON + 3 * HOUR)
    cause = seen(office, NOON + 3 * HOUR + timedelta(minutes=1))["idle/grid"]
    assert "自 2026-10-08 12:00 起没有再收取" in cause.what


def test_residents_who_are_silent_for_unusually_long_are_noticed(office):
    report = {"street_code": STREET, "dataset": "resident_reports", "case_no": "1", "channel": "page", "how": "opened"}
    days = [NOON - timedelta(days=40 - number) for number in range(30)]
    office.insert("cases.report", *({**report, "record_key": str(n), "reported_at": day} for n, day in enumerate(days)))
    assert "silent/resident_reports" not in seen(office, days[-1] + timedelta(days=3))
    cause = seen(office)["silent/resident_reports"]
    assert "15 天没有居民上报" in cause.what or "天没有居民上报" in cause.what
    assert "二维码" in cause.remedy


# --- rows ---------------------------------------------------------------------------------------


def test_a_sudden_drop_names_source_and_both_figures(office, landed):
    for period in ("2026Q1", "2026Q2"):
        landed("population", period, 2000)
    landed("population", "2026Q3", 900)
    cause = seen(office)["volume/population/population/2026Q3"]
    assert cause.place.startswith("实有人口库（公安青羊区分局）")
    assert "本期 900 行，少于往期通常的 2,000 行" in cause.what
    assert (state(office, "population").rows, state(office, "population").usual_rows) == (900, 2000)


def test_a_jump_is_unusual_and_a_source_may_have_wider_bounds(office, landed):
    for period, rows in zip(["2026-06", "2026-07", "2026-08", "2026-09"], [100, 100, 100, 190], strict=True):
        landed("hotline", period, rows)
        landed("civil_affairs", period, rows)
    assert seen(office, kinds=("volume",)).keys() == {"volume/civil_affairs/dibao_register/2026-09"}


def test_a_correction_counts_instead_of_what_it_replaces(office, landed):
    for period in ("2026Q1", "2026Q2"):
        landed("population", period, 2000)
    landed("population", "2026Q3", 900)
    landed("population", "2026Q3", 2010)
    assert not seen(office, kinds=("volume",))


def test_a_grid_whose_sheet_shrank_is_named_and_one_that_confirmed_it_is_not(office, landed):
    first, second = [u.code for u in office.ctx.district.units_valid_on(date(2026, 9, 30), "grid")][:2]
    for period in ("2026Q1", "2026Q2"):
        for unit in (first, second):
            landed("grid", period, 40, unit=unit)
    landed("grid", "2026Q3", 5, unit=first)
    landed("grid", "2026Q3", 0, unit=second, is_nil=True)
    (cause,) = seen(office, kinds=("volume",)).values()
    assert cause.unit_code == first
    assert cause.place.startswith(next(u.name for u in office.ctx.district.units if u.code == first))


def test_what_is_unusual_is_news_for_one_period_only(office, landed):
    for period, rows in (("2026Q1", 2000), ("2026Q2", 900)):
        landed("population", period, rows)
    assert not seen(office, kinds=("volume",), at=datetime(2026, 10, 12, tzinfo=SHANGHAI))
    assert seen(office, kinds=("volume",), at=datetime(2026, 9, 12, tzinfo=SHANGHAI))


# --- what is stuck ------------------------------------------------------------------------------


def test_a_held_batch_is_told_until_a_post_lets_it_pass(office, landed):
    batch = landed("population", "2026Q3", status="held", reason="比上一次少了 12%。")
    cause = seen(office)[f"held/{batch}"]
    assert cause.what == "比上一次少了 12%。" and f"courtyard release {batch}" in cause.remedy
    office.insert(
        "quality.release",
        {"batch_id": batch, "street_code": STREET, "reason": "属实", "actor": "510105005/社治办主任", "at": NOON},
    )
    assert f"held/{batch}" not in seen(office)


@pytest.mark.parametrize(("rows", "quarantined", "is_told"), [(100, 10, False), (100, 11, True), (19, 19, False)])
def test_quarantine_above_its_share_is_told_once_a_series(office, landed, rows, quarantined, is_told):
    landed("population", "2026Q3", rows, quarantined=quarantined, merged=rows - quarantined)
    found = seen(office, kinds=("quarantine",))
    assert found.keys() == ({"quarantine/population/population"} if is_told else set())


def test_quarantine_of_a_delivery_that_was_followed_by_a_better_one_is_no_news(office, landed):
    landed("population", "2026Q2", 100, quarantined=50, merged=50)
    landed("population", "2026Q3", 100)
    assert not seen(office, kinds=("quarantine",))


def test_a_ledger_that_does_not_balance_is_told_at_once_and_rows_on_their_way_after_a_while(office, landed):
    lost = landed("population", "2026Q3", 100, merged=99)
    waits = landed("housing", "2026Q3", 50, status="parsed", at=NOON)
    assert seen(office, NOON + HOUR, ("residual",)).keys() == {f"residual/{lost}"}
    found = seen(office, datetime(2026, 10, 13, 9, tzinfo=SHANGHAI), ("residual",))
    assert "差 1 行" in found[f"residual/{lost}"].what
    assert "50 行自 2026-10-08 12:00 起还没有入库" in found[f"residual/{waits}"].what


def test_an_address_that_was_given_up_is_one_cause_with_its_unit(office):
    notice = {"street_code": STREET, "channel": "mail", "address": "grid-510105005002001@shaocheng.example",
              "subject": "x", "body": "x", "queued_at": NOON, "attempts": 5, "error": "邮件服务器拒绝了收件地址（550）。"}  # fmt: skip
    office.insert("notices.notice", {**notice, "cause": "a"}, {**notice, "cause": "b"})
    (cause,) = seen(office, kinds=("notice",)).values()
    assert cause.unit_code == "510105005002001" and "2 条通知多次被拒" in cause.what and "550" in cause.what


def test_a_letter_without_a_reply_is_told_the_day_after_it_was_due(office):
    letter = {"street_code": STREET, "case_no": "261001-ABCDE", "letter_no": 1, "department": "housing", "number": "少城办函〔2026〕9号",
              "kind": "request", "file": "x", "sha256": "x", "written_at": NOON, "due_on": date(2026, 10, 11)}  # fmt: skip
    office.insert("cases.letter", letter)
    assert not seen(office, datetime(2026, 10, 11, 20, tzinfo=SHANGHAI), ("letter",))
    (cause,) = seen(office, kinds=("letter",)).values()
    assert "少城办函〔2026〕9号" in cause.place and "2026-10-11" in cause.what


# --- deadlines ----------------------------------------------------------------------------------


def published(office, state: str | None = None, **more) -> None:
    """城市低保统计表 of September, due on 5 October."""
    row = {"street_code": STREET, "report": "dibao_statistics", "period": "2026-09", "revision": 1, "content_hash": "h"}
    office.insert_as_publisher(
        "publish.publication", {**row, "as_known_at": NOON, "folder": "x", "rows": 1, "manifest": {}}
    )
    if state:
        office.insert_as_publisher(
            "publish.sign_off",
            {**row, "decision": state, "reason": "第3行合计不对", "post": "街道办事处审核岗", "at": NOON, **more},
        )


def of_form(office, on: str) -> list[tuple[str, str]]:
    at = datetime.fromisoformat(on).replace(hour=9, tzinfo=SHANGHAI)
    found = seen(office, at, ("deadline", "overdue"))
    return [(key, cause.what) for key, cause in found.items() if "/dibao_statistics/2026-09/" in key]


def test_before_its_day_of_counting_nothing_is_asked_of_a_form(office):
    assert of_form(office, "2026-09-30") == []


def test_a_form_that_lacks_data_names_the_source_and_the_days_left(office):
    [(key, what)] = of_form(office, "2026-10-03")
    assert key == "deadline/dibao_statistics/2026-09/unpublished"
    # 1 to 7 October are holidays: no working day is left up to the 5th.
    assert what.startswith("应于 2026-10-05 前报送青羊区民政局，还有 0 个工作日：缺数：低保信息系统2026年9月")


def test_after_the_date_it_is_overdue_by_working_days(office):
    [(key, what)] = of_form(office, "2026-10-09")
    assert key == "overdue/dibao_statistics/2026-09/unpublished" and "已逾期 2 个工作日" in what


def test_a_held_form_names_the_check(office, landed):
    landed("civil_affairs", "2026-09")
    hold = {
        "street_code": STREET,
        "report": "dibao_statistics",
        "period": "2026-09",
        "reason": "户数合计与花名册不符（98／99）。",
    }
    office.insert_as_publisher("publish.hold", hold)
    [(key, what)] = of_form(office, "2026-10-09")
    assert key.endswith("/held") and what.endswith("被暂缓：户数合计与花名册不符（98／99）。")


def test_each_stage_of_the_wait_is_a_cause_of_its_own(office):
    published(office)
    [(key, what)] = of_form(office, "2026-10-09")
    assert key.endswith("/unsigned") and "第1版待街道办事处审核岗签发" in what


def test_a_returned_form_names_who_returned_it_and_why(office):
    published(office, "returned")
    [(key, what)] = of_form(office, "2026-10-09")
    assert key.endswith("/returned") and "被街道办事处审核岗退回：第3行合计不对" in what


def test_a_signed_form_waits_until_every_channel_has_confirmed(office):
    published(office, "signed")
    [(key, what)] = of_form(office, "2026-10-09")
    assert key.endswith("/undelivered") and "尚未送达青羊区民政局" in what
    sending = {"street_code": STREET, "report": "dibao_statistics", "period": "2026-09", "revision": 1, "recipient": "civil_affairs",
               "target": "x", "basis": "x", "view": "full", "files": {}, "queued_at": NOON}  # fmt: skip
    office.insert_as_publisher("publish.sending", {**sending, "channel": "folder", "confirmed_at": NOON})
    office.insert_as_publisher("publish.sending", {**sending, "channel": "mail", "error": "邮件服务器连不上。"})
    [(_, what)] = of_form(office, "2026-10-09")
    assert "青羊区民政局" in what and what.endswith("：邮件服务器连不上。")


def test_a_form_long_overdue_is_left_to_the_boards(office):
    assert of_form(office, "2026-11-02") and not of_form(office, "2026-11-20")


# --- the whole look -----------------------------------------------------------------------------


def test_a_look_keeps_the_table_of_sources_and_a_second_one_changes_nothing(office, landed):
    landed("population", "2026Q2", 100)
    first = looking.watch(office.ctx, at=LATER)
    assert first["told"] > 0 and first["sources"]["late"] > 1
    assert looking.watch(office.ctx, at=LATER + HOUR)["told"] == 0
    row = office.rows(
        "SELECT state, last_period, due_period, late_by > '0 s', rows FROM mart.source_freshness WHERE source = 'population'"
    )
    assert row == [("late", "2026Q2", "2026Q3", True, 100)]
    asked = {s.source for s in office.ctx.district.sources.values() if s.transport != "desk"}
    assert {name for (name,) in office.rows("SELECT source FROM mart.source_freshness")} == asked


def test_an_empty_warehouse_can_be_looked_at_on_the_first_day(office):
    at = datetime(2025, 10, 1, 9, tzinfo=SHANGHAI)
    assert looking.look(office.ctx, at)[1] == []
    assert Period.of("quarter", at) == Period.quarter(office.ctx.district.office.first_quarter)
