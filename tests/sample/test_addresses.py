"""Addresses are spelled in many ways, and a door that is called unknown does not exist."""

import random
from datetime import date

import pytest

from courtyard.sample.addresses import Addresses, numerals
from courtyard.sample.people import Dwelling
from courtyard.sample.street import Street

TODAY = date(2026, 9, 30)


@pytest.mark.parametrize(
    ("number", "text"),
    [(2, "二"), (10, "十"), (12, "十二"), (28, "二十八"), (105, "一百零五"), (110, "一百一十"), (124, "一百二十四")],
)
def test_numbers_as_chinese_numerals(number, text):
    assert numerals(number) == text


def test_spellings_of_one_courtyard(district):
    street = Street(district, 0.01)
    at = next(i for i, c in enumerate(street.courtyards) if c.code == "5101050050020004")
    addresses, rng = Addresses(street), random.Random(1)
    written = {addresses.courtyard(rng, at, TODAY)[0] for _ in range(2000)}
    assert {"四道街23号院", "四道街23号", "四道街23#", "四道街23#院", "四道街二十三号院", "四道街廿三号院"} <= written


def test_an_unknown_door_is_no_courtyard_of_the_street(district):
    street = Street(district, 0.01)
    addresses, rng = Addresses(street), random.Random(1)
    doors = {f"{c.road}{c.door}院" for c in street.courtyards}
    unknown = [
        text
        for text, kind in (addresses.courtyard(rng, 0, TODAY) for _ in range(5000))
        if kind == "address.unknown_courtyard"
    ]
    assert unknown and not doors & set(unknown)


def test_a_room_is_written_in_several_ways(district):
    street = Street(district, 0.01)
    addresses, rng = Addresses(street), random.Random(1)
    at = next(i for i, c in enumerate(street.courtyards) if c.units > 1)
    rooms = " ".join(addresses.full(rng, Dwelling(at, 3, 2, 501), TODAY)[0] for _ in range(500))
    for spelling in ("3栋2单元501", "3-2-501", "3幢贰单元5楼1号", "3-501"):
        assert spelling in rooms


@pytest.fixture(scope="module")
def street(district):
    return Street(district, 0.01)


@pytest.fixture
def at(street):
    return {place.code: index for index, place in enumerate(street.courtyards)}


OLD, NEW = "5101050050040073", "5101050050040058"  # merged on 2026-03-01: building 1 is 3 there
WHOLE, PART = "5101050050070020", "5101050050070021"  # split on 2026-05-01: 3 to 7 are 1 to 5 there
RENAMED = "5101050050020086"  # on 2026-02-01, until then 东马棚街针织厂宿舍


@pytest.mark.parametrize(
    ("code", "building", "day", "spot"),
    [
        (NEW, 3, date(2026, 2, 28), (OLD, 1)),
        (NEW, 3, date(2026, 3, 1), (NEW, 3)),
        (NEW, 1, date(2026, 2, 28), (NEW, 1)),
        (PART, 2, date(2026, 4, 30), (WHOLE, 4)),
        (PART, 2, date(2026, 5, 1), (PART, 2)),
    ],
)
def test_the_truth_names_the_courtyard_and_building_of_the_day(street, at, code, building, day, spot):
    assert street.spot(Dwelling(at[code], building, 2, 501), day) == (*spot, 2, 501)


def test_a_stay_is_cut_on_the_day_its_courtyard_changed(street, at):
    found = street.stretches(Dwelling(at[NEW], 3, 1, 101), date(2020, 1, 1), None)
    assert [(place.code, building, since, until) for place, building, since, until in found] == [
        (OLD, 1, date(2020, 1, 1), date(2026, 3, 1)),
        (NEW, 3, date(2026, 3, 1), None),
    ]


def test_late_sources_write_the_old_courtyard_with_its_old_building(street, at):
    addresses, rng = Addresses(street), random.Random(1)
    where = Dwelling(at[NEW], 3, 2, 501)
    before = {addresses.full(rng, where, date(2026, 2, 28)) for _ in range(300)}
    after = {addresses.full(rng, where, date(2026, 3, 1)) for _ in range(600)}
    assert not any("槐苑家园" in text or "同仁路7号" in text for text, _ in before)
    assert any("同仁路9号院1栋2单元501" in text for text, kind in after if kind == "address.late_courtyard")
    assert any("槐苑家园3栋2单元501" in text for text, kind in after if not kind)


def test_a_renamed_courtyard_is_written_under_both_names_afterwards_and_under_the_former_one_before(street, at):
    addresses, rng = Addresses(street), random.Random(1)
    before = {addresses.courtyard(rng, at[RENAMED], date(2026, 1, 31)) for _ in range(300)}
    after = {addresses.courtyard(rng, at[RENAMED], date(2026, 2, 1)) for _ in range(300)}
    assert ("东马棚街针织厂宿舍", "") in before and not any("桐庭小区" in text for text, _ in before)
    assert {("东马棚街针织厂宿舍", "address.late_name"), ("桐庭小区", "")} <= after


def test_a_bare_name_of_two_courtyards_is_on_record_and_never_told_apart_by_its_community(street, at):
    addresses, rng = Addresses(street), random.Random(1)
    found = {addresses.place(rng, at["5101050050060015"], TODAY) for _ in range(2000)}
    bare = {text for text, kind in found if kind == "address.ambiguous_name"}
    assert "翰居公寓" in bare and not any("社区" in text for text in bare)
    assert {kind for text, kind in found if "翰居公寓" in text} == {"address.ambiguous_name"}
