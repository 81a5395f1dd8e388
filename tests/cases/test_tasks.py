"""Tasks downward: admitted or refused, handed down by post, answered from below, and where each one lands."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from docx import Document
from street_cases import COMMUNITY, GRID, OFFICE, STREET, at, carry_out, context, forget_cases, rows
from tests.cases.stories import merged

from courtyard import cases, identity, parsing, validation, warehouse
from courtyard.cases import acting, handing_down, letters, replying, tasks
from courtyard.cases.tasks import Asked, Decision
from courtyard.errors import UsageError

NOON = at("2026-09-21 11:00")
HERE = "5101050050020002"
ASKED = Asked("青羊区应急管理局", "安全隐患排查", "青应急〔2026〕5号", date(2026, 9, 30), (HERE,))


@pytest.fixture
def ctx(warehouse_url, settings):
    return context(warehouse_url, settings)


def elsewhere(ctx):
    """A courtyard of another grid of the same community, and one of another community."""
    district = ctx.district
    there = district.courtyards_on(date(2026, 9, 21))
    grid, community = district.grid_of(HERE), district.community_of(HERE)
    same = next(
        c.code for c in there if district.community_of(c.code) == community and district.grid_of(c.code) != grid
    )
    return same, next(c.code for c in there if district.community_of(c.code) != community)


def add(ctx, asked=ASKED, when=NOON, **decision):
    return tasks.add(ctx, asked, post=OFFICE, at=when, decision=Decision(**decision))


def status(ctx, case_no):
    return rows(ctx, "SELECT status, level, unit_code FROM cases.case WHERE case_no = :no", no=case_no)[0]


# --- admission ---


def test_a_task_of_the_duty_list_is_a_case_downward(ctx):
    case = add(ctx, replace(ASKED, asked_by="应急局"))  # an alias
    assert (case.direction, case.level, case.unit_code, case.status) == ("down", "street", STREET, "waiting")
    assert case.total_due_at == case.solve_due_at == at("2026-09-30 17:00")
    assert rows(ctx, "SELECT asked_by, duty, admission, courtyards FROM cases.task") == [
        ("青羊区应急管理局", "安全隐患排查整改", "allowed", [HERE])
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"title": "公众号转发量排名"}, "属于负面清单“应用下载和关注打卡排名”"),
        ({"title": "垃圾分类入户宣传"}, "不能直接接收：权责清单中没有对应事项"),
        ({"asked_by": "青羊区民政局"}, "主管部门是青羊区应急管理局，不是青羊区民政局"),
        ({"due_on": date(2026, 9, 21)}, "期限2026-09-21不在今天"),
        ({"basis": " "}, "没有写--basis"),
    ],
)
def test_what_is_not_on_the_list_does_not_come_in_by_itself(ctx, changed, message):
    asked = replace(ASKED, **changed)
    if "title" in changed and "负面" in message:
        assert tasks.check(ctx.district, asked).verdict == "refused"
        with pytest.raises(UsageError, match=message):
            add(ctx, asked, knowingly=True, reason="上级要求")
    else:
        with pytest.raises(UsageError, match=message):
            add(ctx, asked)
    assert rows(ctx, "SELECT count(*) FROM cases.case") == [(0,)]


def test_a_post_may_admit_it_knowingly_with_a_reason(ctx):
    asked = replace(ASKED, title="垃圾分类入户宣传")
    with pytest.raises(UsageError, match="没有写理由"):
        add(ctx, asked, knowingly=True)
    add(ctx, asked, knowingly=True, reason="全市统一行动，仅一次")
    assert rows(ctx, "SELECT duty, admission, reason, post FROM cases.task") == [
        (None, "knowingly", "权责清单中没有对应事项；全市统一行动，仅一次", OFFICE)
    ]


def test_the_negative_list_is_refused_and_recorded_with_its_basis_and_a_letter(ctx):
    case = add(ctx, replace(ASKED, title="公众号转发量排名"), letter=True)
    assert case.status == "refused"
    ((reason,),) = rows(ctx, "SELECT data ->> 'reason' FROM cases.event WHERE kind = 'refused'")
    assert reason == "属于负面清单“应用下载和关注打卡排名”（整治形式主义为基层减负若干规定；负面清单（样例）第4项）"
    (letter,) = letters.listing(ctx)
    said = "\n".join(p.text for p in Document(io.BytesIO((ctx.settings.outbox / letter.file).read_bytes())).paragraphs)
    assert (
        "青羊区应急管理局：" in said
        and "不属于街道职责" in said
        and "负面清单（样例）第4项" in said
        and "特此函复。" in said
    )
    assert (letter.kind, letter.number, letter.department) == ("refusal", "少城办函〔2026〕1号", "emergency")
    assert rows(ctx, "SELECT address FROM notices.notice WHERE cause LIKE 'letter/%'") == [
        ("street-510105005@shaocheng.example",)  # a draft: the street sends it
    ]
    with pytest.raises(UsageError, match="不能再“向下交办”"):
        handing_down.hand_down(ctx, case.case_no, post=OFFICE, at=NOON)


def test_places_are_courtyards_and_whole_communities(ctx):
    day = date(2026, 9, 21)
    whole = tasks.places(ctx, [], ["四道街社区"], day)
    assert HERE in whole and len({ctx.district.community_of(code).code for code in whole}) == 1
    assert tasks.places(ctx, [HERE], [], day) == (HERE,)
    for courtyards, communities in ((["5101050050029999"], []), ([], ["没有社区"]), ([], [])):
        with pytest.raises(UsageError):
            tasks.places(ctx, courtyards, communities, day)


# --- down and up ---


def given_down(ctx):
    """A task in two grids of one community and in another community, handed down to the grids of the first."""
    same, far = elsewhere(ctx)
    root = add(ctx, replace(ASKED, courtyards=(HERE, same, far)))
    near_no, far_no = handing_down.hand_down(ctx, root.case_no, post=OFFICE, at=NOON)
    if status(ctx, near_no)[2] != "510105005002":
        near_no, far_no = far_no, near_no
    return (
        root.case_no,
        near_no,
        far_no,
        handing_down.hand_down(ctx, near_no, post=COMMUNITY, at=at("2026-09-21 14:00")),
    )


def test_each_unit_with_courtyards_gets_its_part(ctx):
    root, near, far, grids = given_down(ctx)
    assert status(ctx, root) == ("handling", "street", STREET)  # handing down acknowledges
    assert status(ctx, near) == ("handling", "community", "510105005002")
    assert status(ctx, far)[:2] == ("waiting", "community")
    assert sorted(status(ctx, grid)[2] for grid in grids) == sorted(
        ctx.district.grid_of(code).code for code in (HERE, elsewhere(ctx)[0])
    )
    assert rows(ctx, "SELECT parent_no FROM cases.case WHERE case_no = ANY(:numbers)", numbers=grids) == [(near,)] * 2
    with pytest.raises(UsageError, match="都已交办下去"):
        handing_down.hand_down(ctx, root, post=OFFICE, at=at("2026-09-22 09:00"))


def test_a_task_is_done_when_all_below_it_are(ctx):
    root, near, far, grids = given_down(ctx)
    with pytest.raises(UsageError, match="还有2个单位没有办结"):
        handing_down.done(ctx, near, result="已排查", post=COMMUNITY, at=at("2026-09-22 09:00"))
    for hour, grid in enumerate(grids, 9):
        assert status(ctx, near)[0] == "handling"
        handing_down.done(ctx, grid, result="已排查", post=OFFICE, at=at(f"2026-09-22 {hour:02}:00"))
    assert status(ctx, near)[0] == "answered" and status(ctx, root)[0] == "handling"
    handing_down.done(ctx, far, result="已排查", post=OFFICE, at=at("2026-09-22 12:00"))
    assert status(ctx, root)[0] == "answered"
    assert rows(ctx, "SELECT data ->> 'text' FROM cases.event WHERE case_no = :no AND kind = 'answered'", no=root) == [
        ("下级2个单位均已办结",)
    ]
    assert rows(ctx, "SELECT count(*) FROM notices.notice WHERE cause LIKE 'task_done/%'") == [(1,)]
    assert cases.run(ctx, at=at("2026-09-22 12:00"))["settled"] == 0


def test_down_to_the_courtyard_and_no_further(ctx):
    root = add(ctx).case_no
    (community,) = handing_down.hand_down(ctx, root, post=OFFICE, at=NOON)
    (grid,) = handing_down.hand_down(ctx, community, post=COMMUNITY, at=NOON)
    (courtyard,) = handing_down.hand_down(ctx, grid, post=GRID, at=NOON)
    assert rows(ctx, "SELECT courtyard_code, level FROM cases.case WHERE case_no = :no", no=courtyard) == [
        (HERE, "courtyard")
    ]
    with pytest.raises(UsageError, match="不能再往下交办"):
        handing_down.hand_down(ctx, courtyard, post=GRID, at=NOON)
    handing_down.done(ctx, courtyard, result="已排查，无隐患", post=GRID, at=at("2026-09-22 09:00"))
    assert [status(ctx, no)[0] for no in (courtyard, grid, community, root)] == ["answered"] * 4


def test_only_the_units_own_post_or_one_above_acts(ctx):
    root = add(ctx).case_no
    (community,) = handing_down.hand_down(ctx, root, post=OFFICE, at=NOON)
    with pytest.raises(UsageError, match="不能办理"):
        handing_down.acknowledge(ctx, community, post=GRID, at=NOON)
    assert handing_down.acknowledge(ctx, community, post=COMMUNITY, at=NOON).status == "handling"
    with pytest.raises(UsageError, match="没有工单260921-ZZZZZ"):
        handing_down.done(ctx, "260921-ZZZZZ", result="完成", post=OFFICE, at=NOON)


def test_a_refused_part_is_seen_above_and_given_again(ctx):
    root = add(ctx).case_no
    (community,) = handing_down.hand_down(ctx, root, post=OFFICE, at=NOON)
    handing_down.refuse(
        ctx, community, reason="院落在改造，无人居住", where="住建局改造项目部", post=COMMUNITY, at=NOON
    )
    assert status(ctx, community)[0] == "refused" and status(ctx, root)[0] == "handling"
    assert rows(ctx, "SELECT address FROM notices.notice WHERE cause LIKE 'task_refused/%'") == [
        ("street-510105005@shaocheng.example",)
    ]
    (again,) = handing_down.hand_down(ctx, root, post=OFFICE, at=at("2026-09-22 09:00"))
    assert again != community and status(ctx, again)[0] == "waiting"


def test_a_late_part_is_noted_above_once(ctx):
    root = add(ctx).case_no
    (community,) = handing_down.hand_down(ctx, root, post=OFFICE, at=NOON)
    assert cases.run(ctx, at=at("2026-09-21 15:59"))["late"] == 0
    assert cases.run(ctx, at=at("2026-09-22 12:00"))["late"] == 1  # four working hours to acknowledge
    assert cases.run(ctx, at=at("2026-09-22 12:00"))["late"] == 0
    found = rows(ctx, "SELECT data ->> 'text' FROM cases.event WHERE case_no = :no AND kind = 'noted'", no=root)
    assert found == [(f"四道街社区未按时签收（{community}）",)]


def known(ctx):
    return [
        rows(ctx, f"SELECT t::text FROM {table} t ORDER BY 1")
        for table in ("cases.event", "cases.case", "cases.task", "cases.letter", "publish.letter_number")
    ]


def some_of_everything(ctx):
    root = add(ctx).case_no
    (community,) = handing_down.hand_down(ctx, root, post=OFFICE, at=NOON)
    handing_down.done(ctx, community, result="已排查", post=COMMUNITY, at=at("2026-09-22 09:00"))
    add(ctx, replace(ASKED, title="公众号转发量排名"), letter=True)


def test_landed_actions_make_the_same_tasks_letters_and_events_again(ctx, monkeypatch):
    kept = []
    monkeypatch.setattr(acting, "land", lambda _, doing: kept.append(doing))
    some_of_everything(ctx)
    before = known(ctx)
    for doing in kept:
        carry_out(ctx, doing)
    assert known(ctx) == before
    forget_cases(ctx)
    merged(ctx, "case_actions", *(doing.row() for doing in kept))
    assert replying.take_up(ctx, at=at("2026-09-23 09:00")) == {"replied": 0, "acted": 4}
    assert known(ctx) == before and [len(found) for found in before] == [9, 3, 3, 1, 1]


@pytest.mark.slow
def test_so_do_those_that_went_through_parsing_and_merging(ctx):
    some_of_everything(ctx)
    before = known(ctx)
    for stage in (parsing.parse, validation.validate, identity.link, warehouse.merge):
        stage(ctx)
    assert rows(ctx, "SELECT sum(landed), sum(merged) FROM quality.batch") == [(4, 4)]
    forget_cases(ctx)
    assert replying.take_up(ctx, at=at("2026-09-23 09:00")) == {"replied": 0, "acted": 4}
    assert known(ctx) == before


# --- where it lands ---


def test_which_task_lands_in_which_courtyard_can_be_told(ctx):
    root, _near, far, grids = given_down(ctx)
    same, other = elsewhere(ctx)
    found = dict(rows(ctx, "SELECT courtyard_code, landed_no FROM mart.task_landing WHERE case_no = :no", no=root))
    of = {status(ctx, grid)[2]: grid for grid in grids}
    assert found == {
        HERE: of[ctx.district.grid_of(HERE).code], same: of[ctx.district.grid_of(same).code], other: far,
    }  # fmt: skip
    handing_down.done(ctx, found[HERE], result="已排查", post=OFFICE, at=at("2026-09-22 09:00"))
    assert rows(ctx, """SELECT unit_code, status, answered_at IS NOT NULL FROM mart.task_landing
                         WHERE courtyard_code = :code""", code=HERE) == [
        (ctx.district.grid_of(HERE).code, "answered", True)
    ]  # fmt: skip


def test_the_burden_of_each_department(ctx):
    add(ctx)
    add(ctx, replace(ASKED, title="垃圾分类入户宣传"), knowingly=True, reason="一次")
    add(ctx, replace(ASKED, title="公众号转发量排名"))
    add(ctx, replace(ASKED, asked_by="青羊区民政局", title="独居老人走访"))
    assert rows(ctx, """SELECT asked_by, year, tasks, allowed, knowingly, refused, outside_share, landings
                          FROM mart.task_burden ORDER BY tasks DESC""") == [
        ("青羊区应急管理局", 2026, 3, 1, 1, 1, Decimal("0.6667"), 2),
        ("青羊区民政局", 2026, 1, 1, 0, 0, 0, 1),
    ]  # fmt: skip
