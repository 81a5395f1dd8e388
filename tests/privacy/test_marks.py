"""Marks of courtyards' counts: literal rows, and an attacker who knows the totals and even how marks are chosen."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.privacy.disclosure.marks import HIDDEN, MANY, marks, together

T = 5


def shown(*counts: int | None, threshold: int = T) -> str:
    found = marks(dict(zip("abcdefgh", counts, strict=False)), threshold)
    return "".join(mark or "—" for mark in found.values())


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0), "000"),
        ((0, None, 12), "0—+"),
        ((2, 3, 40, 0), "**+0"),  # 45 in all: the first may be 1 to 4, whatever the second is
        ((3, 0, 5), "*0*"),  # 8 in all: beside a + of 5 at least, the star would be 3 at most
        ((1, 1, 1, 1, 1), "*****"),
        ((4, 4, 0), "**0"),  # 8 in all: as small counts they would be 4 each; as "1 or more" they may be 1 and 7
        ((4, 4, 4, 4), "****"),
        ((3, 0, 0), "***"),  # 3 in all: the only one that is not 0 would be the 3
        ((1, 1, 0, 0), "****"),  # 2 in all over two places would be 1 each
    ],
)
def test_marks_of_an_area(counts: tuple[int | None, ...], expected: str) -> None:
    assert shown(*counts) == expected


def test_a_layer_is_marked_by_its_groups_marks_alone() -> None:
    assert together(["0", "0"]) == "0"
    assert together(["0", HIDDEN, HIDDEN, HIDDEN]) == HIDDEN  # 3 + 3 + 3 are 9, and no star tells it
    assert together([HIDDEN, MANY]) == MANY
    assert together(["0", None]) is None


def naive(counts: tuple[int, ...], threshold: int) -> str:
    return "".join("0" if n == 0 else "*" if n < threshold else "+" for n in counts)


def found_out(places: int, most: int, threshold: int, how) -> list[tuple[tuple[int, ...], str]]:
    """Tables in which the marks and the total leave one value only for a small count."""
    alike = defaultdict(list)
    for counts in product(range(most + 1), repeat=places):
        alike[how(counts, threshold), sum(counts)].append(counts)
    return [
        (tables[0], printed)
        for (printed, total), tables in alike.items()
        if total <= most  # above it some tables are missing
        for place in range(places)
        if len(values := {table[place] for table in tables}) == 1 and 0 < min(values) < threshold
    ]


@pytest.mark.parametrize(("places", "most", "threshold"), [(2, 20, 5), (3, 16, 5), (4, 12, 4), (5, 7, 3)])
def test_no_attacker_finds_a_small_count_even_knowing_the_rule(places: int, most: int, threshold: int) -> None:
    assert found_out(places, most, threshold, lambda counts, t: shown(*counts, threshold=t)) == []
    assert found_out(places, most, threshold, naive), "without complements the same attacker succeeds"


@given(st.lists(st.integers(0, 30), min_size=2, max_size=40), st.integers(2, 9))
def test_a_hidden_count_may_be_1_as_well_as_the_most_that_a_star_may_mean(counts: list[int], t: int) -> None:
    printed = list(marks(dict(enumerate(counts)), t).values())
    stars, many = printed.count(HIDDEN), printed.count(MANY)
    small = [n for n in counts if 0 < n < t]
    assert all(mark == HIDDEN for n, mark in zip(counts, printed, strict=True) if 0 < n < t)
    total = sum(counts)
    if small and many:  # a star is 1 to t - 1; what is `+` takes up whatever is left
        assert stars - 1 + many * t + t - 1 <= total
    elif small and "0" in printed:  # a star is 1 or more
        assert stars > 1 and total - (stars - 1) >= t
