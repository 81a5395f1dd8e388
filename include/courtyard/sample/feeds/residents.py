"""Residents' reports as Open311 GeoReport v2 service requests, one JSON object a line."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random

from courtyard.period import Period
from courtyard.sample.feeds.outlet import Sheet, World, set_time
from courtyard.sample.people import Dwelling
from courtyard.sample.spelling import Row

SOURCE, DATASET = "resident_reports", "resident_reports"
FILE = "residents/requests.jsonl"
A_MONTH = 200
SERVICES = (
    ("light", "公共照明", ("单元门口的灯坏了。", "楼道灯不亮，晚上看不清台阶。")),
    ("waste", "垃圾清运", ("垃圾桶满了没有人收。", "有人把大件垃圾丢在院门口。")),
    ("leak", "漏水堵塞", ("雨水井堵了，下雨就积水。", "一楼下水道返水。")),
    ("safety", "安全隐患", ("消防通道被电动车占了。", "院墙有裂缝，小孩常在旁边玩。", "有人飞线充电。")),
    ("facility", "公共设施", ("健身器材松动。", "门禁坏了关不上。")),
    ("noise", "噪音扰民", ("半夜装修声音很大。", "有人深夜唱歌。")),
    ("green", "绿化树木", ("树枝挡住窗户。", "枯树枝快掉下来了。")),
    ("care", "关爱帮助", ("有位老人最近行动不便，希望有人看看。",)),
)
SCANNED = 0.6


class Residents:
    """Writes the requests of all months; no text names anybody."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.headers = {c.name: c.header for c in world.contract(DATASET).columns}

    def write(self, scale: float) -> int:
        path = self.world.out / FILE
        path.parent.mkdir(parents=True)
        written = 0
        with path.open("w", encoding="utf-8") as target:
            for quarter in self.world.street.quarters:
                for month in quarter.parts("month"):
                    rng = self.world.draws.rng("residents.month", month.year, month.index)
                    count = max(2, round(A_MONTH * scale * rng.uniform(0.8, 1.2)))
                    target.writelines(self._month(rng, month, count))
                    written += count
        set_time(path, self.world.street.end, 7)
        return written

    def _month(self, rng: Random, month: Period, count: int) -> list[str]:
        sheet = Sheet(SOURCE, DATASET, month, month, FILE, "", self.headers, {})
        span = (month.end_at - month.start_at).total_seconds()
        times = sorted(month.start_at + timedelta(seconds=int(rng.random() * span)) for _ in range(count))
        lines = []
        for number, asked in enumerate(times, 1):
            courtyard = self.world.street.some_courtyard(rng)
            place = self.world.street.courtyards[courtyard]
            code, name, texts = rng.choice(SERVICES)
            scanned = rng.random() < SCANNED
            closed = rng.random() < 0.75
            where = Dwelling(courtyard, rng.randint(1, place.buildings), rng.randint(1, place.units), 101)
            address, fault = self.world.addresses.full(rng, where, month.last_day)
            spot = self.world.spot(courtyard if scanned else where, month)
            posted = self.world.street.register[spot.courtyard_code]
            request = {
                "service_request_id": f"{month.year}{month.index:02d}-{number:05d}",
                "status": "closed" if closed else "open",
                "service_code": code,
                "service_name": name,
                "description": rng.choice(texts),
                "address": self.world.street.names_on(posted, month.last_day)[0] if scanned else address,
                "address_id": posted.code if scanned else "",
                "lat": round(place.lat + rng.gauss(0, 0.00015), 6),
                "long": round(place.lon + rng.gauss(0, 0.00015), 6),
                "requested_datetime": asked.isoformat(),
                "updated_datetime": (asked + timedelta(hours=rng.randint(1, 240) if closed else 0)).isoformat(),
                "media_url": "",
            }
            lines.append(json.dumps(request, ensure_ascii=False) + "\n")
            row = Row(faults={"address": fault} if fault and not scanned else {})
            sheet.record(self.world.truth, request["service_request_id"], row, "", spot)
        return lines
