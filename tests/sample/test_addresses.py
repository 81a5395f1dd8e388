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
