"""Provisional outlines: what a courtyard's point, road and buildings let one draw until somebody surveys it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import atan2, cos, hypot, pi, radians, sin, sqrt
from typing import Any

from courtyard.district.models import Courtyard, District
from courtyard.district.outlines import METRES, Point

SQUARE_METRES = 750  # of ground that a building takes, with what lies around it
GAP_METRES = 2.0  # half of what stays free between neighbours
SIDES = (1.5, 1.0)  # along the road to away from it
NARROW = 0.35  # of the way to a neighbour that a shape keeps where points stand close


def missing(district: District) -> list[Courtyard]:
    """The courtyards of the pack that have no outline, in its order."""
    return [courtyard for courtyard in district.courtyards if courtyard.code not in district.outline_by_code]


def drawn(district: District) -> Iterator[dict[str, Any]]:
    """A feature for each courtyard without an outline: a block along its road, cut half-way to every neighbour.

    It is a function of the pack's courtyards alone. Outlines that stand already are not minded.
    """
    places = {c.code: _metres(district, c) for c in district.courtyards}
    turns = _directions(district, places)
    for courtyard in missing(district):
        here = places[courtyard.code]
        shape = _block(here, turns[courtyard.road], courtyard.buildings)
        reach = 2 * max(hypot(x - here[0], y - here[1]) for x, y in shape)
        for code, there in places.items():
            if code != courtyard.code and 0 < hypot(there[0] - here[0], there[1] - here[1]) < reach:
                shape = _cut(shape, here, there)
        yield _feature(district, courtyard.code, shape)


def _origin(district: District) -> Point:
    first = district.courtyards[0]
    return first.lon, first.lat


def _metres(district: District, courtyard: Courtyard) -> Point:
    lon, lat = _origin(district)
    return (courtyard.lon - lon) * METRES * cos(radians(lat)), (courtyard.lat - lat) * METRES


def _directions(district: District, places: dict[str, Point]) -> dict[str, float]:
    """The angle of each road: the main axis of the points that stand on it."""
    on_road: dict[str, list[Point]] = defaultdict(list)
    for courtyard in district.courtyards:
        on_road[courtyard.road].append(places[courtyard.code])
    return {road: axis(points) for road, points in on_road.items()}


def axis(points: list[Point]) -> float:
    """The angle of the line that points lie along best."""
    x0, y0 = (sum(p[i] for p in points) / len(points) for i in (0, 1))
    xx, yy = (sum((p[i] - (x0, y0)[i]) ** 2 for p in points) for i in (0, 1))
    xy = sum((p[0] - x0) * (p[1] - y0) for p in points)
    return atan2(2 * xy, xx - yy) / 2


def _block(centre: Point, angle: float, buildings: int) -> list[Point]:
    """A rectangle with cut corners along the road, as large as its buildings need."""
    side = sqrt(buildings * SQUARE_METRES / (SIDES[0] * SIDES[1]))
    along, across = side * SIDES[0] / 2, side * SIDES[1] / 2
    corner = across * 0.3
    plan = [(along, corner - across), (along, across - corner), (along - corner, across), (corner - along, across)]
    turned = [(x, y) for half in (0.0, pi) for x, y in (_turned(p, half) for p in plan)]
    return [(centre[0] + x, centre[1] + y) for x, y in (_turned(p, angle) for p in turned)]


def _turned(p: Point, angle: float) -> Point:
    return p[0] * cos(angle) - p[1] * sin(angle), p[0] * sin(angle) + p[1] * cos(angle)


def _cut(shape: list[Point], here: Point, there: Point) -> list[Point]:
    """What of a convex shape lies on this side of the middle between two points, less the gap."""
    away = hypot(there[0] - here[0], there[1] - here[1])
    limit = max(away / 2 - GAP_METRES, away * NARROW)
    unit = ((there[0] - here[0]) / away, (there[1] - here[1]) / away)
    beyond = [(p[0] - here[0]) * unit[0] + (p[1] - here[1]) * unit[1] - limit for p in shape]
    kept: list[Point] = []
    for i, p in enumerate(shape):
        q, over, next_over = shape[(i + 1) % len(shape)], beyond[i], beyond[(i + 1) % len(shape)]
        if over <= 0:
            kept.append(p)
        if (over < 0) != (next_over < 0) and over != next_over:
            share = over / (over - next_over)
            kept.append((p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])))
    return kept


def _feature(district: District, code: str, shape: list[Point]) -> dict[str, Any]:
    lon, lat = _origin(district)
    degrees = [[round(lon + x / METRES / cos(radians(lat)), 6), round(lat + y / METRES, 6)] for x, y in shape]
    ring = [p for i, p in enumerate(degrees) if p != degrees[i - 1]]
    return {
        "type": "Feature",
        "properties": {"code": code, "surveyed": False},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
