"""GCJ-02 and WGS-84: there and back again, and points whose two coordinates are known."""

from __future__ import annotations

from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courtyard.district.coordinates import gcj02_to_wgs84, wgs84_to_gcj02

LATITUDES, LONGITUDES = st.floats(4, 53), st.floats(74, 135)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = (one[1] - other[1]) * 111_320 * cos(radians(one[0]))
    return hypot((one[0] - other[0]) * 110_574, east)


@given(LATITUDES, LONGITUDES)
def test_there_and_back_is_the_same_point_to_a_centimetre(lat, lon):
    assert metres(gcj02_to_wgs84(*wgs84_to_gcj02(lat, lon)), (lat, lon)) < 0.01


@given(LATITUDES, LONGITUDES)
def test_a_point_moves_by_some_hundred_metres_and_no_more(lat, lon):
    assert 1 < metres(gcj02_to_wgs84(lat, lon), (lat, lon)) < 1500


def test_tiananmen_as_maps_and_as_satellites_have_it():
    assert metres(gcj02_to_wgs84(39.908823, 116.39747), (39.907420, 116.391227)) < 1


@pytest.mark.parametrize("point", [(0.0, 0.0), (48.85, 2.35), (-33.9, 151.2), (90.0, 180.0), (-90.0, -180.0)])
def test_outside_china_nothing_is_shifted(point):
    assert gcj02_to_wgs84(*point) == wgs84_to_gcj02(*point) == point
