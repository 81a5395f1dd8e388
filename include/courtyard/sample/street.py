"""The pack's courtyards as places to live in: dwellings, and the grid and community above each."""

from __future__ import annotations

from datetime import date
from random import Random

from courtyard.district.models import Courtyard, District, Unit
from courtyard.period import Period
from courtyard.sample.people import Dwelling

QUARTERS = 4


class Street:
    """What generation reads of the pack. Courtyards are known by their index in the pack."""

    def __init__(self, district: District, scale: float) -> None:
        self.district = district
        self.code = district.office.street_code
        self.courtyards: tuple[Courtyard, ...] = district.courtyards
        self.units: dict[str, Unit] = {unit.code: unit for unit in district.units}
        self.quarters = [Period.quarter(district.office.first_quarter)]
        while len(self.quarters) < QUARTERS:
            self.quarters.append(self.quarters[-1].next())
        self.grid_of = [self._above(c.micro_grid_code, "grid") for c in self.courtyards]
        self.community_of = [self._above(c.micro_grid_code, "community") for c in self.courtyards]
        self.grids = sorted(set(self.grid_of))
        self.households = _share(scale, [c.households for c in self.courtyards])
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
