"""The registers of a street that nobody lives in: grids, courtyards, posts, contacts and users below real communities.

Every value follows from the communities' codes, so that the same communities give the same bytes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from random import Random

SINCE = "2022-06-01"
NUMERALS = "一二三四五六七八九"
COURTYARDS_A_GRID, COURTYARDS_A_MICRO_GRID, COURTYARDS_A_ROAD = 9, 2, 6
CENTRE = (104.06, 30.66)  # of the city: where a synthetic courtyard stands is nowhere
STEP = 0.0008  # degrees between two courtyards
ROOMS_LIVED_IN = 0.85


@dataclass(frozen=True)
class Community:
    code: str
    name: str
    number: int

    @property
    def roads(self) -> Iterator[str]:
        stem = self.name.removesuffix("社区").rstrip("路街巷村坊")
        return (f"{stem}样例{numeral}巷" for numeral in NUMERALS)


def write(folder: Path, street: tuple[str, str], communities: dict[str, str], courtyards: int) -> None:
    """Write the registers into a pack's folder; `street` is its code and name, `courtyards` how many a community has."""
    code, name = street
    known = [Community(*item, number) for number, item in enumerate(sorted(communities.items()))]
    units = [(code, name, "street", "", "2020-01-01", "")]
    places: list[tuple] = []
    for community in known:
        units += _units(community, code, courtyards)
        places += _courtyards(community, courtyards)
    grids = [unit[0] for unit in units if unit[2] == "grid"]
    codes = [community.code for community in known]
    _write(folder / "units.csv", "code,name,kind,parent_code,valid_from,valid_to", units)
    columns = "code,name,micro_grid_code,road,door,lon,lat,buildings,units,floors,rooms,households,built_year"
    _write(folder / "courtyards.csv", columns, places)
    _write(folder / "aliases.csv", "courtyard_code,alias,kind,valid_from,valid_to", ())
    _write(folder / "changes.csv", "on,kind,from_code,to_code,former_name,buildings", ())
    _write(folder / "posts.csv", "unit_code,post,holder,valid_from,valid_to", _posts(code, codes, grids))
    _write(folder / "contacts.csv", "unit_code,channel,address,valid_from,valid_to", _contacts(code, codes, grids))


def _units(community: Community, street: str, courtyards: int) -> Iterator[tuple]:
    yield community.code, community.name, "community", street, "2020-01-01", ""
    for grid in range(ceil(courtyards / COURTYARDS_A_GRID)):
        here = min(COURTYARDS_A_GRID, courtyards - grid * COURTYARDS_A_GRID)
        code, name = f"{community.code}{grid + 1:03d}", f"{community.name}第{grid + 1}网格"
        yield code, name, "grid", community.code, SINCE, ""
        for micro in range(ceil(here / COURTYARDS_A_MICRO_GRID)):
            yield f"{code}{micro + 1:02d}", f"{name}第{micro + 1}微网格", "micro_grid", code, SINCE, ""


def _courtyards(community: Community, courtyards: int) -> Iterator[tuple]:
    roads = list(community.roads)
    for number in range(courtyards):
        rng = Random(f"{community.code}/{number}")
        grid, at = divmod(number, COURTYARDS_A_GRID)
        road = roads[number // COURTYARDS_A_ROAD % len(roads)]
        door = f"{number % COURTYARDS_A_ROAD * 2 + 1 + 20 * (number // (COURTYARDS_A_ROAD * len(roads)))}号"
        buildings, units, floors, rooms = (
            rng.choice((1, 1, 2, 3)),
            rng.choice((2, 3)),
            rng.choice((6, 7)),
            rng.choice((2, 3)),
        )
        east, north = divmod(number, 8)
        yield (
            f"{community.code}{number + 1:04d}", f"{road}{door}院", f"{community.code}{grid + 1:03d}{at // COURTYARDS_A_MICRO_GRID + 1:02d}",
            road, door, f"{CENTRE[0] + STEP * (east + 9 * (community.number % 4)):.6f}",
            f"{CENTRE[1] - STEP * (north + 9 * (community.number // 4)):.6f}", buildings, units, floors, rooms,
            int(buildings * units * floors * rooms * ROOMS_LIVED_IN), rng.randint(1982, 2012),
        )  # fmt: skip


def _posts(street: str, communities: list[str], grids: list[str]) -> Iterator[tuple]:
    """Who holds what: nobody real."""
    yield street, "社治办主任", "社治办主任样例01", "2023-03-01", ""
    yield street, "社治办副主任", "社治办副主任样例01", "2024-01-01", ""
    for number, code in enumerate(communities, 1):
        yield code, "社区书记", f"社区书记样例{number:02d}", "2021-01-01", ""
        yield code, "社区副书记", f"社区副书记样例{number:02d}", "2021-01-01", ""
    for number, code in enumerate(grids, 1):
        yield code, "网格员", f"网格员样例{number:03d}", SINCE, ""
        yield code, "网格长", f"网格长样例{number:03d}", SINCE, ""


def _contacts(street: str, communities: list[str], grids: list[str]) -> Iterator[tuple]:
    kinds = [("street", [street]), ("community", communities), ("grid", grids)]
    for kind, codes in kinds:
        for code in codes:
            yield code, "mail", f"{kind}-{code}@s{street}.example", SINCE if kind == "grid" else "2020-01-01", ""


def _write(path: Path, columns: str, rows: Iterable[tuple]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns.split(","))
        writer.writerows(rows)
