"""The status page: what it tells before and after there is a case, and what may be said back."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.intake.conftest import NOW
from tests.intake.test_form_pages import FILLED, code, get, post

LATER = NOW + timedelta(days=3)


@pytest.fixture
def sent(service):
    """(report id, path of the status page)"""
    answer = post(service, code=code(service), as_json=True, **FILLED).json()
    return answer["report_id"], answer["status_url"]


def replies(service):
    return [
        (row["kind"], json.loads(service.keys.open(row["sealed"], row["reply_id"]))) for row in service.rows("reply")
    ]


def buttons(page: str) -> list[str]:
    return re.findall(r'<button name="kind" value="(\w+)"', page) + sorted(set(re.findall(r'name="(rating)"', page)))


def test_before_it_is_a_case(service, sent):
    page = get(service, sent[1]).text
    assert "已收到，正在登记" in page and sent[0] in page and "9月7日 10:00" in page
    assert buttons(page) == ["more"]


def test_who_has_it_and_both_clocks(service, sent):
    steps = [
        {"kind": "opened", "level": "courtyard", "unit_code": "510105005002001"},
        {"kind": "classified", "level": "courtyard", "text": "within the office"},
        {"kind": "escalated", "level": "community", "unit_code": "510105005002"},
        {"kind": "measured", "level": "community", "text": "已拉警戒线"},
    ]
    service.told(
        sent[0], steps, status="handling", solve_due_at=NOW + timedelta(hours=24), total_due_at=NOW + timedelta(days=30)
    )
    service.now = NOW + timedelta(hours=26)
    page = get(service, sent[1]).text
    assert "正在办理" in page
    assert re.search(r"社区 · 四道街社区（\S+）", page)
    assert re.search(r"这一级最迟办好</dt><dd class=.over.>9月8日 10:00（已超过）", page)
    assert "10月7日 10:00" in page and "1天2小时" in page
    assert page.index("先采取安全措施") < page.index("超过时限，自动上报") < page.index("已受理")
    assert "已拉警戒线" in page and "within the office" not in page
    assert buttons(page) == ["more"]


def test_an_answer_is_shown_and_may_be_confirmed_or_not(service, sent):
    steps = [{"kind": "answered", "level": "community", "unit_code": "510105005002", "text": "灯已换好 <b>"}]
    service.told(sent[0], steps, status="answered", answered_at=NOW)
    page = get(service, sent[1]).text
    assert "灯已换好 &lt;b&gt;" in page
    assert buttons(page) == ["confirm", "unsolved", "more"]
    post(service, f"{sent[1]}/reply", kind="unsolved", text="还是不亮", sent_as="u" * 20)
    post(service, f"{sent[1]}/reply", kind="unsolved", text="还是不亮", sent_as="u" * 20)
    assert replies(service) == [("unsolved", {"text": "还是不亮", "rating": None})]
    page = get(service, f"{sent[1]}?said=1").text
    assert "仍未解决 <span" in page and "您说的已经收到" in page
    assert buttons(page) == ["more"]


def test_a_new_answer_asks_again(service, sent):
    service.told(sent[0], status="answered", answered_at=NOW)
    post(service, f"{sent[1]}/reply", kind="unsolved", text="还是不亮")
    service.told(sent[0], status="answered", answered_at=LATER)
    assert buttons(get(service, sent[1]).text) == ["confirm", "unsolved", "more"]


def test_after_closing_it_is_rated_once_and_may_be_reopened_in_time(service, sent):
    service.told(sent[0], status="closed", answered_at=NOW, closed_at=NOW, can_reopen_until=LATER)
    assert buttons(get(service, sent[1]).text) == ["reopen", "more", "rating"]
    answer = post(service, f"{sent[1]}/reply", kind="rating", rating="5")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{sent[1]}?said=1")
    assert replies(service) == [("rating", {"text": "", "rating": 5})]
    service.now = LATER + timedelta(minutes=1)
    assert buttons(get(service, sent[1]).text) == ["more"]


def test_a_refusal_tells_why(service, sent):
    steps = [{"kind": "refused", "level": "street", "text": "不属于街道职责，请向供电公司反映"}]
    service.told(sent[0], steps, status="refused", level="street", unit_code="510105005")
    page = get(service, sent[1]).text
    assert "不予受理的原因" in page and "请向供电公司反映" in page
    assert buttons(page) == ["reopen", "more"]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "rating", "rating": "6"},
        {"kind": "rating"},
        {"kind": "more", "text": " "},
        {"kind": "more", "text": "a\0b"},
        {"kind": "closed"},
        {},
        {"kind": "confirm", "sent_as": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(service, sent, fields):
    assert post(service, f"{sent[1]}/reply", **fields).status_code == 400
    assert service.rows("reply") == []


def test_other_tokens_open_nothing_and_all_are_answered_alike(service, sent):
    wrong = [
        "/s/" + "0" * 32,
        "/s/x",
        sent[1][:-1] + ("g" if sent[1][-1] != "g" else "h"),
        "/s/" + "a" * 500,
        f"/s/{sent[0]}",
    ]
    answers = [get(service, path) for path in wrong]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert post(service, f"{wrong[0]}/reply", kind="more", text="路灯").status_code == 404
    assert service.rows("reply") == []


def test_writing_on_one_page_is_slowed(service, sent):
    burst = service.district.cases.limits.token.burst
    answers = [post(service, f"{sent[1]}/reply", kind="more", text="还有") for _ in range(burst + 1)]
    assert [a.status_code for a in answers] == [303] * burst + [429]


def test_the_token_is_not_in_the_database(service, sent):
    with service.admin.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM intake.report")).mappings().all())
    assert sent[1].removeprefix("/s/") not in kept


def test_the_receipt_is_shown_even_where_cases_cannot_be_told(service, sent, caplog):
    with service.admin.begin() as connection:
        connection.execute(text("DROP FUNCTION intake.case_of(text)"))
    answer = get(service, sent[1])
    assert answer.status_code == 200
    assert "已收到，正在登记" in answer.text
    assert "UndefinedFunction" in caplog.text and sent[0] not in caplog.text
