"""Chance that depends on nothing but the seed and what it is about.

A draw is named (`"grid.late"`) and keyed (person 17, quarter 2), so that it does not shift when
another draw is added before it, and so that the same fault stays with the same person from one
quarter to the next. Mixing is SplitMix64 (Steele, Lea & Flood 2014).
"""

from __future__ import annotations

import zlib
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import TypeVar

from courtyard.period import Period

T = TypeVar("T")

_MASK = (1 << 64) - 1


@cache
def _salt(name: str) -> int:
    return zlib.crc32(name.encode()) << 17


class Draws:
    """All chance of one sample street."""

    def __init__(self, seed: int) -> None:
        self._seed = seed & _MASK

    def number(self, name: str, *keys: int) -> int:
        """64 random bits for this name and these keys."""
        z = self._seed ^ _salt(name)
        for key in keys:
            z = (z + key * 0xD1342543DE82EF95 + 0x9E3779B97F4A7C15) & _MASK
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
            z ^= z >> 31
        return z

    def unit(self, name: str, *keys: int) -> float:
        """A number in [0, 1)."""
        return (self.number(name, *keys) >> 11) * (1.0 / (1 << 53))

    def hit(self, rate: float, name: str, *keys: int) -> bool:
        """True at this rate."""
        return self.unit(name, *keys) < rate

    def rng(self, name: str, *keys: int) -> Random:
        """A generator for many draws about one thing."""
        return Random(self.number(name, *keys))


def count(rate: float, of: int) -> int:
    """How many of so many: at least one, so that the smallest street has every kind of event."""
    return max(1, round(rate * of))


def day_in(rng: Random, period: Period) -> date:
    return period.start + timedelta(days=rng.randrange((period.end - period.start).days))


def some(rng: Random, pool: list[T], weights: list[float] | None, number: int) -> list[T]:
    """Up to `number` different items; by weight where weights are given (Efraimidis & Spirakis 2006)."""
    number = min(number, len(pool))
    if weights is None:
        return rng.sample(pool, number)
    keys = [(rng.random() ** (1 / weight), index) for index, weight in enumerate(weights)]
    return [pool[index] for _, index in sorted(keys, reverse=True)[:number]]
