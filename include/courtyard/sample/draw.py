"""Chance that depends on nothing but the seed and what it is about.

A draw is named (`"grid.late"`) and keyed (person 17, quarter 2), so that it does not shift when
another draw is added before it, and so that the same fault stays with the same person from one
quarter to the next. Mixing is SplitMix64 (Steele, Lea & Flood 2014).
"""

from __future__ import annotations

import zlib
from functools import cache
from random import Random

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
