"""What reporters say of an answer moves their case, or is kept beside it; once, and nobody's words leave their record."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.cases.stories import GRID_POST, STREET_POST, merged, shanghai, timeline

from courtyard import cases
from courtyard.cases import acting, advancing, ledger, replying

NO = "261126-AAAAA"
ANSWERED = shanghai("2026-11-26 11:00")
LATER = shanghai("2026-11-27 09:00")


@pytest.fixture
def answered(ctx, open_case):
    open_case()
    acting.act(ctx, NO, "answered", post=GRID_POST, at=ANSWERED, text="已修好")


def case_of(ctx, case_no=NO):
    with ctx.engine().connect() as connection:
        return ledger.find(connection, ctx.street_code, case_no)


def last(ctx, case_no=NO):
    with ctx.engine().connect() as connection:
        return ledger.events(connection, ctx.street_code, case_no)[-1]


def says(ctx, kind, at=LATER, *, reply="A1", report="R1", run_at=None, **more):
    merged(
        ctx,
        "resident_replies",
        {"reply_id": reply, "request_id": report, "kind": kind, "replied_at": at.isoformat(), **more},
    )
    return replying.take_up(ctx, at=run_at or at)


@pytest.mark.parametrize(
    ("kind", "event", "status", "level"),
    [
        ("confirm", "confirmed", "closed", "courtyard"),
        ("unsolved", "unsolved", "waiting", "community"),
        ("reopen", "unsolved", "waiting", "community"),
        ("more", "said_more", "answered", "courtyard"),
    ],
)
def test_a_reply_to_an_answer(ctx, answered, kind, event, status, level):
    assert says(ctx, kind, text="还是不亮") == {"replied": 1, "acted": 0}
    assert (last(ctx).kind, case_of(ctx).status, case_of(ctx).level) == (event, status, level)
    assert last(ctx).data["reply"] == "A1"
    assert "还是不亮" not in str(last(ctx).data)


def test_a_reply_is_taken_up_once(ctx, answered):
    says(ctx, "unsolved")
    assert replying.take_up(ctx, at=LATER) == {"replied": 0, "acted": 0}
    assert timeline(ctx, NO) == ["opened", "answered", "unsolved"]


@pytest.mark.parametrize(
    ("rating", "satisfaction"),
    [("5", "satisfied"), (4, "satisfied"), ("3", "neutral"), ("1", "dissatisfied"), ("dissatisfied", "dissatisfied")],
)
def test_a_rating_is_a_follow_up(ctx, answered, rating, satisfaction):
    says(ctx, "rating", rating=rating)
    assert (last(ctx).kind, case_of(ctx).satisfaction, case_of(ctx).status) == ("followed_up", satisfaction, "answered")


@pytest.mark.parametrize("kind", ["confirm", "unsolved", "rating", "reopen", "shout"])
def test_what_the_case_is_not_in_a_state_for_is_kept(ctx, open_case, kind):
    open_case()
    says(ctx, kind, rating="9")
    assert (last(ctx).kind, last(ctx).data["wanted"], case_of(ctx).status) == ("said_more", kind, "waiting")


def test_a_closed_case_is_reopened_in_time_one_level_up(ctx, answered):
    says(ctx, "confirm")
    says(ctx, "reopen", shanghai("2026-12-10 09:00"), reply="A2")
    assert (case_of(ctx).status, case_of(ctx).level, case_of(ctx).reopened) == ("waiting", "community", 1)


def test_said_in_time_counts_however_late_it_is_taken_up(ctx, answered):
    says(ctx, "confirm")
    says(ctx, "reopen", shanghai("2026-12-12 09:00"), reply="A2", run_at=shanghai("2027-01-05 09:00"))
    assert case_of(ctx).status == "waiting"


def test_too_late_to_reopen_is_kept_and_the_community_is_told(ctx, answered):
    says(ctx, "confirm")
    says(ctx, "reopen", shanghai("2026-12-12 09:01"), reply="A2")
    assert (last(ctx).kind, case_of(ctx).status) == ("said_more", "closed")
    with ctx.engine().connect() as connection:
        told = connection.execute(
            text("SELECT address FROM notices.notice WHERE subject LIKE '%已过重新办理时限%' ORDER BY 1")
        )
        assert [row.address.split("@")[0] for row in told] == ["community-510105005002", "grid-510105005002001"]


def test_not_solved_after_nobody_objected_reopens(ctx, answered):
    """The page said 'answered' when the reporter wrote it; the clock had closed the case meanwhile."""
    advancing.advance(ctx, at=shanghai("2026-12-03 11:00"))
    assert case_of(ctx).closed_by == "lapsed"
    says(ctx, "unsolved", shanghai("2026-12-03 10:59"), run_at=shanghai("2026-12-03 11:05"))
    assert (last(ctx).kind, case_of(ctx).status) == ("reopened", "waiting")


def test_confirmed_after_nobody_objected_needs_no_follow_up(ctx, answered):
    advancing.advance(ctx, at=shanghai("2026-12-03 11:00"))
    says(ctx, "confirm", shanghai("2026-12-04 09:00"))
    assert (last(ctx).kind, case_of(ctx).status, case_of(ctx).next_at) == ("followed_up", "closed", None)


def test_an_objection_that_waits_goes_before_the_clock(ctx, answered):
    """After a downtime both are due: what the reporter said in time is heard first."""
    merged(
        ctx,
        "resident_replies",
        {
            "reply_id": "A1",
            "request_id": "R1",
            "kind": "unsolved",
            "replied_at": shanghai("2026-12-02 09:00").isoformat(),
        },
    )
    cases.run(ctx, at=shanghai("2026-12-20 09:00"))
    assert timeline(ctx, NO)[:3] == ["opened", "answered", "unsolved"]


def test_any_reporter_of_a_joined_case_speaks_for_it(ctx, answered, open_case):
    open_case("261126-BBBBB", report="R2")
    acting.act(ctx, "261126-BBBBB", "joined", post=GRID_POST, at=ANSWERED, into="261126-AAAAA")
    says(ctx, "unsolved", report="R2")
    assert case_of(ctx).status == "waiting" and last(ctx).kind == "unsolved"


def test_a_reply_that_happened_does_not_happen_again_where_its_report_moves(ctx, answered, open_case):
    says(ctx, "more")
    open_case("261126-BBBBB", report="R2")
    merged(
        ctx,
        "case_actions",
        {
            "action_no": "x",
            "case_no": "261126-BBBBB",
            "kind": "joined",
            "post": STREET_POST,
            "acted_at": LATER.isoformat(),
            "data": f'{{"into":"{NO}"}}',
        },
    )
    replying.take_up(ctx, at=LATER)
    assert timeline(ctx, NO).count("said_more") == 1


def test_a_reply_to_a_report_that_is_no_case_yet_waits(ctx, open_case):
    assert says(ctx, "more", report="R1") == {"replied": 0, "acted": 0}
    open_case()
    assert replying.take_up(ctx, at=LATER)["replied"] == 1


def test_replies_and_actions_happen_in_the_order_in_which_they_were_made(ctx, answered):
    at = LATER.isoformat()
    merged(ctx, "resident_replies", {"reply_id": "A1", "request_id": "R1", "kind": "unsolved", "replied_at": at})
    action = {"case_no": NO, "post": STREET_POST, "data": '{"text":"换了灯"}'}
    merged(
        ctx,
        "case_actions",
        {"action_no": "x", "kind": "answered", "acted_at": shanghai("2026-11-27 10:00").isoformat(), **action},
    )
    merged(
        ctx,
        "resident_replies",
        {
            "reply_id": "A2",
            "request_id": "R1",
            "kind": "confirm",
            "replied_at": shanghai("2026-11-27 11:00").isoformat(),
        },
    )
    assert replying.take_up(ctx, at=shanghai("2026-11-27 11:05")) == {"replied": 2, "acted": 1}
    assert timeline(ctx, NO) == ["opened", "answered", "unsolved", "answered", "confirmed"]
