"""Rows against the periods before: literal series, and what holds for any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.watch import Bounds
from courtyard.watching.volume import judge, usual

RULES = Bounds(share=0.3, spread=4, least_rows=10, first_share=0.5, history=6, least_history=3, reason="平稳的登记数据")
counts = st.integers(0, 100_000)
pasts = st.lists(counts, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("rows", "past", "which"),
    [
        (1000, [1000, 1010, 990], None),
        (650, [1000, 1010, 990], "drop"),
        (1400, [1000, 1010, 990], "jump"),
        (701, [1000, 1000, 1000], None),  # a share of 0.3 is allowed
        (699, [1000, 1000, 1000], "drop"),
        (0, [1000, 1000, 1000], "drop"),
        (400, [1000, 400, 1600, 300, 1700], None),  # it has always gone up and down: four deviations are wide
        (1, [4, 5, 6], None),  # a handful of rows more or less says nothing
        (20, [4, 5, 6], "jump"),
        (600, [1000], None),  # one period to go by: half of it
        (499, [1000], "drop"),
        (0, [], None),  # nothing to go by
        (30, [0, 0, 0], "jump"),
        (0, [0, 0, 0], None),
        (900, [9000, 9000, 9000, 1000, 1000, 1000, 1000, 1000, 1000], None),  # what was long ago is forgotten
    ],
)
def test_what_is_unusual(rows, past, which):
    found = judge(rows, past, RULES)
    assert (found.which if found else None) == which


def test_it_is_said_with_both_figures():
    assert judge(650, [1000, 1010, 990], RULES).words == "本期 650 行，少于往期通常的 1,000 行（界限 700）"
    assert judge(31_400, [20_000] * 4, RULES).words == "本期 31,400 行，多于往期通常的 20,000 行（界限 26,000）"


@given(pasts)
def test_what_has_always_been_so_is_usual(past):
    expected = usual(past, RULES)
    assert 0 <= expected.low <= expected.rows <= expected.high
    assert judge(round(expected.rows), past, RULES) is None


@given(counts, st.integers(1, 12))
def test_a_constant_series_is_never_unusual(rows, times):
    assert judge(rows, [rows] * times, RULES) is None


@given(counts, counts, pasts)
def test_fewer_rows_than_an_unusual_drop_are_one_too(rows, fewer, past):
    found = judge(rows, past, RULES)
    if found and found.which == "drop" and fewer <= rows:
        assert judge(fewer, past, RULES).which == "drop"


@given(st.lists(counts, min_size=3, max_size=12), counts)
def test_the_order_of_the_recent_periods_does_not_matter(past, rows):
    recent = past[-RULES.history :]
    assert judge(rows, recent, RULES) == judge(rows, sorted(recent), RULES)


@given(pasts, counts)
def test_wider_bounds_find_no_more(past, rows):
    wide = RULES.model_copy(update={"share": 0.9, "first_share": 0.95, "least_rows": 100})
    if judge(rows, past, RULES) is None:
        assert judge(rows, past, wide) is None
