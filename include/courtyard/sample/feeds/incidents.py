"""Hazards (应急) and disputes (司法): each with its life, as the two systems' interfaces page them.

A file has one JSON line for every month in which an item was found or changed: what the system said
of it at the month's end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from courtyard.period import SHANGHAI, Period
from courtyard.sample.feeds.outlet import Sheet, World, set_time
from courtyard.sample.mess import RATES
from courtyard.sample.names import someone
from courtyard.sample.people import Dwelling
from courtyard.sample.spelling import Row, Speller

HAZARDS = {
    "fire": ("消防通道堆放杂物", "灭火器过期", "电动车停放在楼道"),
    "electric": ("飞线充电", "楼道线路老化裸露"),
    "gas": ("燃气软管老化", "厨房无燃气报警器"),
    "building": ("外墙瓷砖松动", "阳台栏杆锈蚀", "屋面开裂渗漏"),
    "falling": ("花盆放在窗台外沿", "空调外机支架锈蚀"),
    "equipment": ("健身器材松动", "井盖破损"),
}
MEASURES = ("清理并落实专人巡查", "更换损坏部件", "下达整改通知书并复查", "设置警示标识，安排维修")
UNITS = ("样例物业公司", "社区居委会", "院落自治小组", "样例单位后勤处")
DISPUTES = {
    "neighbour": ("楼上漏水协商不成", "噪音影响休息", "占用公共过道"),
    "property": ("物业收费争议", "停车位使用争议"),
    "family": ("赡养费用争议", "家庭矛盾需要调解"),
    "housing": ("房屋租赁押金争议", "加装电梯意见不一"),
    "consumer": ("商户退款争议",),
    "labour": ("商户拖欠工资",),
}
RESULTS = {"settled": 84, "failed": 8, "transferred": 8}
HEARD = ("分别走访，了解诉求", "组织双方面对面协商", "邀请律师参与调解", "向主管部门反映")


@dataclass(frozen=True)
class Kind:
    """One of the two systems: where its lines go, the columns of its rows, and how an item stands at a time."""

    source: str
    dataset: str
    file: str
    a_month: int
    number: str
    street_field: str
    time_field: str
    ended: str
    state: Callable[[World, Item, datetime], dict[str, Any]]


@dataclass(frozen=True)
class Item:
    """Found, taken up, ended and signed off; the last two may lie beyond the sample."""

    number: str
    seed: int
    found: datetime
    taken_up: datetime
    ended: datetime
    signed_off: datetime
    where: Dwelling

    @property
    def moments(self) -> tuple[datetime, ...]:
        return self.found, self.taken_up, self.ended, self.signed_off


class Incidents:
    """Writes one system's lines of all months."""

    def __init__(self, world: World, kind: Kind) -> None:
        self.world = world
        self.kind = kind
        contract = world.contract(kind.dataset)
        self.speller = Speller(world.street.district, contract, world.addresses, "text")
        self.headers = {c.name: c.header for c in contract.columns}

    def write(self, scale: float) -> int:
        """Returns the number of lines."""
        path = self.world.out / self.kind.file
        path.parent.mkdir(parents=True)
        months = [month for quarter in self.world.street.quarters for month in quarter.parts("month")]
        items = [item for month in months for item in self._found(month, scale)]
        written = 0
        with path.open("w", encoding="utf-8") as target:
            for month in months:
                for item in items:
                    changed = [at for at in item.moments if month.start_at <= at < month.end_at]
                    if changed:
                        target.write(self._line(item, month, max(changed)))
                        written += 1
        set_time(path, self.world.street.end, 6)
        return written

    def _found(self, month: Period, scale: float) -> list[Item]:
        rng = self.world.draws.rng(f"{self.kind.dataset}.month", month.year, month.index)
        count = max(3, round(self.kind.a_month * scale * rng.uniform(0.85, 1.15)))
        seconds = int((month.end_at - month.start_at).total_seconds())
        found = []
        for number in range(1, count + 1):
            courtyard = self.world.street.some_courtyard(rng)
            place = self.world.street.courtyards[courtyard]
            start = month.start_at + timedelta(seconds=rng.randrange(seconds))
            ended = start + timedelta(hours=rng.expovariate(1 / 400))
            found.append(
                Item(
                    f"{self.kind.number}{month.year}{month.index:02d}{number:04d}",
                    month.year * 1_000_000 + month.index * 10_000 + number,
                    start,
                    start + (ended - start) / 3,
                    ended,
                    ended + timedelta(hours=rng.randint(20, 200)),
                    Dwelling(courtyard, rng.randint(1, place.buildings), rng.randint(1, place.units), 101),
                )
            )
        return sorted(found, key=lambda item: item.found)

    def _line(self, item: Item, month: Period, changed: datetime) -> str:
        """What the system said of an item at the end of a month."""
        values = self.kind.state(self.world, item, changed)
        rng = self.world.draws.rng(f"{self.kind.dataset}.row", item.seed)
        row = self.speller.row(rng, values, month.last_day)
        self._contradict(rng, row, item)
        cells = {self.headers[name]: cell for name, cell in row.cells.items()}
        cells |= {self.kind.street_field: self.world.street.code, self.kind.time_field: _written(changed)}
        sheet = Sheet(self.kind.source, self.kind.dataset, month, month, self.kind.file, "", self.headers, {})
        where = self.world.spot(values["address"], month)
        sheet.record(self.world.truth, item.number, row, "", where)
        return json.dumps(cells, ensure_ascii=False) + "\n"

    def _contradict(self, rng: Random, row: Row, item: Item) -> None:
        if row.cells.get(self.kind.ended) and rng.random() < RATES["case.closed_before_created"]:
            row.cells[self.kind.ended] = (item.found - timedelta(days=rng.randint(2, 20))).date().isoformat()
            row.faults[self.kind.ended] = "case.closed_before_created"


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _hazard(world: World, item: Item, at: datetime) -> dict[str, Any]:
    rng = world.draws.rng("hazard.facts", item.seed)
    kind = rng.choice(list(HAZARDS))
    major = rng.random() < 0.05
    description, measures, unit = rng.choice(HAZARDS[kind]), rng.choice(MEASURES), rng.choice(UNITS)
    responsible, reviewer = someone(rng), someone(rng)
    return {
        "hazard_no": item.number,
        "found_at": _written(item.found),
        "address": item.where if rng.random() < 0.6 else item.where.courtyard,
        "description": description,
        "kind": kind,
        "grade": "major" if major else "general",
        "measures": measures if at >= item.taken_up else "",
        "responsible_unit": unit,
        "responsible": responsible,
        "due_on": (item.found + timedelta(days=60 if major else rng.choice((7, 15, 30)))).date(),
        "completed_on": item.ended.date() if at >= item.ended else None,
        "reviewer": reviewer if at >= item.signed_off else "",
        "is_closed": at >= item.signed_off,
    }


def _dispute(world: World, item: Item, at: datetime) -> dict[str, Any]:
    rng = world.draws.rng("dispute.facts", item.seed)
    kind = rng.choice(list(DISPUTES))
    summary, parties = rng.choice(DISPUTES[kind]), f"{someone(rng)}、{someone(rng)}"
    result = rng.choices(list(RESULTS), list(RESULTS.values()))[0]
    status = result if at >= item.ended else "mediating" if at >= item.taken_up else "open"
    return {
        "dispute_no": item.number,
        "found_at": _written(item.found),
        "address": item.where if rng.random() < 0.6 else item.where.courtyard,
        "kind": kind,
        "parties": parties,
        "persons": rng.choice((2, 2, 2, 3, 4, 6, 12)),
        "summary": summary,
        "risk": rng.choices(("low", "medium", "high"), (70, 24, 6))[0],
        "responsible": someone(rng),
        "measures": rng.choice(HEARD) if at >= item.taken_up else "",
        "status": status,
        "settled_on": item.ended.date() if status == "settled" else None,
        "agreement": rng.choice(("written", "oral")) if status == "settled" else None,
    }


EMERGENCY = Kind(
    "emergency", "hazards", "emergency/hazards.jsonl", 60, "YH", "jddm", "gxsj", "completed_on", _hazard
)  # fmt: skip
JUSTICE = Kind(
    "justice", "disputes", "justice/disputes.jsonl", 25, "MD", "areaCode", "updateTime", "settled_on", _dispute
)  # fmt: skip
