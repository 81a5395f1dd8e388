"""季度看板: what each role is told of a quarter, wrong quarters, filters, and the next step of everything."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import text
from tests.boards.conftest import Open
from tests.reports.conftest import World
from tests.reports.conftest import dibao as dibao
from tests.reports.conftest import world as world

from courtyard import reports
from courtyard.period import SHANGHAI

GRID_1, GRID_2, GRID_3 = "510105005002001", "510105005002002", "510105005003001"


def lines(html: str) -> list[str]:
    """The table rows and paragraphs of a page as text, one a line."""
    rows = re.findall(r"<(?:tr|p)[ >].*?</(?:tr|p)>|<summary.*?</summary>", html, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


def line(html: str, *words: str) -> str:
    """The first line that holds these words."""
    return next(found for found in lines(html) if all(word in found for word in words))


def signed(world: World) -> None:
    """All that is published counts as signed by the office's reviewer."""
    statement = """INSERT INTO publish.sign_off (street_code, report, period, revision, content_hash, decision, reason, post, at)
        SELECT street_code, report, period, revision, content_hash, 'signed', '已核', '街道办事处审核岗', as_known_at
          FROM publish.publication"""
    with world.ctx.engine("publisher").begin() as connection:
        connection.execute(text(statement))


@pytest.fixture
def quarter(world: World) -> World:
    """Three grids, two sheets each: one reported and nil, one late and held, one silent. A source failed, one is held."""
    world.batch("grid_activists", "2026Q3", "2026-10-02T09:00:00+08:00", unit=GRID_1, landed=3)
    world.batch("grid_dibao", "2026Q3", "2026-10-02T09:00:00+08:00", unit=GRID_1, landed=0, is_nil=True)
    world.batch("grid_activists", "2026Q3", "2026-10-07T09:00:00+08:00", unit=GRID_2, status="held", reason="字数可疑")
    world.batch("hazards", "2026-07", "2026-08-02T09:00:00+08:00", status="held", reason="只有1行，上期20行", landed=1)
    world.batch("dibao_register", "2026-07", "2026-08-03T09:00:00+08:00", landed=5)
    world.execute("UPDATE quality.batch SET merged = 3, quarantined = 2 WHERE dataset = 'dibao_register'")
    for source, period, status, reason in (
        ("grid", "2026Q3", "landed", ""),
        ("civil_affairs", "2026-07", "landed", ""),
        ("civil_affairs", "2026-08", "failed", "连不上对方的数据库"),
        ("hotline", "2026-08", "absent", "来源没有这一期的数据"),
    ):
        world.execute(
            "INSERT INTO landing.fetch (street_code, source, period, status, reason, at)"
            " VALUES ('510105005', :source, :period, :status, :reason, '2026-09-03T08:00:00+08:00')",
            source=source, period=period, status=status, reason=reason,
        )  # fmt: skip
    return world


def test_reported_nil_and_missing_are_three_things(quarter: World, as_user: Open) -> None:
    page = as_user("street01").get("/quarter/2026Q3").text
    assert "2026年第三季度" in page and page.count("今天") == 1
    assert line(page, "四道街社区", "已报送 1", "确认本季度无 1", "未报送 1", "待核实 1")
    assert line(page, "商业街社区", "未报送 2") and "确认本季度无" not in line(page, "商业街社区", "未报送 2")


def test_what_is_missing_says_since_when_and_who_does_what_until_when(quarter: World, as_user: Open) -> None:
    page = as_user("street01").get("/quarter/2026Q3").text
    missing = line(page, "未报送", "商业街第1网格")
    assert "2026-10-06" in missing, "since the day after it was due"
    assert "没有收到采集表" in missing and "网格到10月10日补交，记为迟报" in missing
    assert "courtyard remind 2026Q3" in missing and "居民骨干" in missing and "低保户" in missing
    held = line(page, "待核实", "四道街第2网格")
    assert "字数可疑" in held and "街道核实后放行" in held and "/deliveries/grid%3A" in page
    before = as_user("street01", datetime(2026, 10, 3, 9, tzinfo=SHANGHAI)).get("/quarter/2026Q3").text
    assert "网格到10月5日报送" in line(before, "未报送", "商业街第1网格")


def test_sources_by_period_with_their_rows_and_the_next_step(quarter: World, as_user: Open) -> None:
    page = as_user("street01").get("/quarter/2026Q3").text
    failed = line(page, "取数失败", "低保信息系统", "2026-08")
    assert "连不上对方的数据库" in failed and "courtyard run 2026Q3" in failed
    landed = line(page, "已落地", "低保信息系统", "2026-07")
    assert "落地 5 ＝ 合并 3 ＋ 退回 2 ＋ 被替代 0 ＋ 暂挂 0" in landed and "请青羊区民政局改正退回的2行" in landed
    held = line(page, "有暂挂", "安全隐患", "2026-07")
    assert "只有1行，上期20行" in held and re.search(r"courtyard release emergency:\w+/hazards/v1", held)
    assert "2026-08" in line(page, "对方无数据", "12345热线办件")
    assert "还没有取" in line(page, "实有人口库") and "未接入" in line(page, "居民随手报照片")
    order = [found[0] for told in lines(page) if (found := re.match(r"取数失败|有暂挂|还没有取|已落地", told))]
    assert order.index("取数失败") == 0 and order.index("有暂挂") < order.index("已落地"), "red first"


def test_the_overview_counts_every_quarter_and_links_into_it(quarter: World, as_user: Open) -> None:
    page = as_user("street01").get("/quarter").text
    row = line(page, "2026Q3 3 0 0 1 0 1 1")  # missing, refused, partly, held, on the way, reported, nil
    assert row.startswith("2026Q3") and line(page, "2025Q4 0 0 0")
    assert 'href="/quarter/2026Q3?status=missing#grids"' in page
    assert "<h1>2026年第三季度" in page, "the newest quarter that is collected, though 2026Q4 has begun"


def test_reports_of_the_quarter_from_hold_to_acknowledgement(dibao: World, as_user: Open) -> None:
    reports.publish(dibao.only("dibao_roster", "activist_ledger").ctx)
    page = as_user("street01").get("/quarter/2026Q3").text
    waits = line(page, "待签发", "低保对象花名册", "2026-07")
    assert "已逾期" in waits and "2026-08-05" in waits
    assert "街道办事处审核岗到8月5日签发" in waits and "courtyard sign dibao_roster 2026-07" in waits
    held = line(page, "暂缓", "居民骨干台账")
    assert "尚未送达" in held and "courtyard run 2026Q3" in held
    dibao.sent()
    signed(dibao)
    page = as_user("street01").get("/quarter/2026Q3").text
    sent = line(page, "已送达", "低保对象花名册", "2026-07")
    assert "青羊区民政局：已送达" in sent and "不用再做什么" in sent and "已逾期" not in sent


def test_a_recall_waits_for_its_acknowledgement(dibao: World, as_user: Open) -> None:
    reports.publish(dibao.only("dibao_roster").ctx)
    dibao.sent()
    signed(dibao)
    with dibao.ctx.engine("publisher").begin() as connection:
        connection.execute(
            text("""INSERT INTO publish.recall (street_code, report, period, old_revision, recipient, new_revision,
                           letter_number, letter, sha256, changes, queued_at, due_on, sent_at)
                    VALUES ('510105005', 'dibao_roster', '2026-07', 1, '青羊区民政局', 2, '少城办函〔2026〕3号', 'x', 'x', 2,
                            '2026-09-20', '2026-09-28', '2026-09-21')"""),
        )
    found = line(as_user("street01").get("/quarter/2026Q3").text, "待确认更正", "低保对象花名册", "2026-07")
    assert "已逾期" in found and "青羊区民政局到9月28日确认更正函少城办函〔2026〕3号" in found


def test_runs_tell_who_and_why_and_for_whom_one_waits(quarter: World, as_user: Open) -> None:
    quarter.execute("""
        INSERT INTO warehouse.quarter_run (street_code, quarter, holder, kind, reason, requested_by, asked_at, opened_at, outcome,
                                           waits_for)
        VALUES ('510105005', '2026Q3', 'a', 'backfill', '2025Q4 更正', 'street01', '2026-10-07', '2026-10-07', 'held', NULL),
               ('510105005', '2026Q3', 'b', 'scheduled', '', 'airflow', '2026-10-08', NULL, 'waiting', 'a')""")
    quarter.execute("""INSERT INTO warehouse.follow_on (street_code, quarter, because_of, delivery_ids)
                       VALUES ('510105005', '2026Q2', '2025Q4', ARRAY['civil_affairs:1'])""")
    page = as_user("street01").get("/quarter/2026Q3").text
    assert "street01 2025Q4 更正" in line(page, "有报表暂缓", "回填")
    assert "等回填运行 a 结束（2025Q4 更正）" in line(page, "定时", "airflow")
    assert "因 2025Q4 更正， 2026Q2 须续算" in line(page, "须续算")
    for user in ("community01", "department01", "viewer01"):
        told = as_user(user).get("/quarter/2026Q3").text
        assert "须续算" not in told and "2025Q4 更正" not in told


def test_a_community_sees_its_own_grids_and_counts_of_the_others(quarter: World, as_user: Open) -> None:
    page = as_user("community01").get("/quarter/2026Q3").text
    assert line(page, "待核实", "四道街第2网格") and "商业街第1网格" not in page
    assert line(page, "商业街社区", "未报送 2")
    assert "courtyard" not in page.replace("/courtyard", ""), "commands are the street's"
    assert "连不上对方的数据库" not in page and "只有1行" not in page


def test_a_department_sees_its_own_sources_and_reports_only(quarter: World, as_user: Open) -> None:
    page = as_user("department01").get("/quarter/2026Q3").text
    assert line(page, "取数失败", "低保信息系统") and "老年人和社会组织名册" in page
    assert "实有人口库" not in page and "四道街第2网格" not in page and "未报送" not in page
    assert "低保对象花名册" in page and "安全隐患排查整改台账" not in page


def test_a_viewer_sees_counts_only(quarter: World, as_user: Open) -> None:
    page = as_user("viewer01").get("/quarter/2026Q3").text
    assert line(page, "四道街社区", "已报送 1") and line(page, "2026Q3 3 0 0 1")
    for hidden in ("四道街第2网格", "字数可疑", "低保信息系统", "低保对象花名册", "/deliveries/", "?status="):
        assert hidden not in page, hidden


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("2026Q5", 400, "没有“2026Q5”这个季度"),
        ("2026-07", 400, "没有“2026-07”这个季度"),
        ("2031Q1", 404, "2031年第一季度还没有开始"),
        ("2025Q3", 404, "2025年第三季度早于本街道建档"),
    ],
)
def test_a_wrong_quarter_is_told_with_what_to_do(
    warehouse_url: str, as_user: Open, asked: str, status: int, told: str
) -> None:
    answer = as_user("street01").get(f"/quarter/{asked}")
    assert answer.status_code == status and told in answer.text and "可选 2025Q4 至 2026Q4" in answer.text


def test_filters_leave_what_was_asked_for(quarter: World, as_user: Open) -> None:
    street = as_user("street01")
    only = street.get("/quarter/2026Q3?status=held").text
    assert line(only, "待核实", "四道街第2网格") and "商业街第1网格" not in only and "部门来源</h2>" not in only
    failed = street.get("/quarter/2026Q3?status=feed-failed").text
    assert line(failed, "取数失败", "低保信息系统") and "实有人口库" not in failed
    there = street.get("/quarter/2026Q3?community=510105005003").text
    assert line(there, "未报送", "商业街第1网格") and "四道街第2网格" not in there
    assert street.get("/quarter/2026Q3?status=nonsense").status_code == 400
    assert street.get("/quarter/2026Q3?community=510105005099").status_code == 404


def test_a_closed_quarter_stands_in_the_calendar_and_takes_nothing(quarter: World, as_user: Open) -> None:
    quarter.execute("""INSERT INTO submissions.period_lock (street_code, period, is_closed, reason, actor, at)
                       VALUES ('510105005', '2026Q3', true, '数据已送审', '街道办', '2026-10-08T08:00:00+08:00')""")
    page = as_user("street01").get("/quarter/2026Q3").text
    assert "关闭，不再收" in page and "数据已送审" in page
    assert "重新开放后再报送" in line(page, "未报送", "商业街第1网格")
