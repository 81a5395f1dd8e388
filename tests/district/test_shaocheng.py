"""The sample pack itself: its data is a product, so its promises are tested."""

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from courtyard.district import load_district

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
TODAY = date(2026, 9, 30)


@pytest.fixture(scope="module")
def district():
    return load_district(PACK)


def test_the_street_has_its_six_real_communities(district):
    assert {u.code: u.name for u in district.units_valid_on(TODAY, "community")} == {
        "510105005002": "四道街社区",
        "510105005003": "商业街社区",
        "510105005004": "宽巷子社区",
        "510105005006": "文翁社区",
        "510105005007": "长城社区",
        "510105005008": "祠堂街社区",
    }


def test_there_are_514_courtyards_with_40_000_households(district):
    assert len(district.courtyards_on(TODAY)) == 514
    assert sum(c.households for c in district.courtyards_on(TODAY)) == 40_000


def test_courtyards_were_renamed_merged_and_split_within_the_four_quarters(district):
    kinds = Counter(change.kind for change in district.changes)
    assert kinds == {"renamed": 3, "merged": 2, "split": 1}
    assert all(date(2025, 10, 1) < change.on <= TODAY for change in district.changes)
    former = [c for c in district.courtyards if not district.history.exists(c.code, TODAY)]
    assert [district.history.span(c.code).successor for c in former] == ["5101050050040058", "5101050050080018"]


def test_some_names_are_borne_by_two_courtyards(district):
    names = Counter(c.name for c in district.courtyards)
    assert {name for name, count in names.items() if count > 1} == {"福里小区", "翰居公寓"}


def test_the_community_with_public_figures_has_them(district):
    here = [c for c in district.courtyards_on(TODAY) if district.community_of(c.code).name == "四道街社区"]
    assert (len(here), sum(c.households for c in here)) == (107, 7260)


def test_every_grid_and_micro_grid_has_its_prescribed_size(district):
    micro_grids, grids = Counter(), Counter()
    for courtyard in district.courtyards_on(TODAY):
        micro_grids[courtyard.micro_grid_code] += courtyard.households
        grids[district.grid_of(courtyard.code).code] += courtyard.households
    assert {u.code for u in district.units_valid_on(TODAY, "grid")} == set(grids)
    assert {u.code for u in district.units_valid_on(TODAY, "micro_grid")} == set(micro_grids)
    assert len(grids) == 100
    assert [code for code, size in grids.items() if not 300 <= size <= 500] == []
    assert [code for code, size in micro_grids.items() if not 30 <= size <= 100] == []


def test_every_courtyard_has_room_for_its_households(district):
    full = [c.code for c in district.courtyards if c.buildings * c.units * c.floors * c.rooms < 1.15 * c.households]
    assert full == []


def test_courtyards_lie_within_the_street(district):
    outside = [c.code for c in district.courtyards if not (104.045 <= c.lon <= 104.065 and 30.660 <= c.lat <= 30.675)]
    assert outside == []
    assert len({(c.lon, c.lat) for c in district.courtyards}) == len(district.courtyards)


def test_some_courtyards_lie_inside_another(district):
    doors = {(c.road, c.door) for c in district.courtyards}
    nested = [f"{road}{door}" for road, door in doors if "附" in door and (road, door.split("附")[0]) in doors]
    assert {"四道街23号附3号", "君平街48号附3号", "金河路21号附3号"} <= set(nested)


def test_two_grids_were_split_before_the_first_quarter(district):
    former = {u.name: u.valid_to for u in district.units if u.kind == "grid" and u.valid_to}
    assert former == {"商业街社区第5网格": date(2025, 7, 1), "文翁社区第9网格": date(2025, 10, 1)}


def test_a_name_of_two_courtyards_belonged_to_them_in_turn(district):
    names = Counter(a.alias for a in district.aliases)
    shared = {name for name, count in names.items() if count > 1}
    assert len(district.aliases) == 122 and len(shared) == 4
    for name in shared:
        first, second = (a for a in district.aliases if a.alias == name)
        assert first.courtyard_code != second.courtyard_code
        assert {first.valid_to, second.valid_to} & {first.valid_from, second.valid_from}


def test_every_post_is_held_by_a_sample_person_but_for_the_vacancies_of_the_sample(district):
    """Each grid has a 网格员 from its first day on; a successor comes the day the holder leaves, or late, or not yet."""
    assert all("样例" in post.holder for post in district.posts)
    held = defaultdict(list)
    for post in sorted(district.posts, key=lambda p: p.valid_from):
        held[post.unit_code, post.post].append((post.valid_from, post.valid_to))
    for grid in district.units_valid_on(TODAY, "grid"):
        assert held[grid.code, "网格员"][0][0] == grid.valid_from
    vacant = {}
    for (unit, post), spans in held.items():
        is_former = district.unit_by_code[unit].valid_to is not None
        ends = [*(since for since, _ in spans[1:]), district.unit_by_code[unit].valid_to if is_former else None]
        vacant |= {(unit[-6:], post): (left, came) for (_, left), came in zip(spans, ends, strict=True) if left != came}
    assert vacant == {
        ("005006", "社区副书记"): (date(2026, 5, 20), date(2026, 8, 1)),
        ("003010", "网格员"): (date(2026, 4, 10), date(2026, 6, 1)),
        ("008005", "网格长"): (date(2025, 12, 1), date(2026, 1, 5)),
        ("007007", "网格员"): (date(2026, 8, 20), None),
        ("007007", "网格长"): (date(2026, 9, 1), None),
    }


def test_tables_are_plain_utf_8_with_line_feeds():
    for table in sorted(PACK.glob("*.csv")):
        data = table.read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf") and b"\r" not in data and data.endswith(b"\n")
        assert len({len(row) for row in csv.reader(data.decode().splitlines())}) == 1
