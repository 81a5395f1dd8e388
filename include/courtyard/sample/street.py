"""The pack's courtyards as places to live in: dwellings, and the grid and community above each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from courtyard.district.models import Courtyard, District, Unit
from courtyard.period import Period
from courtyard.sample.people import Dwelling, Spot

QUARTERS = 4


class Street:
    """What generation reads of the pack.

    Courtyards are known by their index among those in use at the end. A dwelling is named by them too, and `on`
    tells what the register of an earlier day would say of it.
    """

    def __init__(self, district: District, scale: float) -> None:
        self.district = district
        self.code = district.office.street_code
        self.units: dict[str, Unit] = {unit.code: unit for unit in district.units}
        self.quarters = [Period.quarter(district.office.first_quarter)]
        while len(self.quarters) < QUARTERS:
            self.quarters.append(self.quarters[-1].next())
        self.register = {c.code: c for c in district.courtyards}
        self.changes = sorted(district.changes, key=lambda c: c.on)
        gone = {c.from_code for c in self.changes if c.kind == "merged" and c.on < self.end}
        self.courtyards: tuple[Courtyard, ...] = tuple(c for c in district.courtyards if c.code not in gone)
        self.grid_of = [self._above(c.micro_grid_code, "grid") for c in self.courtyards]
        self.community_of = [self._above(c.micro_grid_code, "community") for c in self.courtyards]
        self.grids = sorted(set(self.grid_of))
        self.households = _share(scale, [c.households for c in self.courtyards])
        self._made = {c.to_code for c in self.changes if c.kind != "renamed"}
        self._taken = [0] * len(self.courtyards)

    def _above(self, code: str, kind: str) -> str:
        unit = self.units[code]
        while unit.kind != kind and unit.parent_code:
            unit = self.units[unit.parent_code]
        return unit.code

    @property
    def start(self) -> date:
        return self.quarters[0].start

    @property
    def end(self) -> date:
        return self.quarters[-1].end

    def on(self, where: Dwelling | int, day: date) -> tuple[Courtyard, int]:
        """The courtyard and the number of a dwelling's building as they are on a day; 0 where only a courtyard is meant."""
        at, building = (where, 0) if isinstance(where, int) else where[:2]
        code = self.courtyards[at].code
        moves = [c for c in self.changes if c.kind != "renamed"] if code in self._made else []
        for change in reversed(moves):
            if change.on > day and change.to_code == code:
                named = {int(new): int(old) for old, new in change.numbers.items()}
                if building in named or (change.kind == "split" and not building):
                    code, building = change.from_code, named.get(building, 0)
        return self.register[code], building

    def spot(self, where: Dwelling | int, day: date) -> Spot:
        """What the register of a day says of a place."""
        place, building = self.on(where, day)
        return Spot(place.code) if isinstance(where, int) else Spot(place.code, building, *where[2:])

    def before(self, where: Dwelling | int, day: date) -> tuple[Courtyard, int] | None:
        """What a place was before the last change that it went through, as those write who have not heard of it."""
        days = [c.on - timedelta(days=1) for c in self.changes if c.kind != "renamed" and c.on <= day]
        earlier = [self.on(where, last) for last in days]
        return next((was for was in reversed(earlier) if was != self.on(where, day)), None)

    def names_on(self, place: Courtyard, day: date) -> tuple[str, list[str]]:
        """The name of a courtyard on a day, and those it had before."""
        renamed = [c for c in self.changes if c.kind == "renamed" and c.from_code == place.code]
        later = [c.former_name or "" for c in renamed if c.on > day]
        return (later or [place.name])[0], [c.former_name or "" for c in renamed if c.on <= day]

    def stretches(
        self, where: Dwelling, since: date, until: date | None
    ) -> Iterator[tuple[Courtyard, int, date, date | None]]:
        """A time at one place, cut where courtyards were merged or split meanwhile."""
        days = [c.on for c in self.changes if since < c.on and (until is None or c.on < until)]
        cuts = [
            since,
            *(day for day in dict.fromkeys(days) if self.on(where, day) != self.on(where, day - timedelta(1))),
        ]
        for start, end in zip(cuts, [*cuts[1:], until], strict=True):
            yield (*self.on(where, start), start, end)

    def next_dwelling(self, courtyard: int) -> Dwelling:
        """The next empty dwelling; a courtyard that is full is lived in twice, as shared flats are."""
        place = self.courtyards[courtyard]
        slots = place.buildings * place.units * place.floors * place.rooms
        step = 7919 if slots % 7919 else 1
        slot = (self._taken[courtyard] * step) % slots
        self._taken[courtyard] += 1
        slot, door = divmod(slot, place.rooms)
        slot, floor = divmod(slot, place.floors)
        building, unit = divmod(slot, place.units)
        return Dwelling(courtyard, building + 1, unit + 1, (floor + 1) * 100 + door + 1)

    def some_courtyard(self, rng: Random) -> int:
        """A courtyard by the number of its households."""
        return rng.choices(range(len(self.courtyards)), [c.households for c in self.courtyards])[0]


def _share(scale: float, sizes: list[int]) -> list[int]:
    """Each size times the scale, rounded so that the total is exact too."""
    shares, total, given = [], 0.0, 0
    for size in sizes:
        total += size * scale
        shares.append(round(total) - given)
        given += shares[-1]
    return shares
