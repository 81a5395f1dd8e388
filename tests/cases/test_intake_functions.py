"""What the intake service's own role may learn of a case: where it stands and what happened, nothing of a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from tests.cases.stories import GRID, GRID_POST, STREET_POST, shanghai

from courtyard.cases import ledger
from courtyard.cases.event import Event
from courtyard.cases.rules import Rules

SOON = shanghai("2026-11-26 10:30")


@pytest.fixture
def happen(ctx):
    def let(case, kind, post=GRID_POST, at=SOON, **data):
        with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
            now = ledger.find(connection, ctx.street_code, case.case_no)
            event = Event(kind, at, post, f"action/{kind}", None, data)
            return ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), now, event)

    return let


def asked(ctx, function, report="R1", role="intake"):
    with ctx.engine(role).connect() as connection:
        found = connection.execute(text(f"SELECT * FROM intake.{function}(:report)"), {"report": report})
        return [dict(row) for row in found.mappings()]


def test_the_intake_role_sees_where_a_case_stands(ctx, open_case):
    case = open_case()
    assert asked(ctx, "case_of") == [
        {
            "case_no": "261126-AAAAA", "status": "waiting", "level": "courtyard", "unit_code": GRID, "category": "light",
            "urgency": "normal", "emergency": None, "opened_at": case.opened_at, "total_due_at": case.total_due_at,
            "acknowledge_due_at": shanghai("2026-11-26 15:00"), "solve_due_at": shanghai("2026-11-30 17:00"),
            "answered_at": None, "closed_at": None, "can_reopen_until": None,
        }
    ]  # fmt: skip
    assert asked(ctx, "case_of", "R2") == asked(ctx, "steps_of", "R2") == []


def test_only_what_was_written_for_the_reporter_is_told(ctx, open_case, happen):
    case = open_case()
    happen(case, "acknowledged")
    happen(case, "noted", text="only for the office")
    happen(case, "said_more", post="reporter", text="another reporter's words")
    happen(case, "measured", text="已拉警戒线")
    happen(case, "extended", reason="等备件", span="2 working_days")
    happen(case, "supervised", post=STREET_POST, reason="for the office")
    happen(case, "written", post=STREET_POST, letter_no=1, department="parks", number="N", text="a letter")
    happen(case, "answered", post=STREET_POST, text="已修好")
    steps = asked(ctx, "steps_of")
    assert [(step["kind"], step["text"]) for step in steps] == [
        ("opened", None),
        ("acknowledged", None),
        ("measured", "已拉警戒线"),
        ("extended", "等备件"),
        ("supervised", None),
        ("written", None),
        ("answered", "已修好"),
    ]
    assert set(steps[0]) == {"seq", "kind", "at", "due_at", "level", "unit_code", "text"}  # no post among them


def test_a_refusal_says_why_and_where_to_go_and_until_when_it_can_be_reopened(ctx, open_case, happen):
    happen(open_case(), "refused", reason="不属于本街道", where="请找区住建局")
    assert asked(ctx, "steps_of")[-1]["text"] == "不属于本街道 请找区住建局"
    assert asked(ctx, "case_of")[0]["can_reopen_until"] == SOON + timedelta(days=15)


def test_a_case_that_was_joined_leads_to_the_one_it_went_into(ctx, open_case, happen):
    first, second = open_case(), open_case("261126-BBBBB", report="R2")
    happen(second, "joined", into=first.case_no)
    assert [row["case_no"] for row in asked(ctx, "case_of", "R2")] == ["261126-AAAAA"]
    assert [step["kind"] for step in asked(ctx, "steps_of", "R2")] == ["opened"]


def test_a_circle_of_joined_cases_ends(ctx, open_case, happen):
    first, second = open_case(), open_case("261126-BBBBB", report="R2")
    happen(first, "joined", into=second.case_no)
    happen(second, "joined", into=first.case_no)
    assert len(asked(ctx, "case_of")) <= 1


@pytest.mark.parametrize("role", ["reader", "publisher"])
def test_no_other_role_may_ask(ctx, role):
    with pytest.raises(ProgrammingError, match="permission denied"):
        asked(ctx, "case_of", role=role)


def test_the_intake_role_sees_nothing_behind_the_functions(ctx):
    with ctx.engine("intake").connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SELECT * FROM cases.case"))
