"""民政 low-income register: every covered person of every month, as the table of a database."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from courtyard.period import Period
from courtyard.sample.feeds.outlet import Sheet, World, retyped, set_time
from courtyard.sample.mess import RATES
from courtyard.sample.people import Benefit, Membership, Person, Stay
from courtyard.sample.spelling import Speller

SOURCE, DATASET = "civil_affairs", "dibao_register"
FILE = "civil_affairs/dibao_ydhz.csv"
TABLE_COLUMNS = (
    "bzzh", "xh", "ny", "jdbm", "hzxm", "cyxm", "sfzh", "gx", "jtrk", "bzrs", "bzlb", "sblb", "ybzje", "qsny",
    "zpyy", "jzdz", "lxdh", "bz",
)  # fmt: skip
REMARKS = ("", "", "", "", "复核通过", "下季度复核")


class _Writer(Protocol):
    def writerow(self, row: Sequence[Any], /) -> Any: ...


class CivilAffairs:
    """Writes all months into one CSV, in the order a query by month returns them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contract = world.contract(DATASET)
        self.speller = Speller(world.street.district, self.contract, world.addresses, "text")
        self.speller.required.remove("month")
        self.headers = {c.name: c.header for c in self.contract.columns}
        self._held: dict[int, list[Membership]] = defaultdict(list)
        for membership in world.groups.memberships:
            if membership.group == "dibao":
                self._held[membership.facts["benefit"]].append(membership)

    def write(self) -> int:
        path = self.world.out / FILE
        path.parent.mkdir(parents=True)
        written = 0
        with path.open("w", encoding="utf-8", newline="") as target:
            table = csv.writer(target, lineterminator="\n")
            table.writerow(TABLE_COLUMNS)
            for index, quarter in enumerate(self.world.street.quarters):
                for month in quarter.parts("month"):
                    written += self._month(table, index, month)
        set_time(path, self.world.street.end, 3)
        return written

    def _month(self, table: _Writer, quarter: int, month: Period) -> int:
        sheet = Sheet(SOURCE, DATASET, month, month, FILE, "", self.headers, {})
        row_no = 0
        for index, benefit in enumerate(self.world.groups.benefits):
            held = [m for m in self._held[index] if m.holds_on(month.start)]
            for order, membership in enumerate(held, 1):
                person = self.world.persons[membership.person]
                if self._late(membership, month):
                    self.world.truth.omission(SOURCE, DATASET, str(month), person.person_id, "late")
                    continue
                row_no += 1
                self._row(table, sheet, (row_no, order, len(held)), (benefit, person), quarter)
        return row_no

    def _late(self, membership: Membership, month: Period) -> bool:
        """A new benefit that the register shows one month late."""
        late = self.world.draws.hit(RATES["row.late"], "dibao.late", membership.person)
        return membership.valid_from == month.start and late

    def _row(
        self,
        table: _Writer,
        sheet: Sheet,
        numbers: tuple[int, int, int],
        who: tuple[Benefit, Person],
        quarter: int,
    ) -> None:
        row_no, order, covered = numbers
        benefit, person = who
        stay, stale = self._stay(person, sheet.period)
        rng = self.world.draws.rng("dibao.row", person.no, retyped(self.world, SOURCE, person.no, quarter))
        values = self._values(rng, benefit, person, (stay, covered), sheet.period)
        row = self.speller.row(rng, values, sheet.period.last_day, person.sex)
        row.row_faults += self.world.faults(person, SOURCE, sheet.period.last_day) + (["row.stale"] if stale else [])
        cells = {self.headers[name]: cell for name, cell in row.cells.items()}
        cells |= {"xh": order, "jdbm": self.world.street.code}
        table.writerow(["" if cells[name] is None else cells[name] for name in TABLE_COLUMNS])
        where = self.world.spot(stay.dwelling, sheet.period)
        sheet.record(self.world.truth, row_no, row, person.person_id, where)

    def _stay(self, person: Person, month: Period) -> tuple[Stay, bool]:
        """The address in the register, and whether the person has left it: it follows months later."""
        known = [s for s in person.stays if s.valid_from <= month.last_day]
        stay = known[-1] if known else person.stays[0]
        fresh = len(known) > 1 and (month.last_day - stay.valid_from).days < 62
        if fresh and known[-2].dwelling != stay.dwelling and self.world.draws.hit(0.5, "dibao.moved", person.no):
            return known[-2], True
        return stay, person.stay_on(month.last_day) is None

    def _values(self, rng: Random, benefit: Benefit, person: Person, home: tuple[Stay, int], month: Period) -> dict:
        stay, covered = home
        start = benefit.start
        started = rng.choice(
            (f"{start:%Y-%m}", f"{start:%Y-%m}", f"{start.year}.{start.month:02d}", f"{start.year}年{start.month}月")
        )
        head = self.world.persons[benefit.head]
        size = sum(
            1
            for p in self.world.groups.make.households[benefit.household].members
            if self.world.persons[p].stay_on(month.last_day)
        )
        return {
            "benefit_no": benefit.no,
            "month": str(month),
            "head_name": self.world.name(head, SOURCE, month.last_day),
            "name": self.world.name(person, SOURCE, month.last_day),
            "id_number": self.world.id_number(person),
            "relation": "0" if person is head else stay.relation if stay.relation != "0" else "8",
            "household_size": max(size, covered),
            "covered_persons": covered,
            "category": benefit.category,
            "benefit_class": benefit.benefit_class,
            "monthly_amount": (Decimal(benefit.amount_on(month.start)) / 100).quantize(Decimal("0.01")),
            "start_month": started,
            "cause": benefit.cause,
            "address": stay.dwelling,
            "phone": person.phone,
            "remark": rng.choice(REMARKS),
        }
