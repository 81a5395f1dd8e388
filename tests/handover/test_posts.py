"""Who answers for a unit: never a vacant post, whatever the register of posts says."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.posts import Answering, Posts, responsible
from courtyard.errors import UsageError
from courtyard.handover import holding as room

from .conftest import COMMUNITY, GRID, STREET, term

DAY = date(2026, 7, 1)
PREPARER = "街道社区发展治理办公室"


def test_the_first_post_that_is_held_answers_in_the_order_of_the_pack(holding):
    pack = holding(term(GRID, "网格长", "乙", "2022-06-01"), term(GRID, "网格员", "甲", "2022-06-01"))
    assert responsible(pack, GRID, DAY) == Answering(GRID, "网格员", "甲")


@pytest.mark.parametrize(
    ("posts", "answers"),
    [
        ([term(GRID, "网格长", "乙", "2022-06-01")], (GRID, "网格长")),
        ([term(COMMUNITY, "社区副书记", "丙", "2022-06-01")], (COMMUNITY, "社区副书记")),
        ([term(STREET, "社治办主任", "丁", "2022-06-01")], (STREET, "社治办主任")),
        ([], (STREET, PREPARER)),
    ],
    ids=["deputy", "community", "street", "office"],
)
def test_a_vacant_post_is_answered_for_by_the_deputy_else_by_the_unit_above(holding, posts, answers):
    gone = term(GRID, "网格员", "甲", "2022-06-01", "2026-06-30")
    found = responsible(holding(gone, *posts), GRID, DAY)
    assert (found.unit_code, found.post) == answers


def test_a_post_the_pack_does_not_order_answers_after_those_it_does(holding):
    pack = holding(term(GRID, "网格助理", "戊", "2022-06-01"), term(GRID, "网格长", "乙", "2022-06-01", "2026-07-01"))
    assert responsible(pack, GRID, date(2026, 6, 30)).post == "网格长"
    assert responsible(pack, GRID, DAY).post == "网格助理"


def test_a_unit_that_was_dissolved_is_answered_for_from_above(district):
    former = next(unit for unit in district.units if unit.kind == "grid" and unit.valid_to)
    assert responsible(district, former.code, former.valid_to - timedelta(days=1)).unit_code == former.code
    assert responsible(district, former.code, former.valid_to).unit_code == former.parent_code


UNITS = (GRID, f"{COMMUNITY}002", COMMUNITY, "510105005003", STREET)
NAMES = ("网格员", "网格长", "社区书记", "社区副书记", "社治办主任", "助理")
DAYS = st.dates(date(2022, 1, 1), date(2027, 12, 31))


@st.composite
def terms(draw):
    since, until = sorted(draw(st.lists(DAYS, min_size=2, max_size=2, unique=True)))
    unit, post = draw(st.sampled_from(UNITS)), draw(st.sampled_from(NAMES))
    return term(unit, post, draw(st.sampled_from("甲乙丙丁")), str(since), draw(st.sampled_from(("", str(until)))))


@given(st.lists(terms(), max_size=12), DAYS, st.sampled_from([*UNITS, f"{GRID}01"]))
def test_whoever_holds_what_somebody_answers_and_holds_the_post(holding, posts, day, unit):
    pack = holding(*posts)
    found = responsible(pack, unit, day)
    assert unit.startswith(found.unit_code)
    if found.post == PREPARER:
        assert found.unit_code == STREET
    else:
        held = Posts(pack).holder(found.unit_code, found.post, day)
        assert held and held.holder == found.holder


@given(st.lists(terms(), max_size=12), DAYS, st.sampled_from(UNITS))
def test_the_spans_of_a_unit_follow_each_other_and_say_what_is_answered_on_a_day(holding, posts, day, unit):
    pack = holding(*posts)
    spans = list(Posts(pack).spans(unit))
    assert spans[0].since == date.min and spans[-1].until == date.max
    assert all(a.until == b.since and a.answering != b.answering for a, b in itertools.pairwise(spans))
    (on,) = [span for span in spans if span.since <= day < span.until]
    assert on.answering == responsible(pack, unit, day)


def test_the_list_tells_holders_vacancies_and_coming_changes(holding):
    pack = holding(
        term(GRID, "网格员", "甲", "2022-06-01", "2026-06-30"),
        term(GRID, "网格员", "己", "2026-08-01"),
        term(GRID, "网格长", "乙", "2022-06-01", "2026-09-01"),
    )
    worker, leader = room.listing(pack, DAY)
    assert (worker["state"], worker["holder"], worker["since"]) == ("vacant", "", date(2026, 6, 30))
    assert (worker["next_on"], worker["next_holder"]) == (date(2026, 8, 1), "己")
    assert (worker["answers_unit"], worker["answers_post"]) == (GRID, "网格长")
    assert (leader["state"], leader["holder"], leader["next_on"], leader["next_holder"]) == (
        "held", "乙", date(2026, 9, 1), "",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "turn"),
    [
        ("2026-05-01", (date(2026, 6, 30), "甲", "")),
        ("2026-07-01", (date(2026, 6, 30), "甲", "己")),
        ("2026-08-01", (date(2026, 8, 1), "甲", "己")),
    ],
    ids=["is leaving", "vacant", "successor is there"],
)
def test_a_pack_goes_from_who_left_to_who_comes(holding, on, turn):
    pack = holding(term(GRID, "网格员", "甲", "2022-06-01", "2026-06-30"), term(GRID, "网格员", "己", "2026-08-01"))
    found = room.chosen(pack, GRID, "网格员", date.fromisoformat(on))
    assert (found.day, found.left, found.came) == turn


def test_without_a_post_named_the_one_that_changed_hands_last_is_meant(holding):
    pack = holding(
        term(GRID, "网格员", "甲", "2022-06-01"),
        term(GRID, "网格长", "乙", "2022-06-01", "2026-03-01"),
        term(GRID, "网格长", "庚", "2026-03-01"),
    )
    found = room.chosen(pack, GRID, None, DAY)
    assert (found.post, found.left, found.came, found.day) == ("网格长", "乙", "庚", date(2026, 3, 1))


@pytest.mark.parametrize(
    ("unit", "post", "on", "said"),
    [
        ("510105005999", None, DAY, "没有编码为"),
        (GRID, "秘书", DAY, "没有“秘书”这个岗位"),
        (GRID, None, date(2025, 9, 30), "还没有可交接的内容"),
        (f"{GRID}01", None, DAY, "没有设岗位"),
        ("510105005003005", None, DAY, "已于2025-07-01撤销"),
    ],
    ids=["unit", "post", "day", "no posts", "dissolved"],
)
def test_what_the_pack_does_not_know_is_one_clear_line(district, unit, post, on, said):
    with pytest.raises(UsageError, match=said) as caught:
        room.chosen(district, unit, post, on)
    assert "\n" not in str(caught.value) and caught.value.remedy
