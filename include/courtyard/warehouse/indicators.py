"""Indicators of a quarter: of each courtyard, of each community and of the street, none left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from courtyard.district.figures import Indicator

Figures = Mapping[str, Any]
State = Literal["known", "no_data", "no_cases"]
_DIGITS = Decimal("0.01")


@dataclass(frozen=True)
class Value:
    """An indicator of a unit. `value` is None without data, and where there is nothing to divide by.

    `known` of the unit's `courtyards` say what it takes; the value is made of those alone.
    """

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    state: State
    courtyards: int
    known: int


def value_of(indicator: Indicator, courtyards: Sequence[Figures]) -> Value:
    """An indicator over courtyards: their numerators and denominators added up, where both are known."""
    needed = [name for name in (indicator.numerator, indicator.denominator) if name]
    known = [figures for figures in courtyards if all(figures.get(name) is not None for name in needed)]
    if not known:
        return Value(None, None, None, "no_data", len(courtyards), 0)
    sums = [sum((Decimal(str(figures[name])) for figures in known), Decimal(0)) for name in needed]
    numerator, denominator = sums[0], sums[1] if len(sums) > 1 else None
    if denominator == 0:
        return Value(None, numerator, denominator, "no_cases", len(courtyards), len(known))
    value = numerator * Decimal(str(indicator.per)) / (denominator or 1)
    rounded = value.quantize(_DIGITS, ROUND_HALF_UP)
    return Value(rounded, numerator, denominator, "known", len(courtyards), len(known))


def rows(
    indicators: Iterable[Indicator], street: str, courtyards: Sequence[tuple[str, str, Figures]]
) -> Iterator[tuple[Any, ...]]:
    """The columns of `warehouse.courtyard_indicator`, but for street, quarter and times.

    `courtyards` are (code, code of the community, figures).
    """
    units: dict[tuple[str, str], list[Figures]] = defaultdict(list)
    for code, community, figures in courtyards:
        for unit in (("courtyard", code), ("community", community), ("street", street)):
            units[unit].append(figures)
    for (level, code), members in units.items():
        for one in indicators:
            found = value_of(one, members)
            yield (
                code, one.indicator, level, one.title, one.unit, found.value, found.numerator, found.denominator,
                found.state, found.courtyards, found.known,
            )  # fmt: skip
