"""Residents' reports as Open311 GeoReport v2 service requests, one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from courtyard.district.coordinates import wgs84_to_gcj02
from courtyard.period import Period
from courtyard.sample.feeds.outlet import Sheet, World, set_time
from courtyard.sample.people import Dwelling
from courtyard.sample.spelling import Row

SOURCE, DATASET = "resident_reports", "resident_reports"
FILE = "residents/requests.jsonl"
A_MONTH = 200
# Service code and name of the residents' server, and the problems that residents tell, each in several words.
SERVICES = (
    ("light", "公共照明", (
        ("单元门口的灯坏了。", "单元门口那盏灯坏了好几天了。"),
        ("楼道灯不亮，晚上看不清台阶。", "我们楼道灯不亮，晚上看不清台阶，请来修。"),
        ("院坝头的路灯不亮咯。", "院坝里的路灯不亮了，黑漆漆的。"),
        ("声控灯咋个拍都不亮。", "声控灯怎么拍都不亮。"),
    )),
    ("waste", "垃圾清运", (
        ("垃圾桶满了没有人收。", "垃圾桶满了三天没有人收。"),
        ("有人把大件垃圾丢在院门口。", "院门口丢了大件垃圾，挡路。"),
        ("装修建渣堆在花台边上。", "花台边上堆了好多装修建渣。"),
        ("厨余桶好臭，苍蝇多。",),
    )),
    ("leak", "漏水堵塞", (
        ("雨水井堵了，下雨就积水。", "雨水井堵塞，一下雨就积水。"),
        ("一楼下水道返水。", "一楼下水道返水，臭得很。"),
        ("化粪池满了，往外冒。", "化粪池满了，脏水往外冒。"),
    )),
    ("safety", "安全隐患", (
        ("消防通道被电动车占了。", "消防通道长期被电动车占着。"),
        ("院墙有裂缝，小孩常在旁边玩。",),
        ("有人飞线充电。", "有人从楼上飞线充电。"),
        ("楼道里堆满杂物，跑都跑不脱。",),
        ("外墙瓷砖往下掉。", "外墙的瓷砖又往下掉了。"),
    )),
    ("facility", "公共设施", (
        ("健身器材松动。", "健身器材松动，一坐就晃。"),
        ("门禁坏了关不上。", "单元门禁坏了，关不上。"),
        ("院子里的座椅断了一条腿。",),
    )),
    ("noise", "噪音扰民", (
        ("半夜装修声音很大。", "半夜装修，声音太大了。"),
        ("有人深夜唱歌。",),
        ("广场舞音响开得太大了。", "广场舞的音响太大了。"),
    )),
    ("green", "绿化树木", (
        ("树枝挡住窗户。", "树枝挡住我家窗户了。"),
        ("枯树枝快掉下来了。", "枯树枝快要掉下来了，下面有小孩耍。"),
        ("绿化带的草比人还高。",),
    )),
    ("care", "关爱帮助", (
        ("有位老人最近行动不便，希望有人看看。",),
        ("对门独居的老人几天没出门了，麻烦看看。",),
    )),
)  # fmt: skip
EMERGENCIES = (
    "楼道里冒烟了，快来人！",
    "院子里有人晕倒了。",
    "厨房外面闻到好大的燃气味。",
    "整栋楼停电，电表箱着火了。",
)
SPAM = ("代开发票，加微信详谈。", "贷款低息，看 www.example.com", "？？", "兼职日结，刷单返现。")
SCANNED = 0.6
CLOSED, FROM_A_MAP = 0.75, 0.1
# One report in so many: the same problem told again soon after, an emergency, nothing at all. Counted, so that the smallest
# street has each of them.
AGAIN, EMERGENCY, USELESS = 12, 50, 50
LOOK_BACK = 5


@dataclass(frozen=True)
class _Matter:
    """One problem at one place, and the words in which it may be told, those that are used first."""

    code: str
    name: str
    texts: tuple[str, ...]
    where: Dwelling
    closed: bool


class Residents:
    """Writes the requests of all months; no text names anybody."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.headers = {c.name: c.header for c in world.contract(DATASET).columns}
        self._told = 0

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
        words = self.world.draws.rng("residents.words", month.year, month.index)
        lines, matters = [], list[_Matter]()
        for number, asked in enumerate(times, 1):
            courtyard = self.world.street.some_courtyard(rng)
            place = self.world.street.courtyards[courtyard]
            scanned = rng.random() < SCANNED
            where = Dwelling(courtyard, rng.randint(1, place.buildings), rng.randint(1, place.units), 101)
            self._told += 1
            matter = _matter(words, where, matters, self._told)
            matters.append(matter)
            place = self.world.street.courtyards[matter.where.courtyard]
            address, fault = self.world.addresses.full(rng, matter.where, month.last_day)
            spot = self.world.spot(matter.where.courtyard if scanned else matter.where, month)
            posted = self.world.street.register[spot.courtyard_code]
            request = {
                "service_request_id": f"{month.year}{month.index:02d}-{number:05d}",
                "status": "closed" if matter.closed else "open",
                "service_code": matter.code,
                "service_name": matter.name,
                "description": matter.texts[0],
                "address": self.world.street.names_on(posted, month.last_day)[0] if scanned else address,
                "address_id": posted.code if scanned else "",
                **_point(words, place.lat + rng.gauss(0, 0.00015), place.lon + rng.gauss(0, 0.00015)),
                "requested_datetime": asked.isoformat(),
                "updated_datetime": (asked + timedelta(hours=rng.randint(1, 240) if matter.closed else 0)).isoformat(),
                "media_url": "",
            }
            lines.append(json.dumps(request, ensure_ascii=False) + "\n")
            row = Row(faults={"address": fault} if fault and not scanned else {})
            sheet.record(self.world.truth, request["service_request_id"], row, "", spot)
        return lines


def _matter(words: Random, where: Dwelling, earlier: list[_Matter], number: int) -> _Matter:
    """What is told at a place by the report of this number; a problem that was told before is told there, in other words."""
    if earlier and number % AGAIN == 0:
        first = words.choice(earlier[-LOOK_BACK:])
        return replace(first, texts=_turned(first.texts, 1))
    closed = words.random() < CLOSED
    if number % EMERGENCY == 9:
        return _Matter("safety", "安全隐患", (words.choice(EMERGENCIES),), where, closed)
    if number % USELESS == 19:
        return _Matter("facility", "公共设施", (words.choice(SPAM),), where, False)
    code, name, problems = words.choice(SERVICES)
    texts = words.choice(problems)
    return _Matter(code, name, _turned(texts, words.randrange(len(texts))), where, closed)


def _turned(texts: tuple[str, ...], by: int) -> tuple[str, ...]:
    return texts[by:] + texts[:by]


def _point(words: Random, lat: float, lon: float) -> dict[str, float]:
    """Where it is, in WGS-84; of some, also the GCJ-02 that a map gave, as the service converted it."""
    found = {"lat": round(lat, 6), "long": round(lon, 6)}
    if words.random() < FROM_A_MAP:
        given_lat, given_lon = wgs84_to_gcj02(lat=lat, lon=lon)
        found |= {"given_lat": round(given_lat, 6), "given_long": round(given_lon, 6)}
    return found
