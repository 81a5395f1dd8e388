"""Token buckets and repeats, on a clock that a test turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.cases import IntakeLimits, Rate
from courtyard.intake import limits
from courtyard.intake.limits import Limits, Repeats
from courtyard.intake.refusal import Refused


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def of(burst: int, per_minute: int) -> tuple[Limits, Clock]:
    clock = Clock()
    return Limits(IntakeLimits(link=Rate(burst=burst, per_minute=per_minute)), clock), clock


def test_a_burst_then_one_every_so_often():
    buckets, clock = of(2, 6)
    buckets.take("link", "a")
    buckets.take("link", "a")
    with pytest.raises(Refused) as refused:
        buckets.take("link", "a")
    assert (refused.value.status, refused.value.retry_after) == (429, 10)
    clock.at += refused.value.retry_after
    buckets.take("link", "a")
    buckets.take("link", "b")


@given(st.integers(1, 20), st.integers(1, 600), st.lists(st.floats(0, 30), min_size=1, max_size=80))
def test_never_more_than_the_burst_and_what_has_flowed_in(burst, per_minute, pauses):
    buckets, clock = of(burst, per_minute)
    taken = 0
    for pause in pauses:
        clock.at += pause
        try:
            buckets.take("link", "a")
            taken += 1
        except Refused:
            pass
        assert taken <= burst + clock.at * per_minute / 60 + 1e-6


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MOST_KEPT", 10)
    buckets, _ = of(1, 1)
    for number in range(100):
        buckets.take("link", str(number))
    assert len(buckets._left) == 10


def test_repeats_are_forgotten_after_their_time():
    clock = Clock()
    repeats = Repeats(60, clock)
    repeats.note("a")
    repeats.note("a")
    assert (repeats.count("a"), repeats.count("b")) == (2, 0)
    clock.at = 61
    assert repeats.count("a") == 0
