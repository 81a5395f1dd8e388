"""Is a number of rows unusual against the periods before it? Robust bounds and a share; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from courtyard.district.watch import Bounds

# A normal distribution's standard deviation as a multiple of its median absolute deviation (Rousseeuw & Croux 1993).
_NORMAL = 1.4826


@dataclass(frozen=True)
class Usual:
    """What the periods before lead to expect: the median, and how far around it is not remarkable."""

    rows: float
    low: float
    high: float


@dataclass(frozen=True)
class Unusual:
    """A number of rows outside the bounds."""

    rows: int
    usual: Usual
    which: Literal["drop", "jump"]

    @property
    def words(self) -> str:
        way = "少于" if self.which == "drop" else "多于"
        edge = self.usual.low if self.which == "drop" else self.usual.high
        return f"本期 {self.rows:,} 行，{way}往期通常的 {self.usual.rows:,.0f} 行（界限 {edge:,.0f}）"


def usual(past: Sequence[int], rules: Bounds) -> Usual | None:
    """The bounds that follow from past periods, oldest first; None without any."""
    recent = list(past)[-rules.history :]
    if not recent:
        return None
    middle = median(recent)
    is_few = len(recent) < rules.least_history
    distance = 0.0 if is_few else _NORMAL * median(abs(rows - middle) for rows in recent)
    share = max(rules.share, rules.first_share) if is_few else rules.share
    allowed = max(share * middle, rules.spread * distance, rules.least_rows)
    return Usual(middle, max(0.0, middle - allowed), middle + allowed)


def judge(rows: int, past: Sequence[int], rules: Bounds) -> Unusual | None:
    """What is unusual about a number of rows; None where nothing is, or where there is nothing to go by."""
    expected = usual(past, rules)
    if expected is None or expected.low <= rows <= expected.high:
        return None
    return Unusual(rows, expected, "drop" if rows < expected.low else "jump")
