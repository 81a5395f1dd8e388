"""One problem told twice is one case; two problems stay two."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cases.pairs import ONE, TWO

from courtyard.cases.joining import Candidate, Joiner, Told, shared_of
from courtyard.cases.lot import Lot
from courtyard.cases.reported import Report
from courtyard.cases.rules import Rules
from courtyard.district import load_district
from courtyard.period import SHANGHAI
from courtyard.privacy.keys import KINDS, KeyRing

DISTRICT = load_district(Path(__file__).resolve().parents[2] / "include/districts/shaocheng")
RULES, KEYS = Rules.of(DISTRICT), KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
JOINER = Joiner(DISTRICT.cases)
AT = datetime(2026, 11, 26, 10, tzinfo=SHANGHAI)
HERE, THERE = (courtyard.code for courtyard in DISTRICT.courtyards[:2])


def told(text="路灯坏了", **values) -> Told:
    found = Told(JOINER.read(text), AT, HERE, "light")
    return replace(found, **values)


def is_one(first: Told, second: Told) -> bool:
    return JOINER.best(second, [Candidate("261126-AAAAA", first)]) is not None


def test_the_rule_joins_no_pair_of_two_problems_and_most_pairs_of_one():
    assert [pair for pair in TWO if is_one(*map(told, pair))] == []
    assert sum(is_one(*map(told, pair)) for pair in ONE) >= 0.8 * len(ONE)


@pytest.mark.parametrize(
    "other",
    [
        {"courtyard_code": THERE},
        {"courtyard_code": None},
        {"category": "power"},
        {"at": AT + timedelta(days=15)},
        {"at": AT - timedelta(days=15)},
        {"is_held": True},
        {"emergency": "119"},  # of a danger to life the ladder must hear by itself
        {"text": JOINER.read("二单元路灯坏了")},
    ],
)
def test_the_same_words_from_elsewhere_of_something_else_or_long_after_are_another_problem(other):
    first = told("一单元路灯坏了")
    assert is_one(first, first)
    assert not is_one(first, replace(first, **other))


def test_nobody_knows_where_so_nothing_is_one():
    nowhere = told(courtyard_code=None)
    assert not is_one(nowhere, nowhere)


def test_one_emergency_is_told_in_many_words():
    fire = told("三楼冒烟了", emergency="119", category="other")
    assert is_one(fire, told("着火啦快来", emergency="119", category="fire_hazard", at=AT + timedelta(minutes=90)))
    assert not is_one(fire, told("着火啦快来", emergency="119", at=AT + timedelta(hours=3)))
    assert not is_one(fire, told("有人晕倒", emergency="120"))


def test_of_several_cases_the_one_told_most_alike_is_joined_then_the_oldest():
    near = [
        Candidate("B", told("路灯坏了两天")),
        Candidate("C", told("路灯坏了", at=AT - timedelta(days=1))),
        Candidate("A", told("路灯坏了")),
    ]
    assert JOINER.best(told("路灯坏了"), near).case_no == "C"
    assert JOINER.best(told("路灯坏了"), near[::-1]).case_no == "C"


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_between_0_and_1_and_the_same_from_both_sides(one, other):
    first, second = told(one), told(other)
    assert 0 <= shared_of(first, second) == shared_of(second, first) <= 1
    assert JOINER.likeness(first, second) == JOINER.likeness(second, first)


# --- what arrives together ---------------------------------------------------------------------

TEXTS = [text for pair in (*ONE[:6], *TWO[:6]) for text in pair] + ["三楼冒烟起火了", "着火啦快来人", "👍"]
REPORTS = st.lists(
    st.builds(
        lambda text, courtyard, minutes, named, is_closed: Report(
            dataset="hotline_cases",
            record_key="",
            reported_at=AT + timedelta(minutes=minutes),
            channel="hotline",
            text=text,
            kinds=(),
            courtyard_code=courtyard,
            duplicate_of=named,
            status="resolved" if is_closed else "handling",
            is_closed=is_closed,
            closed_at=AT + timedelta(days=1) if is_closed else None,
        ),
        st.sampled_from(TEXTS),
        st.sampled_from([HERE, THERE, None]),
        st.integers(0, 3),
        st.sampled_from([None, None, "1", "2"]),
        st.booleans(),
    ),
    max_size=12,
).map(lambda found: [replace(report, record_key=str(number)) for number, report in enumerate(found, 1)])


def taken(reports: list[Report]) -> Lot:
    lot = Lot(RULES, KEYS, AT + timedelta(days=2))
    for report in sorted(reports, key=lambda report: report.order):
        lot.take(report)
    return lot


@settings(max_examples=60)
@given(REPORTS.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_arrival_decides_nothing(both):
    first, second = (taken(reports) for reports in both)
    assert first.links == second.links
    assert first.steps == second.steps


@settings(max_examples=60)
@given(REPORTS)
def test_every_report_is_in_exactly_one_case_and_every_case_was_opened_by_one(reports):
    lot = taken(reports)
    assert sorted(link.report.key for link in lot.links) == sorted(report.key for report in reports)
    opened = [link.case_no for link in lot.links if link.how == "opened"]
    assert len(opened) == len(set(opened))
    assert {link.case_no for link in lot.links} == set(opened)
    causes = [(case.case_no, event.cause) for event, case in lot.steps]
    assert len(causes) == len(set(causes))


@settings(max_examples=60)
@given(REPORTS)
def test_what_is_closed_at_its_source_never_has_a_clock(reports):
    last = {case.case_no: case for _, case in taken(reports).steps}
    closed = {link.case_no for link in taken(reports).links if link.how == "opened" and link.report.is_closed}
    assert [number for number in closed if last[number].next_at or last[number].status != "closed"] == []
