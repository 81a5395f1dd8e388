"""Whom a department lists: its people as it knows them, a change heard one quarter late now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from courtyard.sample.feeds.outlet import Sheet, World, retyped
from courtyard.sample.mess import RATES
from courtyard.sample.people import Membership, Person, Stay
from courtyard.sample.spelling import Row


@dataclass(frozen=True)
class Standing:
    """What a department's roster says of a person on a day."""

    membership: Membership
    stay: Stay
    detail: Any = None


@dataclass(frozen=True)
class Entry:
    """A line of a roster; `is_gone` strikes somebody off, once, `is_stale` says what held a quarter ago."""

    person: Person
    standing: Standing
    is_gone: bool
    is_stale: bool


class Roster:
    """Follows who belongs to a group, from quarter to quarter. Omissions go on record."""

    def __init__(self, world: World, names: tuple[str, str], memberships: list[Membership]) -> None:
        """`names` are source and dataset; `memberships` may hold several of one person."""
        self.world = world
        self.source, self.dataset = names
        self.detail: Callable[[Person, date], Any] = lambda person, day: None
        self._held: dict[int, list[Membership]] = {}
        for membership in memberships:
            self._held.setdefault(membership.person, []).append(membership)

    def listed(self, quarter: int) -> Iterator[Entry]:
        """The roster's lines at the end of a quarter, in order of the persons' numbers."""
        period = self.world.street.quarters[quarter]
        for no in sorted(self._held):
            true = self._true(no, period.last_day)
            if self.world.draws.hit(RATES["row.missed"], f"{self.dataset}.missed", no):
                self._omit(str(period), no, "missed" if true else "")
                continue
            person, now, before = self.world.persons[no], self._known(no, quarter), self._known(no, quarter - 1)
            if now:
                yield Entry(person, now, False, now != true)
            elif before and not true:
                yield Entry(person, before, True, False)
            else:
                self._omit(str(period), no, "late" if true else "")

    def rng(self, person: Person, quarter: int) -> Random:
        """Chance for a line: typed once, sometimes anew."""
        return self.world.draws.rng(
            f"{self.dataset}.row", person.no, retyped(self.world, self.source, person.no, quarter)
        )

    def record(self, sheet: Sheet, row_no: int, row: Row, entry: Entry) -> None:
        """Put a written line on record."""
        row.row_faults += [
            *self.world.faults(entry.person, self.source, sheet.period.last_day),
            *(["row.stale"] if entry.is_stale else []),
        ]
        where = self.world.spot(entry.standing.stay.dwelling, sheet.period)
        sheet.record(self.world.truth, row_no, row, entry.person.person_id, where)

    def _omit(self, period: str, no: int, reason: str) -> None:
        if reason:
            person = self.world.persons[no].person_id
            self.world.truth.omission(self.source, self.dataset, period, person, reason)

    def _true(self, no: int, day: date) -> Standing | None:
        person = self.world.persons[no]
        held = next((m for m in reversed(self._held[no]) if m.holds_on(day)), None)
        stay = person.stay_on(day)
        return Standing(held, stay, self.detail(person, day)) if held and stay else None

    def _known(self, no: int, quarter: int) -> Standing | None:
        quarters = self.world.street.quarters
        before = quarters[max(quarter, 0)].start - timedelta(days=1)
        was = self._true(no, before)
        if quarter < 0:
            return was
        now = self._true(no, quarters[quarter].last_day)
        late = now != was and self.world.draws.hit(RATES["row.late"], f"{self.dataset}.late", no, quarter)
        return was if late else now
