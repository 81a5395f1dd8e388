"""Outlines of a pack: what is read, what is refused and how it is said, and how missing ones are drawn."""

from __future__ import annotations

import json
from math import cos, radians
from pathlib import Path

import pytest

from courtyard.district import load_district, outline_drawing, outlines
from courtyard.errors import PackError

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"


@pytest.fixture
def point(small_pack: Path) -> tuple[str, float, float]:
    """The code and the point of the small pack's first courtyard."""
    courtyard = load_district(small_pack).courtyards[0]
    return courtyard.code, courtyard.lon, courtyard.lat


def square(lon: float, lat: float, half: float = 0.0002) -> list[list[float]]:
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[lon + x * half, lat + y * half] for x, y in corners]


def feature(code: str, *rings: list[list[float]], **properties: object) -> dict[str, object]:
    shape = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": shape}


def load(pack: Path, *features: dict[str, object]):
    lines = ",\n".join(json.dumps(one) for one in features)
    (pack / outlines.FILE).write_text(f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n', "utf-8")
    return load_district(pack)


def test_a_pack_needs_no_outlines(small_pack: Path) -> None:
    assert load_district(small_pack).outlines == ()


def test_an_outline_may_have_a_hole_parts_and_words_of_other_programs(small_pack: Path, point) -> None:
    code, lon, lat = point
    hole = square(lon + 0.0001, lat + 0.0001, 0.00003)
    district = load(small_pack, feature(code, square(lon, lat), hole, area=12.5))
    (outline,) = district.outlines
    assert outline.code == code and outline.properties.surveyed and len(outline.polygons[0]) == 2
    parts = {"type": "MultiPolygon", "coordinates": [[square(lon, lat)], [square(lon + 0.001, lat)]]}
    district = load(small_pack, {"type": "Feature", "properties": {"code": code}, "geometry": parts})
    assert len(district.outline_by_code[code].polygons) == 2


def _wrong(lon: float, lat: float) -> dict[str, tuple[list[list[float]], str]]:
    good = square(lon, lat)
    bow = [good[0], good[2], good[1], good[3], good[0]]
    spike = [good[0], good[1], [lon, lat], good[1], good[2], good[3], good[0]]
    return {
        "open": (good[:-1], "a ring is not closed. Repeat its first point at its end."),
        "few": ([good[0], good[1], good[0]], "a ring has too few points"),
        "crossed": (bow, "a ring crosses or touches itself"),
        "spike": (spike, "a ring crosses or touches itself"),
        "swapped": ([[y, x] for x, y in good], "a point lies outside of China. Write longitude first"),
        "shifted": (square(lon + 0.0025, lat - 0.0024), "metres outside of it. Correct one of the two; WGS-84"),
    }


@pytest.mark.parametrize("kind", ["open", "few", "crossed", "spike", "swapped", "shifted"])
def test_a_wrong_ring_is_named_with_its_line(small_pack: Path, point, kind: str) -> None:
    code, lon, lat = point
    ring, told = _wrong(lon, lat)[kind]
    with pytest.raises(PackError) as refused:
        load(small_pack, feature(code, ring))
    assert f"pack/outlines.geojson:2: features[0].geometry: {code}: " in str(refused.value)
    assert told in str(refused.value)


def test_an_unknown_code_and_one_that_stands_twice(small_pack: Path, point) -> None:
    code, lon, lat = point
    ring = square(lon, lat)
    with pytest.raises(PackError) as refused:
        load(small_pack, feature(code, ring), feature("999", ring), feature(code, ring))
    first, second = str(refused.value).splitlines()
    assert first == (
        "pack/outlines.geojson:3: features[1].properties.code: 999 is no courtyard. Use a code of courtyards.csv."
    )
    assert second.startswith(f"pack/outlines.geojson:4: features[2].properties.code: {code} has an outline already")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "pack/outlines.geojson:1: file: not valid JSON"),
        ("[" * 200_000, "pack/outlines.geojson:1: file:"),
        ('{"type": "Topology"}', "pack/outlines.geojson:1: type: must be 'FeatureCollection'"),
        ('{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}}]}', "properties.code"),
    ],
)
def test_what_is_no_collection_of_features_is_refused(small_pack: Path, text: str, told: str) -> None:
    (small_pack / outlines.FILE).write_text(text, "utf-8")
    with pytest.raises(PackError, match=told.replace("(", r"\(")):
        load_district(small_pack)


def test_the_sample_packs_outlines_are_those_that_the_command_draws() -> None:
    district = load_district(PACK)
    assert len(district.outlines) == len(district.courtyards)
    assert not any(outline.properties.surveyed for outline in district.outlines)
    bare = district.model_copy(update={"outlines": ()})
    drawn = outlines.written(outline_drawing.drawn(bare))
    assert drawn == (PACK / outlines.FILE).read_text("utf-8")


def test_drawn_outlines_keep_their_points_and_do_not_touch() -> None:
    district = load_district(PACK)
    assert all(outlines.away((c.lon, c.lat), district.outline_by_code[c.code]) == 0 for c in district.courtyards), (
        "each holds its own point"
    )
    corners = [
        (outline.code, p[0], p[1]) for outline in district.outlines for ring in outline.polygons[0] for p in ring[:-1]
    ]
    near: dict[tuple[int, int], list[tuple[str, float, float]]] = {}
    for code, lon, lat in corners:
        near.setdefault((int(lon * 500), int(lat * 500)), []).append((code, lon, lat))
    touching = [
        (outline.code, code)
        for outline in district.outlines
        for code, lon, lat in near.get(_cell(outline), [])
        if code != outline.code and outlines.away((lon, lat), outline) == 0
    ]
    assert touching == []


def _cell(outline: outlines.Outline) -> tuple[int, int]:
    lon, lat = outline.polygons[0][0][0][:2]
    return int(lon * 500), int(lat * 500)


def test_away_is_in_metres() -> None:
    ring = tuple(tuple(p) for p in square(104.05, 30.67, 0.0001))
    outline = outlines.Outline.model_validate(feature("1", [list(p) for p in ring]))
    east = 104.05 + 0.0001 + 50 / outlines.METRES / cos(radians(30.67))
    assert outlines.away((east, 30.67), outline) == pytest.approx(50, abs=0.1)
