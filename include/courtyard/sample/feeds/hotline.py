"""12345 hotline orders: one JSON object a line, as the orders API pages them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random

from courtyard.period import Period
from courtyard.sample.feeds.outlet import Sheet, World, set_time
from courtyard.sample.mess import RATES
from courtyard.sample.people import Person
from courtyard.sample.spelling import Row, Speller

SOURCE, DATASET = "hotline", "hotline_cases"
FILE = "hotline/orders.jsonl"
A_MONTH = 600
KINDS = {"request": 42, "complaint": 34, "suggestion": 6, "report": 4}
MATTERS = (
    ("下水道堵塞", "院内下水道堵塞，污水外溢，请尽快疏通。"),
    ("楼道照明损坏", "单元楼道灯不亮，老人上下楼不便。"),
    ("噪音扰民", "夜间有装修或娱乐噪音，影响休息。"),
    ("垃圾清运不及时", "垃圾点多日未清运，异味较大。"),
    ("消防通道占用", "消防通道长期停放电动车，存在安全隐患。"),
    ("飞线充电", "有人从楼上拉线给电动车充电。"),
    ("楼上漏水", "楼上漏水到楼下，双方协商不成。"),
    ("停车纠纷", "院内车位不足，停车引发争执。"),
    ("健身器材损坏", "院内健身器材损坏，存在安全隐患。"),
    ("低保政策咨询", "咨询低保申请条件和所需材料。"),
    ("入学政策咨询", "咨询适龄儿童入学登记时间。"),
    ("树木修剪", "院内树木遮挡采光，请求修剪。"),
)
STATUS = {"resolved": 86, "handling": 7, "replied": 3, "returned": 4}
SATISFACTION = {"satisfied": 72, "dissatisfied": 10, "unrated": 18}


class Hotline:
    """Writes the orders of all months."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contract = world.contract(DATASET)
        self.speller = Speller(world.street.district, self.contract, world.addresses, "text")
        self.speller.required.remove("created_at")
        self.headers = {c.name: c.header for c in self.contract.columns}
        self._residents: dict[int, list[int]] = {}
        for person in world.persons:
            self._residents.setdefault(person.stays[-1].dwelling.courtyard, []).append(person.no)

    def write(self, scale: float) -> int:
        path = self.world.out / FILE
        path.parent.mkdir(parents=True)
        written = 0
        with path.open("w", encoding="utf-8") as target:
            for quarter in self.world.street.quarters:
                for month in quarter.parts("month"):
                    rng = self.world.draws.rng("hotline.month", month.year, month.index)
                    count = max(2, round(A_MONTH * scale * rng.uniform(0.85, 1.15)))
                    for line in self._month(rng, month, count):
                        target.write(line)
                    written += count
        set_time(path, self.world.street.end, 6)
        return written

    def _month(self, rng: Random, month: Period, count: int) -> list[str]:
        """The month's orders by time; one in twenty repeats an earlier one of the month."""
        sheet = Sheet(SOURCE, DATASET, month, month, FILE, "", self.headers, {})
        span = (month.end_at - month.start_at).total_seconds()
        times = sorted(month.start_at + timedelta(seconds=int(rng.random() * span)) for _ in range(count))
        lines: list[str] = []
        earlier: list[dict] = []
        for number, created in enumerate(times, 1):
            values, person = self._values(
                rng, f"{month.year}{month.index:02d}{self.world.street.code}{number:05d}", created
            )
            if earlier and rng.random() < 0.05:
                first = rng.choice(earlier)
                values |= {k: first[k] for k in ("kind", "title", "content", "address")}
                values["duplicate_of"] = first["order_no"]
            earlier.append(dict(values))
            row = self.speller.row(rng, values, month.last_day, person.sex)
            self._close(rng, row, values)
            cells = {self.headers[name]: cell for name, cell in row.cells.items()}
            cells["streetCode"] = self.world.street.code
            lines.append(json.dumps(cells, ensure_ascii=False) + "\n")
            where = self.world.spot(values["address"], month)
            sheet.record(self.world.truth, values["order_no"], row, "", where)
        return lines

    def _close(self, rng: Random, row: Row, values: dict) -> None:
        closed = row.cells["closed_at"]
        if closed and rng.random() < RATES["case.closed_before_created"]:
            row.cells["closed_at"] = (values["created"] - timedelta(hours=rng.randint(2, 48))).isoformat()
            row.faults["closed_at"] = "case.closed_before_created"

    def _values(self, rng: Random, order_no: str, created: datetime) -> tuple[dict, Person]:
        courtyard = self.world.street.some_courtyard(rng)
        near = self._residents.get(courtyard) or [p.no for p in self.world.persons[:50]]
        person = self.world.persons[rng.choice(near)]
        title, content = rng.choice(MATTERS)
        status = rng.choices(list(STATUS), list(STATUS.values()))[0]
        closed = created + timedelta(hours=rng.expovariate(1 / 60)) if status in ("resolved", "returned") else None
        done = closed is not None and status == "resolved"
        return {
            "order_no": order_no,
            "kind": "enquiry" if title.endswith("咨询") else rng.choices(list(KINDS), list(KINDS.values()))[0],
            "title": title,
            "content": content,
            "address": person.stays[-1].dwelling._replace(courtyard=courtyard),
            "caller_name": person.name_on(created.date()) if rng.random() < 0.9 else "",
            "phone": person.phone,
            "created": created,
            "created_at": created.isoformat(),
            "due_at": (created + timedelta(days=rng.choice((3, 5, 7)))).isoformat(),
            "closed_at": closed.replace(microsecond=0).isoformat() if closed else None,
            "status": status,
            "satisfaction": rng.choices(list(SATISFACTION), list(SATISFACTION.values()))[0] if done else None,
        }, person
