"""残联 register of certified disabled people: every quarter's state, as the table of a database."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from typing import Any

from courtyard.sample.feeds.outlet import Sheet, World, set_time
from courtyard.sample.feeds.rosters import Entry, Roster
from courtyard.sample.people import Person
from courtyard.sample.spelling import Speller

SOURCE, DATASET = "disabled_federation", "disabled_persons"
FILE = "disabled_federation/cjr_jbxx.csv"
TABLE_COLUMNS = (
    "jd", "jddm", "xh", "cjzh", "xm", "xb", "cjlb", "cjdj", "jhr", "btlx", "ybtje", "xjzdz", "lxdh", "zt",
)  # fmt: skip
# Yuan a month: the living subsidy, the care subsidy of grade 1 and of grade 2.
LIVING, CARE = 120, {"1": 120, "2": 90}


class Disabled:
    """Writes all quarters into one CSV, in the order a query by quarter returns them."""

    def __init__(self, world: World) -> None:
        self.world = world
        held = [m for m in world.groups.memberships if m.group == "disabled"]
        self.roster = Roster(world, (SOURCE, DATASET), held)
        contract = world.contract(DATASET)
        self.speller = Speller(world.street.district, contract, world.addresses, "text")
        self.headers = {c.name: c.header for c in contract.columns}

    def write(self) -> int:
        """Returns the number of rows of all quarters."""
        path = self.world.out / FILE
        path.parent.mkdir(parents=True)
        written = 0
        with path.open("w", encoding="utf-8", newline="") as target:
            table = csv.writer(target, lineterminator="\n")
            table.writerow(TABLE_COLUMNS)
            for index, quarter in enumerate(self.world.street.quarters):
                sheet = Sheet(SOURCE, DATASET, quarter, quarter, FILE, "", self.headers, {})
                for row_no, entry in enumerate(self.roster.listed(index), 1):
                    rng = self.roster.rng(entry.person, index)
                    row = self.speller.row(
                        rng, self._values(entry, quarter.last_day), quarter.last_day, entry.person.sex
                    )
                    cells = {self.headers[name]: cell for name, cell in row.cells.items()}
                    cells |= {"jd": str(quarter), "jddm": self.world.street.code, "xh": row_no}
                    table.writerow(["" if cells[name] is None else cells[name] for name in TABLE_COLUMNS])
                    self.roster.record(sheet, row_no, row, entry)
                    written += 1
        set_time(path, self.world.street.end, 3)
        return written

    def _values(self, entry: Entry, day: date) -> dict[str, Any]:
        person, facts = entry.person, entry.standing.membership.facts
        care = CARE.get(facts["grade"], 0)
        living = LIVING if facts["is_poor"] else 0
        return {
            "disability_no": f"{person.id_number}{facts['kind']}{facts['grade']}",
            "name": self.world.name(person, SOURCE, day),
            "sex": person.sex,
            "kind": facts["kind"],
            "grade": facts["grade"],
            "guardian": self._guardian(person, day),
            "subsidy": "both" if care and living else "nursing" if care else "living" if living else "none",
            "subsidy_amount": Decimal(care + living) if care or living else None,
            "address": entry.standing.stay.dwelling,
            "phone": person.phone,
            "state": "removed" if entry.is_gone else "listed",
        }

    def _guardian(self, person: Person, day: date) -> str:
        """A parent of a child; of a grown person somebody of the household, where there is one."""
        parent = person.mother if person.father is None else person.father
        if parent is not None:
            return self.world.persons[parent].name_on(day)
        members = self.world.groups.make.households[person.stays[-1].household].members
        return next((self.world.persons[no].name_on(day) for no in members if no != person.no), "")
