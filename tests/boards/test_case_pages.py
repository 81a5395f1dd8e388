"""工单: who sees which case, both clocks, and the actions of its post through the same door as the commands."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from tests.boards.conftest import Open
from tests.boards.pages import audited, hidden, rows, words
from tests.street_cases import COURTYARD, happen, opened, reported

from courtyard import stages
from courtyard.cases import acting, ledger, letters, tasks
from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.settings import Settings

CASE, SECRETARY, STREET_POST = "260921-AAAAA", "510105005002/社区书记", "510105005/社治办副主任"
TEN = datetime(2026, 9, 21, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture
def ctx(as_user: Open, settings: Settings, warehouse_url: str) -> Context:
    return stages.context("2026Q3", holder="test", settings=replace(settings, warehouse_url=warehouse_url))


@pytest.fixture
def loose(ctx: Context) -> str:
    """A loose handrail, reported at nine at a courtyard of community01: 2 hours to acknowledge, 7 days in all."""
    opened(ctx, CASE)
    reported(ctx, CASE, "R1", "2026-09-21 09:00", description="扶手松了", reporter_name="样某", address="2栋门口")
    return CASE


def act(client: Any, case_no: str, kind: str, **typed: str) -> Any:
    return client.post(f"/cases/{case_no}/{kind}", data={**hidden(client.get(f"/cases/{case_no}")), **typed})


def events(url: str) -> list[tuple[Any, ...]]:
    return rows(url, "SELECT kind, post, data - 'opened_at' FROM cases.event WHERE seq > 1 ORDER BY case_no, seq")


def test_the_list_tells_both_clocks_and_nobodys_words(as_user: Open, loose: str, warehouse_url: str) -> None:
    shown = words(as_user("street01", at=TEN).get("/cases"))
    assert "1 在办" in shown and "0 逾期" in shown and "设施松动隐患" in shown and "待签收" in shown
    assert "剩1小时" in shown and "剩6天23小时/共7天" in shown  # of this level, of the whole
    assert "扶手" not in shown and "样某" not in shown and audited(warehouse_url) == []


def test_overdue_comes_first_and_filters_leave_the_rest(as_user: Open, ctx: Context, loose: str) -> None:
    opened(ctx, "260921-BBBBB", "2026-09-21 14:00", category="light", urgency="normal")
    client = as_user("street01", at=TEN.replace(hour=15))
    shown = words(client.get("/cases"))
    assert "2 在办" in shown and "1 逾期" in shown and shown.index(CASE) < shown.index("260921-BBBBB")
    assert "超4小时" in shown
    late = words(client.get("/cases?overdue=1"))
    assert CASE in late and "BBBBB" not in late
    for query, found in [("category=light", "BBBBB"), ("urgency=urgent", "AAAAA"), ("channel=page", "AAAAA"),
                         ("level=courtyard&category=light", "BBBBB")]:  # fmt: skip
        shown = client.get(f"/cases?{query}").text
        assert f"/cases/260921-{found}" in shown and shown.count('class="card case') == 1, query
    assert "没有符合这些条件的工单" in client.get("/cases?level=street").text


@pytest.mark.parametrize(("user", "status"), [("street01", 200), ("community01", 200), ("community02", 403),
                                              ("department01", 403), ("viewer01", 403)])  # fmt: skip
def test_a_case_is_shown_to_the_street_and_its_own_community(
    as_user: Open, loose: str, warehouse_url: str, user: str, status: int
) -> None:
    client = as_user(user, at=TEN)
    answer = client.get(f"/cases/{loose}")
    assert (answer.status_code, "扶手松了" in answer.text, "样某" in answer.text) == (
        status,
        status == 200,
        status == 200,
    )
    read = ("read", f"case 510105005/{loose}") if status == 200 else ("forbidden", f"GET /cases/{loose}")
    assert audited(warehouse_url) == [(f"board:{user}", *read)]
    if status == 403:
        assert client.post(f"/cases/{loose}/acknowledged", data={"seen": "1"}).status_code == 403
        assert audited(warehouse_url)[-1] == (f"board:{user}", "forbidden", f"POST /cases/{loose}/acknowledged")
        assert events(warehouse_url) == []
    if user == "community02":
        assert loose not in client.get("/cases").text


def test_a_click_does_what_the_command_does(as_user: Open, ctx: Context, loose: str, warehouse_url: str) -> None:
    answer = act(as_user("community01", at=TEN), loose, "measured", text="先拉了警戒线")
    assert answer.status_code == 303 and answer.headers["location"] == f"/cases/{loose}?done=measured"
    landed = rows(warehouse_url, "SELECT sha256, size_bytes, period FROM landing.delivery WHERE source = 'case_desk'")
    acting.act(ctx, loose, "measured", post=SECRETARY, at=TEN, text="先拉了警戒线")  # the same action by command: known
    assert (
        rows(warehouse_url, "SELECT sha256, size_bytes, period FROM landing.delivery WHERE source = 'case_desk'")
        == landed
    )
    assert events(warehouse_url) == [("measured", SECRETARY, {"text": "先拉了警戒线"})]
    shown = words(as_user("community01", at=TEN).get(f"/cases/{loose}?done=measured"))
    assert "已记下：临时安全措施" in shown and shown.count("先拉了警戒线") == 2  # among the measures, and as a step
    assert "从第一分钟起1小时，本级1小时" in shown


def test_from_the_first_click_to_the_answer(as_user: Open, ctx: Context, loose: str, warehouse_url: str) -> None:
    client = as_user("community01", at=TEN)
    assert "签收" in client.get(f"/cases/{loose}").text and "/extended" not in client.get(f"/cases/{loose}").text
    act(client, loose, "acknowledged")
    assert "/extended" in client.get(f"/cases/{loose}").text  # what is allowed now
    act(client, loose, "answered", text="已经拧紧")
    assert [event[0] for event in events(warehouse_url)] == ["acknowledged", "answered"]
    with ctx.engine().connect() as connection:
        assert ledger.find(connection, ctx.street_code, loose).status == "answered"


def test_sent_twice_it_happens_once(as_user: Open, loose: str, warehouse_url: str) -> None:
    typed = hidden(as_user("community01", at=TEN).get(f"/cases/{loose}")) | {"text": "已电话告知"}
    again = [as_user("community01", at=TEN.replace(second=s)).post(f"/cases/{loose}/noted", data=typed) for s in (0, 4)]
    assert [a.status_code for a in again] == [303, 303] and len(events(warehouse_url)) == 1


def test_a_case_that_moved_on_is_looked_at_again_and_what_was_typed_is_kept(
    as_user: Open, ctx: Context, loose: str, warehouse_url: str
) -> None:
    typed = hidden(as_user("community01", at=TEN).get(f"/cases/{loose}")) | {"text": "我来答复"}
    happen(ctx, loose, "acknowledged", "2026-09-21 09:40")
    answer = as_user("community01", at=TEN).post(f"/cases/{loose}/answered", data=typed)
    assert answer.status_code == 409 and "刚刚有了新的进展" in answer.text and ">我来答复</textarea>" in answer.text
    assert [event[0] for event in events(warehouse_url)] == ["acknowledged"]


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("answered", {}, "没有写明内容"),
        ("raised", {"reason": " "}, "没有写明理由"),
        ("refused", {"reason": "不归我们"}, "没有写明应该找哪里"),
        ("classified", {"category": "x"}, "没有“x”这个类别"),
        ("extended", {"reason": "还要买料"}, "不能再“延期”"),
        ("opened", {}, "没有这个动作"),
    ],
)
def test_what_cannot_be_done_is_told_on_the_page(
    as_user: Open, loose: str, warehouse_url: str, kind: str, typed: dict[str, str], told: str
) -> None:
    answer = act(as_user("community01", at=TEN), loose, kind, **typed)
    assert answer.status_code == 400 and told in answer.text and events(warehouse_url) == []


def test_what_went_up_is_watched_by_its_community_and_done_by_the_street(
    as_user: Open, ctx: Context, loose: str
) -> None:
    for when in ("2026-09-21 09:10", "2026-09-21 09:20"):
        happen(ctx, loose, "raised", when, reason="要街道出面")
    shown = as_user("community01", at=TEN).get(f"/cases/{loose}")
    assert shown.status_code == 200 and "您的岗位只能查看" in shown.text and "<form" not in shown.text
    assert "/written" in as_user("street01", at=TEN).get(f"/cases/{loose}").text


def test_a_letter_is_written_and_its_reply_entered(as_user: Open, ctx: Context, loose: str) -> None:
    client = as_user("street01", at=TEN)
    act(client, loose, "written", department="housing", request="请派人检修扶手")
    (row,) = letters.listing(ctx, loose)
    shown = words(client.get(f"/cases/{loose}"))
    assert row.number in shown and "待复函" in shown and f"登记复函（{row.number}）" in shown
    refused = act(client, loose, "replied", about="1", outcome="refused", text="不归我局")
    assert (
        refused.status_code == 400
        and "没有写应由哪个单位办理" in refused.text
        and "不归我局</textarea>" in refused.text
    )
    assert act(client, loose, "replied", about="1", outcome="done", text="已检修").status_code == 303
    assert "已办理" in words(client.get(f"/cases/{loose}"))


def test_a_held_report_waits_for_a_person(as_user: Open, ctx: Context) -> None:
    opened(ctx, CASE, held=True)
    client = as_user("community01", at=TEN)
    assert "1 待核" in words(client.get("/cases")) and CASE in client.get("/cases?status=held").text
    act(client, CASE, "released")
    assert "待签收" in words(client.get(f"/cases/{CASE}"))


def test_a_courtyard_may_be_written_by_name(as_user: Open, ctx: Context, warehouse_url: str) -> None:
    opened(ctx, CASE, courtyard_code=None)
    name = ctx.district.courtyard_by_code[COURTYARD].name
    act(as_user("street01", at=TEN), CASE, "placed", courtyard_code=name)
    assert events(warehouse_url)[0][2]["courtyard_code"] == COURTYARD


def test_numbers_that_there_are_not(as_user: Open, loose: str) -> None:
    client = as_user("street01", at=TEN)
    assert client.get("/cases/260921-XXXXX").status_code == 404
    assert client.post("/cases/260921-XXXXX/noted", data={"text": "x"}).status_code == 404


def test_a_departments_task_is_handed_down_and_answered_from_below(as_user: Open, ctx: Context) -> None:
    asked = tasks.Asked("青羊区应急管理局", "安全隐患排查", "青应急〔2026〕5号", date(2026, 9, 30), (COURTYARD,))
    task = tasks.add(ctx, asked, post=STREET_POST, at=TEN).case_no
    street, community = as_user("street01", at=TEN), as_user("community01", at=TEN)
    shown = words(street.get(f"/cases/{task}"))
    assert "安全隐患排查（青羊区应急管理局，依据青应急〔2026〕5号）" in shown
    assert act(street, task, "acknowledged").status_code == 303
    assert act(street, task, "handed_down").status_code == 303
    (part,) = set(re.findall(r"/cases/([0-9A-Z-]+)", community.get("/cases").text)) - {task}
    assert "安全隐患排查" in words(community.get(f"/cases/{part}"))
    assert act(community, part, "acknowledged").status_code == 303
    assert act(community, part, "answered", text="已排查，没有发现隐患").status_code == 303
    assert "已排查，没有发现隐患" in words(street.get(f"/cases/{task}"))
    assert as_user("community02", at=TEN).get(f"/cases/{part}").status_code == 403
