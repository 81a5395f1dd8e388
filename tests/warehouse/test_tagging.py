"""Which tags a courtyard has, why, and of which nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from deliveries import Delivery
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district import load_district
from courtyard.district.figures import TagRule
from courtyard.settings import Settings
from courtyard.warehouse import archive, tagging
from quarter import HOME_CODE, LEDGER, OTHER_CODE, OTHER_HOME, at, entry, rows, run

Q2, Q3 = "2026Q2", "2026Q3"
OLD = {"figure": "population.age_60_up", "share_of": "population.persons", "compare": "at_least", "value": 0.3}
MANY = {"figure": "population.persons", "compare": "at_least", "value": 10}
BARE = {"figure": "providers.property_mode", "compare": "one_of", "value": ["none", "community"]}
SAID = "60岁及以上{population.age_60_up}，占{population.age_60_up/population.persons}（标准：{limit}）"


@pytest.fixture(scope="module")
def pack():
    return load_district(Settings.from_env().district_path)


def rule(reason=SAID, **conditions):
    return TagRule.model_validate(
        {"tag": "t", "title": "样例", "category": "人口", "basis": "样例", "reason": reason, **conditions}
    )


def portrait(pack, one, **figures):
    named = {f"{module}.{name}": value for module, known in figures.items() for name, value in known.items()}
    district = pack.model_copy(update={"tags": (one,)})
    return [(tag.is_judged, tag.reason) for tag in tagging.portrait(district, Q3, named)]


@pytest.mark.parametrize(
    ("old", "persons", "expected"),
    [
        (34, 83, [(True, "60岁及以上34人，占41%（标准：30%）")]),
        (3, 10, [(True, "60岁及以上3人，占30%（标准：30%）")]),
        (29, 100, []),
        (0, 0, [(False, "无法判断：实有人口为0，算不出占比")]),
        (None, 83, [(False, "无法判断：没有来源说明60岁及以上")]),
        (None, None, [(False, "无法判断：没有来源说明60岁及以上、实有人口")]),
    ],
    ids=["more", "just", "less", "nobody lives there", "age not known", "nothing known"],
)
def test_a_share_is_held_against_its_threshold_and_told(pack, old, persons, expected):
    assert portrait(pack, rule(all=[OLD]), population={"age_60_up": old, "persons": persons}) == expected


@pytest.mark.parametrize(
    ("kind", "old", "persons", "expected"),
    [
        ("all", 5, 9, []), ("all", None, 9, []), ("all", None, 10, [False]), ("all", 5, 10, [True]),
        ("any", None, 10, [True]), ("any", None, 9, [False]), ("any", 0, 9, []), ("any", 5, 9, [True]),
    ],
)  # fmt: skip
def test_what_is_not_known_counts_only_where_it_decides(pack, kind, old, persons, expected):
    found = portrait(pack, rule(**{kind: [OLD, MANY]}), population={"age_60_up": old, "persons": persons})
    assert [is_judged for is_judged, _ in found] == expected


@pytest.mark.parametrize(
    ("modes", "compare", "expected"),
    [
        (["none"], "one_of", [(True, "物业模式无物业（无物业、社区托底）")]),
        (["company", "none"], "one_of", [(True, "物业模式专业物业、无物业（无物业、社区托底）")]),
        (["company"], "one_of", []),
        (["company"], "none_of", [(True, "物业模式专业物业（无物业、社区托底）")]),
        (None, "none_of", [(False, "无法判断：没有来源说明物业模式")]),
    ],
)
def test_codes_are_compared_and_told_by_their_labels(pack, modes, compare, expected):
    one = rule("物业模式{providers.property_mode}（{limit}）", all=[{**BARE, "compare": compare}])
    assert portrait(pack, one, providers={"property_mode": modes}) == expected


@pytest.mark.parametrize(("first", "last", "is_used"), [("2026Q3", "2026Q3", True), (None, "2026Q2", False), ("2026Q4", None, False), (None, None, True)])  # fmt: skip
def test_a_rule_is_used_in_its_own_quarters(pack, first, last, is_used):
    one = rule(all=[MANY], first=first, last=last, reason="人")
    assert bool(portrait(pack, one, population={"persons": 10})) == is_used


_FIGURE = st.none() | st.integers(0, 50)


@given(old=_FIGURE, persons=_FIGURE, kind=st.sampled_from(["all", "any"]))
def test_learning_a_figure_never_turns_a_judged_tag_round(old, persons, kind):
    """A tag that was judged, or ruled out, with something unknown stays so whatever the unknown turns out to be."""
    one = rule(**{kind: [OLD, MANY]})

    def holds(old, persons):
        return tagging._holds(one, {"population.age_60_up": old, "population.persons": persons})

    judged = holds(old, persons)
    if judged is not None:
        for guess_old in [old] if old is not None else range(0, 50, 7):
            for guess in [persons] if persons is not None else range(0, 50, 7):
                assert holds(guess_old, guess) in (judged, None)


@pytest.mark.parametrize(
    ("value", "told"), [(41.04, "41"), (0.25, "0.3"), (-0.02, "0"), (1200, "1200"), (2960.2, "2960.2")]
)
def test_a_number_is_written_with_at_most_one_decimal(value, told):
    assert tagging.number(value) == told


TAGS = "SELECT tag, reason, figures, recorded_at FROM mart.courtyard_tag WHERE courtyard_code = :code AND period = :period ORDER BY tag"


def test_a_courtyard_gets_its_tags_and_another_is_told_as_not_judged(ctx):
    run(ctx, Delivery("old_courtyards", [LEDGER], Q3, at(10)))
    found = rows(ctx, TAGS, code=HOME_CODE, period=Q3)
    assert [(tag, reason) for tag, reason, *_ in found] == [
        ("no_property_management", "老旧院落台账登记的物业模式是无物业"),
        ("old_courtyard", "1984年建成（标准：2000年及以前）"),
        ("very_old", "1984年建成，台账登记38户"),
    ]
    assert found[1][2:] == ({"resources.built_year": 1984}, at(10))
    assert rows(ctx, TAGS, code=OTHER_CODE, period=Q3) == []
    unjudged = "SELECT reason FROM mart.courtyard_tag_unjudged WHERE courtyard_code = :code AND tag = 'old_courtyard'"
    assert rows(ctx, unjudged, code=OTHER_CODE) == [("无法判断：没有来源说明建成年份",)]


def test_a_tag_that_holds_no_more_is_kept_with_its_end_and_seen_as_it_was_known(ctx):
    run(ctx, Delivery("old_courtyards", [LEDGER], Q3, at(10)))
    run(ctx, Delivery("old_courtyards", [{**LEDGER, "property_mode": "company"}], Q3, at(10, 9)))
    as_of = "SELECT tag FROM mart.courtyard_tag_as_of('2026Q3', :known) WHERE courtyard_code = :code AND tag = 'no_property_management'"
    assert [rows(ctx, as_of, code=HOME_CODE, known=known) for known in (at(9, 30), at(10, 1), at(10, 8), at(10, 9))] == [
        [], [("no_property_management",)], [("no_property_management",)], [],
    ]  # fmt: skip
    past = "SELECT recorded_at, superseded_at FROM mart.courtyard_tag_history WHERE courtyard_code = :code AND tag = 'no_property_management'"
    assert rows(ctx, past, code=HOME_CODE) == [(at(10), at(10, 9))]


def test_a_late_delivery_corrects_the_tags_of_its_own_quarter_and_of_later_ones(ctx):
    people = [entry(str(n), birth_date="1950-01-01" if n < 5 else "1990-01-01", address=OTHER_HOME) for n in range(10)]
    run(ctx, Delivery("population", people, Q3, at(10)))
    run(ctx, Delivery("old_courtyards", [LEDGER], Q2, at(10, 20), fetched_for=Q3))
    query = (
        "SELECT period FROM mart.courtyard_tag WHERE courtyard_code = :code AND tag = 'old_courtyard' ORDER BY period"
    )
    assert rows(ctx, query, code=HOME_CODE) == [(Q2,), (Q3,)]
    ageing = "SELECT period, reason FROM mart.courtyard_tag WHERE courtyard_code = :code AND tag = 'ageing'"
    assert rows(ctx, ageing, code=OTHER_CODE) == [(Q3, "60岁及以上5人，占50%（标准：20%）")]


def test_running_again_writes_nothing_and_a_changed_rule_only_what_it_changes(ctx):
    run(ctx, Delivery("old_courtyards", [LEDGER], Q3, at(10)))
    assert archive(ctx) == {"quarters": [Q3], "changed": 0, "tags": 0, "indicators": 0}
    fewer = ctx.district.model_copy(update={"tags": tuple(t for t in ctx.district.tags if t.tag != "very_old")})
    assert archive(replace(ctx, district=fewer))["changed"] == 0
    assert [tag for tag, *_ in rows(ctx, TAGS, code=HOME_CODE, period=Q3)] == [
        "no_property_management",
        "old_courtyard",
    ]
