"""住建 list of old courtyards: a CSV a quarter on SFTP, from the pack's register of courtyards."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from typing import Any

from courtyard.period import Period
from courtyard.sample.feeds.outlet import Sheet, World, letters, set_time
from courtyard.sample.people import Dwelling, Spot
from courtyard.sample.spelling import Speller

SOURCE, DATASET = "housing", "old_courtyards"
BUILT_BY = 1996
STRUCTURES = {"4": 68, "3": 22, "5": 8, "6": 2}
OWNERSHIP = {"reform": 45, "unit": 22, "commercial": 18, "mixed": 10, "public": 5}
MODES = {"community": 34, "self": 26, "company": 24, "unit": 10, "none": 6}
PROBLEMS = ("", "", "屋面渗漏", "管网老化", "线路老化", "车位不足", "消防通道狭窄", "外墙脱落")


class Housing:
    """Writes one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contract = world.contract(DATASET)
        self.speller = Speller(world.street.district, self.contract, world.addresses, "text")

    def write(self, quarter: int) -> int:
        """One quarter's list; returns the number of its rows."""
        street = self.world.street
        period = street.quarters[quarter]
        file = f"sftp/housing/{period}/ljyl_{street.code}_{period}.csv"
        path = self.world.out / file
        path.parent.mkdir(parents=True)
        headers = {c.name: c.header for c in self.contract.columns}
        sheet = Sheet(SOURCE, DATASET, period, period, file, "", headers, letters(list(headers)))
        row_no = 1
        with path.open("w", encoding=self.contract.encoding, newline="") as target:
            table = csv.writer(target, lineterminator="\r\n")
            table.writerow(headers.values())
            for at, place in enumerate(street.courtyards):
                is_there = street.on(at, period.last_day)[0] is place  # else it is not split off yet
                if place.built_year <= BUILT_BY and is_there:
                    row_no += 1
                    rng = self.world.draws.rng("housing.row", at)
                    row = self.speller.row(rng, self._values(at, period), period.last_day)
                    cells = ["" if cell is None else cell for cell in row.cells.values()]
                    table.writerow([*cells, period.last_day.isoformat()])
                    sheet.record(self.world.truth, row_no, row, "", Spot(place.code))
        set_time(path, period.end + timedelta(days=1), 6)
        return row_no - 1

    def _values(self, at: int, period: Period) -> dict[str, Any]:
        """A courtyard's entry; one in four was renovated or will be, in a year that may lie ahead."""
        place = self.world.street.courtyards[at]
        rng = self.world.draws.rng("housing.facts", at)
        return {
            "building_no": f"LJ{self.world.street.code}{at + 1:04d}",
            "courtyard": Dwelling(at, 1, 1, 101),
            "address": at,
            "built_year": f"{place.built_year}年" if rng.random() < 0.3 else str(place.built_year),
            "buildings": place.buildings,
            "units": place.buildings * place.units,
            "households": place.households,
            "floor_area": Decimal(place.households * rng.randint(550, 900)) / 10,
            "structure": rng.choices(list(STRUCTURES), list(STRUCTURES.values()))[0],
            "ownership": rng.choices(list(OWNERSHIP), list(OWNERSHIP.values()))[0],
            "property_mode": rng.choices(list(MODES), list(MODES.values()))[0],
            "has_committee": rng.random() < 0.3,
            "renovated_in": str(rng.randint(2015, period.year + 1)) if rng.random() < 0.25 else None,
            "problems": rng.choice(PROBLEMS),
        }
