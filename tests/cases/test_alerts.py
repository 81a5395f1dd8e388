"""Who is told of a step, once, without anybody's words; what happens at night; one summary where one run moves very many."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.cases.stories import GRID_POST, STREET_POST, opening, shanghai

from courtyard.cases import acting, advancing, alerts, ledger, letters, machine
from courtyard.cases.event import Event
from courtyard.cases.rules import Rules

NO = "261126-AAAAA"
AT = shanghai("2026-11-26 10:30")
GRID, COMMUNITY, STREET = "grid-510105005002001", "community-510105005002", "street-510105005"


def told(ctx, like="%"):
    """(subject, who by mail) of the notices, in order of subject."""
    found: dict[str, list[str]] = {}
    with ctx.engine().connect() as connection:
        query = text(
            "SELECT subject, address FROM notices.notice WHERE subject LIKE :like AND channel = 'mail' ORDER BY 1, 2"
        )
        for row in connection.execute(query, {"like": like}):
            found.setdefault(row.subject, []).append(row.address.split("@")[0])
    return found


def bodies(ctx):
    with ctx.engine().connect() as connection:
        return list(connection.scalars(text("SELECT body FROM notices.notice ORDER BY queued_at, cause, address")))


def test_an_escalation_tells_who_lost_it_who_has_it_and_the_street(ctx, open_case):
    open_case()
    advancing.advance(ctx, at=shanghai("2026-11-26 15:00"))
    assert told(ctx) == {"工单261126-AAAAA 逾期升级：公共照明（一般，四道街4号院）": [COMMUNITY, GRID, STREET]}
    assert bodies(ctx)[0] == (
        "2026-11-26 15:00 逾期升级（未按时签收）\n"
        "工单：261126-AAAAA  公共照明（一般，四道街4号院）  待签收\n"
        "现由：社区　四道街社区　社区书记\n"
        "签收时限：2026-11-27 11:00\n"
        "本级办理时限：2026-12-01 17:00\n"
        "总时限（从第一分钟起）：2026-12-26 10:00\n"
        "请在签收时限前签收。详情：courtyard cases show 261126-AAAAA"
    )


def test_told_once_however_often_the_clock_runs(ctx, open_case):
    open_case()
    for _ in range(3):
        advancing.advance(ctx, at=shanghai("2026-11-26 15:00"))
    assert len(bodies(ctx)) == 3


def test_no_words_of_a_person_are_in_a_notice(ctx, open_case):
    open_case()
    acting.act(ctx, NO, "measured", post=GRID_POST, at=AT, text="王先生家门口已拉警戒线")
    acting.act(ctx, NO, "answered", post=GRID_POST, at=AT, text="已给王先生回电13800000000")
    assert len(bodies(ctx)) == 6
    assert not any("王先生" in body or "138" in body for body in bodies(ctx))


def test_a_silent_event_tells_nobody(ctx, open_case):
    case = open_case()
    event = Event("source_closed", AT, "source", "source/hotline_cases/1/closed", None, {"silent": True})
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        assert alerts.queue(connection, ctx, [(event, machine.apply(Rules.of(ctx.district), case, event))]) == 0


def test_a_note_tells_nobody_and_more_words_tell_those_who_work_on_it(ctx, open_case):
    case = open_case()
    acting.act(ctx, NO, "noted", post=GRID_POST, at=AT, text="去看过")
    assert told(ctx) == {}
    event = Event("said_more", AT, "reporter", "reply/A1", None, {"reply": "A1"})
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        alerts.queue(connection, ctx, [(event, machine.apply(Rules.of(ctx.district), case, event))])
    assert list(told(ctx).values()) == [[COMMUNITY, GRID]]


@pytest.mark.parametrize(
    ("at", "urgency", "street", "mark"),
    [
        ("2026-11-26 10:30", "urgent", False, ""),
        ("2026-11-26 23:30", "urgent", True, "【非工作时间，请即处理】"),
        ("2026-11-28 10:30", "urgent", True, "【非工作时间，请即处理】"),  # a Saturday
        ("2026-11-26 12:30", "urgent", True, "【非工作时间，请即处理】"),  # the lunch break
        ("2026-11-26 23:30", "normal", False, ""),
    ],
)
def test_off_hours_the_street_hears_of_everything_urgent(ctx, open_case, at, urgency, street, mark):
    case = open_case(urgency=urgency)
    event = Event("said_more", shanghai(at), "reporter", "reply/A1", None, {"reply": "A1"})
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        alerts.queue(connection, ctx, [(event, machine.apply(Rules.of(ctx.district), case, event))])
    ((subject, who),) = told(ctx).items()
    assert subject.startswith(f"{mark}工单") and (STREET in who) == street


def test_the_grid_is_told_what_became_of_what_its_worker_reported(ctx, open_case):
    open_case(channel="worker", level="street", unit_code="510105005")
    acting.act(ctx, NO, "acknowledged", post=STREET_POST, at=AT)
    acting.act(ctx, NO, "answered", post=STREET_POST, at=AT, text="已修好")
    assert list(told(ctx, "%答复%").values()) == [[COMMUNITY, GRID, STREET]]


def test_a_residents_case_at_the_street_is_not_the_grids_to_hear(ctx, open_case):
    open_case(level="street", unit_code="510105005")
    acting.act(ctx, NO, "answered", post=STREET_POST, at=AT, text="已修好")
    assert list(told(ctx, "%答复%").values()) == [[COMMUNITY, STREET]]


def test_at_the_department_the_street_is_told(ctx, open_case):
    open_case(level="street", unit_code="510105005")
    letters.write(ctx, NO, "parks", post=STREET_POST, at=AT, request="请检修")
    assert list(told(ctx, "工单%去函%").values()) == [[COMMUNITY, STREET]]
    assert "现由：部门　少城街道　社治办主任" in bodies(ctx)[0]


def test_a_case_without_a_courtyard_tells_the_street(ctx, open_case):
    open_case(courtyard_code=None, level="street", unit_code="510105005")
    advancing.advance(ctx, at=shanghai("2026-11-27 17:00"))
    assert told(ctx) == {"工单261126-AAAAA 逾期：公共照明（一般，院落待定）": [STREET]}


def test_one_run_that_moves_very_many_sends_one_summary_a_unit(ctx):
    rules, at = Rules.of(ctx.district), shanghai("2026-11-26 10:00")
    steps = []
    for number in range(1000):
        urgency = "urgent" if number == 999 else "normal"
        event = opening(at, urgency=urgency)
        steps.append((event, machine.opened(rules, case_no=f"261126-{number:05}", event=event)))
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        ledger.append(connection, ctx.street_code, steps)
    for _ in range(2):
        advancing.advance(ctx, at=shanghai("2026-11-26 15:00"))
    assert told(ctx) == {"工单汇总：1000 件有变动": [COMMUNITY, GRID, STREET]}
    lines = bodies(ctx)[0].splitlines()
    assert lines[0] == "逾期升级 1000 件" and lines[3] == "261126-00999 逾期升级 公共照明（加急，四道街4号院）"
    assert len(lines) < 30
