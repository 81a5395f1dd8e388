"""One right decision from what a paper says: literal papers in, decisions out."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.models import Unit
from courtyard.period import Period
from courtyard.submissions.deciding import (
    Entry,
    Issue,
    Paper,
    Refusal,
    Role,
    is_last_quarters,
    period_of,
    registered,
    roles,
    unit_of,
)

Q2, Q3, Q4 = (Period.quarter(f"2026Q{n}") for n in (2, 3, 4))
FIRST = Period.quarter("2025Q4")
GRID, OTHER, COMMUNITY = "510105005002001", "510105005002002", "510105005002"
AT = datetime(2026, 10, 1, tzinfo=UTC)


def paper(**more):
    base = {
        "receipt_id": 1, "delivery_id": "grid:a", "channel": "folder", "arrived_for": Q3, "sent_at": AT,
        "received_at": AT, "version_at": AT, "content_hash": "a", "named_unit": GRID,
    }  # fmt: skip
    return Paper(**(base | more))


def entry(receipt_id, version, content, delivery=None, **more):
    at = AT + timedelta(hours=version)
    values = {"unit_code": GRID, "period": Q3, "arrived_for": Q3} | more
    return Entry(receipt_id, delivery or f"grid:{receipt_id}", version_at=at, content_hash=content, **values)


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ({}, GRID),
        ({"written_units": frozenset({COMMUNITY})}, GRID),
        ({"named_unit": None, "written_units": frozenset({GRID})}, GRID),
        ({"named_unit": None}, None),
        ({"issue": Issue(GRID, Q3, True), "named_unit": None}, GRID),
        ({"written_units": frozenset({OTHER})}, Refusal("submission.wrong_unit")),
        ({"named_unit": None, "written_units": frozenset({GRID, OTHER})}, Refusal("submission.wrong_unit")),
        ({"issue": Issue(OTHER, Q3, True)}, Refusal("submission.wrong_unit")),
        ({"issue": Issue(GRID, Q3, False)}, Refusal("submission.bad_signature")),
    ],
)
def test_the_unit_is_what_all_agree_on(said, unit):
    assert unit_of(paper(**said)) == unit


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ({}, Q3),
        ({"written_periods": frozenset({Q2})}, Q2),
        ({"written_periods": frozenset({Q4})}, Refusal("submission.wrong_period", "2026年第四季度")),
        (
            {"written_periods": frozenset({Q2, Q3})},
            Refusal("submission.wrong_period", "2026年第二季度、2026年第三季度"),
        ),
        ({"written_periods": frozenset({Q2}), "issue": Issue(GRID, Q3, True)}, Q3),
        ({"written_periods": frozenset({FIRST.previous()})}, Refusal("submission.wrong_period", "2025年第三季度")),
    ],
)
def test_the_quarter_is_the_issues_then_the_written_one_then_the_folders(said, period):
    assert period_of(paper(**said), FIRST) == period


def test_a_grid_must_have_existed_in_the_quarter():
    grid = Unit(
        code=GRID, name="甲", kind="grid", parent_code=COMMUNITY, valid_from=date(2022, 1, 1), valid_to=date(2026, 7, 2)
    )
    assert registered(GRID, Q3, [grid]) is None
    assert registered(GRID, Q4, [grid]) == Refusal("submission.unknown_unit", "2026年第四季度")
    assert registered(None, Q3, [grid]) == registered(OTHER, Q3, [grid])
    community = grid.model_copy(update={"kind": "community", "valid_to": None})
    assert registered(GRID, Q3, [community]) is not None


def test_last_quarters_file_is_known_by_its_bytes_or_by_the_quarter_it_states():
    settled = entry(7, 0, "x", delivery="grid:old", period=Q2, arrived_for=Q2)
    assert is_last_quarters(paper(delivery_id="grid:old"), GRID, Q3, [settled]), "same bytes, states no quarter"
    assert is_last_quarters(paper(), GRID, Q2, [settled]), "resaved, states the settled quarter"
    assert not is_last_quarters(paper(is_correction=True), GRID, Q2, [settled]), "declared a correction of it"
    assert not is_last_quarters(paper(), GRID, Q3, [settled])
    assert not is_last_quarters(paper(), GRID, Q2, []), "a late return"
    late = entry(7, 0, "x", period=Q2, arrived_for=Q3)
    assert not is_last_quarters(paper(), GRID, Q2, [late]), "the late return's own correction"
    assert not is_last_quarters(paper(), GRID, Q2, [entry(7, 0, "x", period=Q2, arrived_for=Q2, is_readable=False)])


def test_first_correction_and_duplicate():
    found = roles([entry(1, 1, "a"), entry(2, 2, "b"), entry(3, 3, "b"), entry(4, 4, "a")])
    assert found == {1: Role("first"), 2: Role("correction", 1), 3: Role("duplicate", 2), 4: Role("correction", 2)}


def test_the_same_bytes_again_repeat_the_first_however_late_they_come():
    found = roles([entry(1, 1, "a", "grid:a"), entry(2, 2, "b"), entry(3, 1, "a", "grid:a")])
    assert found == {1: Role("first"), 2: Role("correction", 1), 3: Role("duplicate", 1)}


def test_what_is_in_the_warehouse_counts_before_an_older_copy_of_it():
    found = roles([entry(1, 1, "a"), entry(2, 2, "a", is_merged=True), entry(3, 3, "a")])
    assert found == {1: Role("duplicate", 2), 2: Role("first"), 3: Role("duplicate", 2)}


def test_an_unreadable_one_takes_no_place():
    found = roles([entry(1, 1, "a"), entry(2, 2, "x", is_readable=False), entry(3, 3, "b")])
    assert found == {1: Role("first"), 2: Role("correction", 1), 3: Role("correction", 1)}


papers = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=1, max_size=7
)


@given(papers, st.randoms(use_true_random=False))
def test_the_order_of_arrival_plays_no_part(made, random):
    entries = [
        entry(n, version, content, is_readable=readable, is_merged=merged and readable)
        for n, (version, content, readable, merged) in enumerate(made)
    ]
    mixed = list(entries)
    random.shuffle(mixed)
    assert roles(mixed) == roles(entries)


@given(papers)
def test_every_paper_has_one_role_and_relates_to_one_that_counts(made):
    entries = {
        n: entry(n, version, content, is_readable=readable, is_merged=merged and readable)
        for n, (version, content, readable, merged) in enumerate(made)
    }
    found = roles(entries.values())
    assert set(found) == set(entries)
    counted = [n for n, role in found.items() if role.kind != "duplicate" and entries[n].is_readable]
    assert len([n for n in counted if found[n].kind == "first"]) == bool(counted)
    for n, (kind, related) in found.items():
        assert (related is None) == (kind == "first")
        assert related is None or related in counted
        assert kind != "duplicate" or entries[n].content_hash == entries[related].content_hash
    line = sorted(counted, key=lambda n: entries[n].order)
    assert all(entries[a].content_hash != entries[b].content_hash for a, b in pairwise(line))
