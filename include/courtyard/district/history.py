"""Courtyards over time: renamed, merged and split ones, and where a building belonged on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from courtyard.district.office import Courtyard, CourtyardChange


class Span(NamedTuple):
    """When a courtyard exists: `until` is exclusive, None for always or still; `successor` is what it is part of then."""

    since: date | None
    until: date | None
    successor: str | None


class Heir(NamedTuple):
    """A courtyard's building, '' for the courtyard itself, and where it belongs for a time; `until` is exclusive."""

    code: str
    building: str
    since: date
    until: date | None
    heir: str
    number: str | None


class _Step(NamedTuple):
    """A building that goes over to another courtyard on a day, seen from one of the two."""

    on: date
    code: str
    number: str


class History:
    """What the changes of a pack mean. A row of `courtyards.csv` says how the courtyard is, or was on its last day."""

    def __init__(self, courtyards: Iterable[Courtyard], changes: Iterable[CourtyardChange]) -> None:
        self._rows = {courtyard.code: courtyard for courtyard in courtyards}
        in_time = sorted(changes, key=lambda c: (c.on, c.kind, c.from_code))
        self._renamed = [c for c in in_time if c.kind == "renamed"]
        self._merged = {c.from_code: c for c in in_time if c.kind == "merged"}
        self._founded = {c.to_code: c for c in in_time if c.kind == "split"}
        self._out: dict[str, dict[str, _Step]] = {code: {} for code in self._rows}
        self._in: dict[str, dict[str, _Step]] = {code: {} for code in self._rows}
        for change in (c for c in in_time if c.kind != "renamed"):
            for old, new in change.numbers.items():
                self._out[change.from_code][old] = _Step(change.on, change.to_code, new)
                self._in[change.to_code][new] = _Step(change.on, change.from_code, old)

    @property
    def changed(self) -> frozenset[str]:
        """The codes of all courtyards that have a history."""
        renamed = {c.from_code for c in self._renamed}
        moved = {code for steps in (self._out, self._in) for code, of_it in steps.items() if of_it}
        return frozenset(moved | renamed)

    def span(self, code: str) -> Span:
        founded, merged = self._founded.get(code), self._merged.get(code)
        since, until = founded.on if founded else None, merged.on if merged else None
        return Span(since, until, merged.to_code if merged else None)

    def exists(self, code: str, on: date) -> bool:
        since, until, _ = self.span(code)
        return (since is None or since <= on) and (until is None or on < until)

    def names(self, code: str) -> list[tuple[str, date | None, date | None]]:
        """What a courtyard was and is called, in order: (name, first day, first day no more)."""
        found, since = [], None
        for change in (c for c in self._renamed if c.from_code == code):
            found.append((change.former_name or "", since, change.on))
            since = change.on
        return [*found, (self._rows[code].name, since, None)]

    def houses(self, code: str, on: date | None = None) -> dict[str, int]:
        """The numbers of a courtyard's buildings and how many units each has: on a day, or all that it ever had."""
        came, went = self._in[code], self._out[code]
        own = () if code in self._founded else _first(self._rows[code].buildings, self._given_away(code))
        units = dict.fromkeys(own, self._rows[code].units)
        units |= {
            n: self._rows[step.code].units for n, step in self._given_away(code).items() if code not in self._founded
        }
        units |= {n: self._units_before(code, step) for n, step in came.items()}
        if on is None:
            return units
        return {
            n: of_it
            for n, of_it in units.items()
            if (n not in came or came[n].on <= on) and (n not in went or on < went[n].on)
        }

    def last_houses(self, code: str) -> set[str]:
        """The buildings that a courtyard's row counts: those it has, or had on its last day."""
        return set(self.houses(code)) - set(self._given_away(code))

    def _given_away(self, code: str) -> dict[str, _Step]:
        """The buildings that a courtyard's row counts no more; the row of a merged one says how it ended."""
        merged = self._merged.get(code)
        return {n: step for n, step in self._out[code].items() if merged is None or step.on < merged.on}

    def _units_before(self, code: str, step: _Step) -> int:
        return self._rows[code if code in self._founded else step.code].units

    def place_on(self, code: str, building: str | None, on: date) -> tuple[str, str | None]:
        """Where a building, named by any courtyard that it was ever part of, belongs on a day.

        Without a building it is the courtyard itself: its successor once it is merged, what it was split from
        before it was.
        """
        for _ in range(len(self._rows)):
            step = self._step(code, building, on)
            if step is None:
                break
            code, building = step
        return code, building

    def _step(self, code: str, building: str | None, on: date) -> tuple[str, str | None] | None:
        if building is not None:
            out, came = self._out[code].get(building), self._in[code].get(building)
            if out and out.on <= on:
                return out.code, out.number
            if came and came.on > on:
                return came.code, came.number
        since, until, successor = self.span(code)
        if successor and until and until <= on:
            return successor, None
        if since and on < since:
            return self._founded[code].from_code, None
        return None

    def heirs(self) -> list[Heir]:
        """Where what merged and split courtyards had belongs since, for every time in which it belonged elsewhere."""
        days = sorted({c.on for c in (*self._merged.values(), *self._founded.values())})
        found = []
        for code in sorted(code for code, steps in self._out.items() if steps):
            for building in (None, *sorted(self._out[code])):
                since = self.span(code).since or date.min
                places = [(day, self.place_on(code, building, day)) for day in days if day >= since]
                moved = [(day, place) for day, place in places if place != (code, building)]
                kept = [at for n, at in enumerate(moved) if n == 0 or at[1] != moved[n - 1][1]]
                ends = [*(day for day, _ in kept[1:]), None]
                found += [Heir(code, building or "", day, end, *to) for (day, to), end in zip(kept, ends, strict=False)]
        return found


def _first(size: int, without: dict[str, _Step]) -> list[str]:
    """The first numbers from 1 on, leaving out those that went over to another courtyard."""
    return list(islice((str(n) for n in count(1) if str(n) not in without), size))
