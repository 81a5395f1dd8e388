"""What posts do with cases: who may, what it needs, landed before it happens, once."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from tests.cases.stories import (
    COMMUNITY,
    COMMUNITY_POST,
    GRID_POST,
    REVIEWER,
    STREET_POST,
    landed,
    merged,
    shanghai,
    timeline,
)

from courtyard.cases import acting, ledger, machine, replying
from courtyard.cases.effects import NotAllowed
from courtyard.cases.rules import Rules
from courtyard.errors import UsageError

NO = "261126-AAAAA"
AT = shanghai("2026-11-26 10:30")
OTHER_GRID, OTHER_POST = "510105005003001", "510105005003001/网格员"


@pytest.fixture
def act(ctx, open_case):
    open_case()

    def do(kind, *, post=GRID_POST, at=AT, case_no=NO, **data):
        return acting.act(ctx, case_no, kind, post=post, at=at, **data)

    return do


def test_an_action_is_landed_then_it_happens(ctx, act):
    case = act("acknowledged")
    assert (case.status, case.acknowledged_at) == ("handling", AT)
    assert timeline(ctx, NO) == ["opened", "acknowledged"]
    (delivery,) = landed(ctx)
    assert (delivery.source, delivery.period) == ("case_desk", "2026Q4")


def test_done_again_it_changes_nothing(ctx, act):
    first = act("answered", text="已修好")
    assert act("answered", text="已修好") == first
    assert timeline(ctx, NO) == ["opened", "answered"]
    assert len(landed(ctx)) == 1


@pytest.mark.parametrize("post", [GRID_POST, COMMUNITY_POST, STREET_POST, REVIEWER])
def test_the_unit_that_has_the_case_and_those_above_it_may_act(act, post):
    assert act("answered", post=post, text="已修好").status == "answered"


def test_another_unit_may_not(ctx, act):
    with pytest.raises(NotAllowed, match="不能“答复”"):
        act("answered", post=OTHER_POST, text="已修好")
    assert landed(ctx) == [] and timeline(ctx, NO) == ["opened"]


def test_a_grid_may_not_act_on_what_has_climbed(act):
    act("raised", reason="要更换灯杆")
    with pytest.raises(NotAllowed):
        act("acknowledged")


def test_only_those_above_supervise(act):
    with pytest.raises(NotAllowed, match="上级单位"):
        act("supervised", reason="太慢")
    assert act("supervised", post=COMMUNITY_POST, reason="太慢").is_supervised


def test_above_the_street_the_reviewer_supervises(act):
    act("raised", reason="r")
    act("raised", post=COMMUNITY_POST, reason="r")
    with pytest.raises(NotAllowed):
        act("supervised", post=STREET_POST, reason="太慢")
    assert act("supervised", post=REVIEWER, reason="太慢").is_supervised


def test_a_post_that_nobody_holds_is_refused(act):
    with pytest.raises(UsageError, match="没有“510105005002001/书记”这个岗位"):
        act("acknowledged", post="510105005002001/书记")


@pytest.mark.parametrize(
    ("kind", "data", "missing"),
    [
        ("answered", {}, "内容"),
        ("answered", {"text": "  "}, "内容"),
        ("refused", {"reason": "不归我们"}, "应该找哪里"),
        ("refused", {"where": "区住建局"}, "理由"),
        ("handed_back", {"reason": "不是本网格"}, "转到哪一级"),
        ("extended", {"span": "1 working_days"}, "理由"),
        ("raised", {}, "理由"),
        ("measured", {}, "内容"),
        ("followed_up", {}, "满意度"),
        ("joined", {}, "并入哪一件"),
    ],
)
def test_what_an_action_needs_is_asked_for(ctx, act, kind, data, missing):
    with pytest.raises(UsageError, match=missing):
        act(kind, **data)
    assert landed(ctx) == []


def test_an_unknown_action_and_an_unknown_case_are_refused(act):
    with pytest.raises(UsageError, match="没有“close”这个动作"):
        act("close")
    with pytest.raises(UsageError, match="没有工单261126-ZZZZZ"):
        act("acknowledged", case_no="261126-ZZZZZ")


def test_what_the_state_does_not_allow_lands_nothing(ctx, act):
    act("answered", text="已修好")
    with pytest.raises(NotAllowed, match="现在是“已答复”"):
        act("answered", text="又修好")
    assert len(landed(ctx)) == 1


def test_handing_back_names_where_next(act):
    case = act("handed_back", reason="要整个社区一起办", level="community")
    assert (case.level, case.unit_code, case.status, case.step_no) == ("community", COMMUNITY, "waiting", 2)
    back = act(
        "handed_back", post=COMMUNITY_POST, reason="是隔壁网格的", level="courtyard", unit_code="510105005002002"
    )
    assert (back.level, back.unit_code) == ("courtyard", "510105005002002")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"level": "community", "unit_code": "510105005002001"}, "级别不符"),
        ({"level": "village"}, "没有“village”这一级"),
        ({"level": "department"}, "不能退到这一级"),
        ({"level": "courtyard"}, "就在这个单位"),
    ],
)
def test_handing_back_to_nowhere_is_refused(act, data, told):
    with pytest.raises(UsageError, match=told):
        act("handed_back", reason="r", **data)


def test_an_extension_is_as_long_as_the_level_has_at_most_and_once(act):
    act("acknowledged")
    with pytest.raises(NotAllowed, match="最多延期2个工作日"):
        act("extended", reason="等备件", span="3 working_days")
    with pytest.raises(UsageError, match="不是一段时间"):
        act("extended", reason="等备件", span="a while")
    case = act("extended", reason="等备件")
    assert case.solve_due_at == shanghai("2026-12-02 17:00")
    with pytest.raises(NotAllowed, match="已经延期1次"):
        act("extended", reason="还等", at=shanghai("2026-11-26 11:00"))


def test_no_extension_after_the_deadline(act):
    act("acknowledged")
    with pytest.raises(NotAllowed, match="已经过了办理时限"):
        act("extended", reason="等备件", at=shanghai("2026-11-30 17:00"))


def test_a_corrected_category_brings_its_urgency_and_clocks(act):
    case = act("classified", category="gas_hazard")
    assert (case.category, case.urgency, case.confidence) == ("gas_hazard", "emergency", 1)
    assert (case.level, case.unit_code, case.step_no) == ("community", COMMUNITY, 2)  # no grid receives emergencies
    assert case.total_due_at == shanghai("2026-11-27 10:00")
    with pytest.raises(UsageError, match="没有“lights”这个类别"):
        act("classified", post=COMMUNITY_POST, category="lights")


def test_a_case_without_a_courtyard_goes_to_the_grid_once_it_has_one(ctx, act, open_case):
    open_case("261126-BBBBB", report="R2", courtyard_code=None, level="street", unit_code=ctx.street_code)
    case = act("placed", case_no="261126-BBBBB", post=STREET_POST, courtyard_code="5101050050020002")
    assert (case.level, case.unit_code, case.step_since) == ("courtyard", "510105005002001", AT)
    with pytest.raises(UsageError, match="没有编码为1的院落"):
        act("placed", courtyard_code="1")


def test_an_emergency_stays_one_whatever_it_is_about_until_a_post_says_otherwise(ctx, act, open_case):
    open_case("261126-BBBBB", report="R2", urgency="emergency", emergency="119", level="community", unit_code=COMMUNITY)
    told = {"case_no": "261126-BBBBB", "category": "waste", "post": STREET_POST}
    assert act("classified", **told).urgency == "emergency"
    assert act("classified", **told, urgency="normal").urgency == "normal"


def test_a_joined_case_takes_its_reports_along(ctx, act, open_case):
    open_case("261126-BBBBB", report="R2")
    assert act("joined", into="261126-BBBBB").status == "joined"
    assert timeline(ctx, "261126-BBBBB") == ["opened", "joined_by"]
    with ctx.engine().connect() as connection:
        rows = connection.execute(text("SELECT record_key, case_no, how FROM cases.report ORDER BY 1")).all()
    assert [tuple(row) for row in rows] == [("R1", "261126-BBBBB", "person"), ("R2", "261126-BBBBB", "opened")]


def test_a_case_joins_neither_itself_nor_a_closed_one(act, open_case):
    open_case("261126-BBBBB", report="R2")
    act("refused", case_no="261126-BBBBB", reason="r", where="w")
    for into in (NO, "261126-BBBBB"):
        with pytest.raises(UsageError, match="不能并入"):
            act("joined", into=into)


def test_a_follow_up_that_finds_it_unsolved_puts_it_back_on_the_ladder(act):
    act("answered", text="已修好")
    case = act("followed_up", satisfaction="dissatisfied", solved=False)
    assert (case.status, case.level, case.reopened, case.satisfaction) == ("waiting", "community", 1, "dissatisfied")
    with pytest.raises(UsageError, match="没有“angry”这种满意度"):
        act("followed_up", post=COMMUNITY_POST, satisfaction="angry")


def test_killed_between_landing_and_event_it_happens_when_it_was_merged_and_once(ctx, act, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(acting.ledger, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        act("answered", text="已修好")
    monkeypatch.undo()
    (delivery,) = landed(ctx)
    assert timeline(ctx, NO) == ["opened"]
    merged(ctx, "case_actions", _landed_row(ctx, delivery))
    for _ in range(2):
        replying.take_up(ctx, at=shanghai("2026-11-26 10:35"))
    assert timeline(ctx, NO) == ["opened", "answered"]
    with ctx.engine().connect() as connection:
        assert ledger.find(connection, ctx.street_code, NO).answered_at == AT  # when it was done


def test_what_happened_at_once_does_not_happen_again_when_it_is_merged(ctx, act):
    act("answered", text="已修好")
    merged(ctx, "case_actions", _landed_row(ctx, *landed(ctx)))
    assert replying.take_up(ctx, at=AT) == {"replied": 0, "acted": 0}
    assert timeline(ctx, NO) == ["opened", "answered"]


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "acknowledged", "post": OTHER_POST, "data": "{}"},  # may not
        {"kind": "followed_up", "post": GRID_POST, "data": '{"satisfaction":"satisfied"}'},  # nothing was answered
        {"kind": "joined", "post": GRID_POST, "data": '{"into":"261126-ZZZZZ"}'},
        {"kind": "answered", "post": GRID_POST, "data": "{"},
        {"kind": "answered", "post": GRID_POST, "data": "[]"},
        {"kind": "none", "post": GRID_POST, "data": "{}"},
    ],
)
def test_what_is_not_possible_any_more_is_noted_and_not_tried_again(ctx, act, row):
    merged(ctx, "case_actions", {"action_no": "x", "case_no": NO, "acted_at": AT.isoformat(), **row})
    replying.take_up(ctx, at=AT)
    assert timeline(ctx, NO) == ["opened", "noted"]
    assert replying.take_up(ctx, at=AT)["acted"] == 0


def test_the_case_in_the_ledger_is_the_fold_of_its_events(ctx, act):
    act("acknowledged")
    act("extended", reason="等备件")
    act("raised", reason="r")
    after = act("answered", post=STREET_POST, text="已修好")
    with ctx.engine().connect() as connection:
        events = ledger.events(connection, ctx.street_code, NO)
        assert machine.fold(Rules.of(ctx.district), NO, events) == after == ledger.find(connection, ctx.street_code, NO)


def _landed_row(ctx, delivery):
    from courtyard import landing

    columns, values = (json.loads(line) for line in landing.open_delivery(ctx, delivery).splitlines())
    names = [column.name for column in ctx.district.contracts["case_actions"].columns]
    assert columns["columns"] == [column.header for column in ctx.district.contracts["case_actions"].columns]
    return dict(zip(names, values, strict=True))
