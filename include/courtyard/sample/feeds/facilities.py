"""社区发展治理 ledger of public facilities and service points: one workbook a quarter on SFTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from courtyard.sample.feeds.outlet import World, set_time
from courtyard.sample.feeds.pages import Page, Workbook
from courtyard.sample.mess import RATES
from courtyard.sample.people import Dwelling
from courtyard.sample.spelling import Row

SOURCE, DATASET = "community_governance", "facilities"
# Kind -> (share of the courtyards that have one, most of them, what a list calls it).
FACILITIES = {
    "fitness": (0.42, 6, "健身器材"),
    "charging": (0.38, 3, "电动车充电棚"),
    "waste": (0.72, 3, "垃圾分类投放点"),
    "fire": (0.66, 8, "消防器材箱"),
    "shelter": (0.09, 1, "人防工程"),
    "camera": (0.48, 12, "公共区域监控"),
    "access": (0.27, 4, "无障碍坡道"),
    "parking": (0.44, 2, "自行车棚"),
}
# Kind -> (how many in each community, name).
POINTS = {
    "party_station": (1, "党群服务站"),
    "elder_care": (2, "助老驿站"),
    "child_care": (1, "儿童之家"),
    "canteen": (1, "社区食堂"),
    "health": (1, "健康小屋"),
    "neighbour": (3, "邻里空间"),
    "convenience": (2, "便民服务点"),
}
KEEPERS = ("社区居委会", "院落自治小组", "样例物业公司", "样例社工服务中心")
HOURS = ("周一至周五 9:00-17:00", "每日 8:30-18:00", "预约开放")
REPAIR_SHARE, CLOSING_SHARE = 0.08, 0.04
ADDED_SHARE = 0.06  # of what is on the list at the end, put up during the sample's quarters


@dataclass(frozen=True)
class Facility:
    """Something that stands in a courtyard; `closes` is the day it is given up, if ever."""

    number: str
    seed: int
    kind: str
    name: str
    courtyard: int
    quantity: int
    opened: date
    closes: date | None


class Facilities:
    """Writes one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.facilities = list(_facilities(world))

    def write(self, quarter: int) -> int:
        """One quarter's workbook; returns the number of its rows."""
        period, code = self.world.street.quarters[quarter], self.world.street.code
        work = Workbook(self.world, SOURCE, f"sftp/{SOURCE}/{period}/sszd_{code}_{period}.xlsx", period)
        page, speller = work.page(DATASET, f"{self.world.city_district}委社治委"), work.speller(DATASET)
        for facility in self.facilities:
            if facility.opened <= period.last_day:
                rng = self.world.draws.rng("facility.row", facility.seed)
                row = speller.row(rng, self._values(facility, quarter), period.last_day)
                self._put(page, row, facility, quarter)
        rows = page.close("注：停用的设施保留一年后移出台账。")
        work.book.close()
        set_time(work.path, period.end + timedelta(days=1), 5, 20)
        return rows

    def _put(self, page: Page, row: Row, facility: Facility, quarter: int) -> None:
        """A row, now and then twice, as lists grow that several people keep."""
        where = self.world.spot(facility.courtyard, self.world.street.quarters[quarter])
        page.sheet.record(self.world.truth, page.put(row), row, "", where)
        if self.world.draws.hit(RATES["row.duplicate"], "facility.twice", facility.seed, quarter):
            again = Row(dict(row.cells), dict(row.faults), [*row.row_faults, "row.duplicate"])
            page.sheet.record(self.world.truth, page.put(again), again, "", where)

    def _values(self, facility: Facility, quarter: int) -> dict[str, Any]:
        period = self.world.street.quarters[quarter]
        rng = self.world.draws.rng("facility.facts", facility.seed)
        keeper, hours, days = rng.choice(KEEPERS), rng.choice(HOURS), rng.randrange(10, 300)
        in_repair = self.world.draws.hit(REPAIR_SHARE, "facility.repair", facility.seed, quarter)
        is_closed = facility.closes is not None and facility.closes <= period.last_day
        return {
            "facility_no": facility.number,
            "kind": facility.kind,
            "facility_name": facility.name,
            "courtyard": Dwelling(facility.courtyard, 1, 1, 101),
            "address": facility.courtyard,
            "quantity": facility.quantity,
            "state": "closed" if is_closed else "repair" if in_repair else "in_use",
            "keeper": keeper,
            "hours": hours if facility.kind in POINTS else "",
            "opened_on": facility.opened,
            "checked_on": max(facility.opened, period.last_day - timedelta(days=days)),
        }


def _facilities(world: World) -> Iterator[Facility]:
    """What courtyards have, then the service points of each community, numbered in this order."""
    street, number = world.street, 0
    for at in range(len(street.courtyards)):
        rng = world.draws.rng("facilities.of", at)
        for kind, (share, most, name) in FACILITIES.items():
            if rng.random() < share:
                number += 1
                yield _facility(world, number, kind, name, (at, rng.randint(1, most)))
    for code in sorted(set(street.community_of)):
        rng = world.draws.rng("service_points.of", int(code))
        own = [at for at, community in enumerate(street.community_of) if community == code]
        for kind, (count, name) in POINTS.items():
            for _ in range(count):
                number += 1
                yield _facility(world, number, kind, f"{street.units[code].name}{name}", (rng.choice(own), 1))


def _facility(world: World, number: int, kind: str, name: str, where: tuple[int, int]) -> Facility:
    street = world.street
    rng = world.draws.rng("facility", number)
    days = (street.end - street.start).days
    opened = street.start - timedelta(days=rng.randint(100, 6000))
    if rng.random() < ADDED_SHARE:
        opened = street.start + timedelta(days=rng.randrange(days))
    closes = street.start + timedelta(days=rng.randrange(days)) if rng.random() < CLOSING_SHARE else None
    closes = closes if closes is None or closes > opened else None
    return Facility(f"SS{street.code}{number:05d}", number, kind, name, where[0], where[1], opened, closes)
