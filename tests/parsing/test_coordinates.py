"""A source that sends GCJ-02: WGS-84 from parsing on, so that identity finds the courtyard; what was sent is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from courtyard.district import load_district
from courtyard.district.coordinates import wgs84_to_gcj02
from courtyard.identity.points import PointIndex
from courtyard.parsing import coordinates
from courtyard.parsing.tables import ParsedTable

DISTRICT = load_district(Path(__file__).resolve().parents[2] / "include/districts/shaocheng")
CONTRACT = DISTRICT.contracts["resident_reports"]
GIVEN = ("given_lat", "given_lon")
INDEX = PointIndex(DISTRICT.courtyards)
# One that stands by itself, so that its own point is plainly its own.
COURTYARD = next(c for c in DISTRICT.courtyards if INDEX.nearest(c.lon, c.lat) == c.code)


def contract(*, keeps=True):
    columns = [column for column in CONTRACT.columns if column.name not in GIVEN]
    lat = CONTRACT.column("lat")
    kept = [lat.model_copy(update={"name": name, "header": name, "role": None}) for name in GIVEN] if keeps else []
    return CONTRACT.model_copy(update={"columns": (*columns, *kept)})


def block(**columns):
    return ParsedTable("resident_reports", "", row_nos=list(range(1, len(columns["lat"]) + 1)), columns=columns)


def test_a_point_in_gcj02_is_another_courtyards_until_it_is_converted():
    lat, lon = wgs84_to_gcj02(lat=COURTYARD.lat, lon=COURTYARD.lon)
    found = block(lat=[f"{lat:.6f}", None, "30.1"], lon=[f"{lon:.6f}", None, None])
    assert INDEX.nearest(lon, lat) != COURTYARD.code
    coordinates.to_wgs84(contract(), found)
    assert INDEX.nearest(float(found.columns["lon"][0]), float(found.columns["lat"][0])) == COURTYARD.code
    assert found.columns["given_lat"] == [f"{lat:.6f}", None, None]
    assert (found.columns["lat"][1:], found.columns["lon"][1:]) == ([None, "30.1"], [None, None])


@pytest.mark.parametrize("own", [{"given_lat": ["30.6665"], "given_lon": ["104.0515"]}, {"channel": ["page"]}])
def test_what_our_own_service_sends_stays(own):
    found = block(lat=["30.668912"], lon=["104.049024"], **own)
    coordinates.to_wgs84(contract(), found)
    assert (found.columns["lat"], found.columns["given_lat"]) == (["30.668912"], own.get("given_lat", [None]))


def test_a_contract_without_columns_for_what_was_sent_keeps_the_converted_point_alone():
    found = block(lat=["30.6665"], lon=["104.0515"])
    coordinates.to_wgs84(contract(keeps=False), found)
    assert set(found.columns) == {"lat", "lon"}
    assert found.columns["lat"] != ["30.6665"]


@pytest.mark.parametrize(
    ("options", "expected"), [({"coordinates": "gcj02"}, True), ({"coordinates": "wgs84"}, False), ({}, False)]
)
def test_the_source_says_so(options, expected):
    source = DISTRICT.sources["resident_reports"].model_copy(update={"options": options})
    assert coordinates.is_shifted(source) is expected
    assert coordinates.is_shifted(None) is False
