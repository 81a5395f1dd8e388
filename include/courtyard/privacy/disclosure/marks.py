"""Counts of courtyards for who may not see them: three marks instead of numbers, and none that a total gives away.

Who sees marks sees nothing else of persons, and everything else that he is shown is made of these marks. Each figure
of one area (a community) is marked by itself; its total is taken to be known to everybody, exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

Mark = Literal["0", "*", "+"]
"""Nobody; a few, or hidden for the sake of others; the threshold or more."""
NONE, HIDDEN, MANY = "0", "*", "+"


def marks(counts: Mapping[str, int | None], threshold: int) -> dict[str, Mark | None]:
    """The mark of each place of an area, None where its count is not known.

    Which marks an area has hangs on two things alone, the total and how many places are not 0. So whoever knows both,
    and this rule, still has every table with the same two before him:

    - where those places have the threshold each on average, a small count is `*` and any other `+`: a `*` may be
      whatever is small, since the `+` take up the rest;
    - else all of them are `*`, which may be 1, and the threshold too as long as the total allows it;
    - else everything is `*`, and zeros as well.
    """
    known = [count for count in counts.values() if count is not None]
    total, there = sum(known), sum(count > 0 for count in known)
    if total >= there * threshold:
        hidden = range(1, threshold)
    elif there > 1 and total - (there - 1) >= threshold:
        hidden = range(1, total + 1)
    else:
        hidden = range(total + 1)
    return {place: _mark(count, hidden) for place, count in counts.items()}


def _mark(count: int | None, hidden: Collection[int]) -> Mark | None:
    if count is None:
        return None
    return HIDDEN if count in hidden else MANY if count else NONE


def together(parts: Collection[Mark | None]) -> Mark | None:
    """The mark of a sum of figures, made of their marks alone so that it tells nothing that they do not."""
    if None in parts:
        return None
    return MANY if MANY in parts else HIDDEN if HIDDEN in parts else NONE
