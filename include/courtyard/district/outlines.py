"""`outlines.geojson`: where each courtyard's ground ends, as an RFC 7946 FeatureCollection in WGS-84 degrees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field

from courtyard.district.frozen import Frozen
from courtyard.district.reading import Document, Loc, Unreadable, text_of

if TYPE_CHECKING:
    from courtyard.district.pack import Pack

FILE = "outlines.geojson"
METRES = 111_320  # of a degree of latitude
NEAR_METRES = 30  # how far a courtyard's own point may lie outside of its outline
_FEATURE = re.compile(r'"type"\s*:\s*"Feature"')
_LON, _LAT = (73, 136), (3, 54)
_EMPTY = {"type": "FeatureCollection", "features": []}

Position = Annotated[tuple[float, ...], Field(min_length=2, max_length=3)]
Ring = tuple[Position, ...]
Point = tuple[float, float]


class _Open(Frozen):
    """What others' programs write into GeoJSON beside what is read here is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Polygon(_Open):
    type: Literal["Polygon"]
    coordinates: Annotated[tuple[Ring, ...], Field(min_length=1)]


class MultiPolygon(_Open):
    type: Literal["MultiPolygon"]
    coordinates: Annotated[tuple[Annotated[tuple[Ring, ...], Field(min_length=1)], ...], Field(min_length=1)]


class Properties(_Open):
    code: str
    surveyed: bool = True


class Outline(_Open):
    """A feature: the courtyard `properties.code` names; `surveyed` is false where it was drawn from its point only."""

    type: Literal["Feature"]
    properties: Properties
    geometry: Annotated[Polygon | MultiPolygon, Field(discriminator="type")]

    @property
    def code(self) -> str:
        return self.properties.code

    @property
    def polygons(self) -> tuple[tuple[Ring, ...], ...]:
        """Its polygons, each an outer ring and its holes."""
        shape = self.geometry
        return (shape.coordinates,) if isinstance(shape, Polygon) else shape.coordinates


class Outlines(_Open):
    """`outlines.geojson`."""

    type: Literal["FeatureCollection"]
    features: tuple[Outline, ...] = ()


def read(path: Path, name: str) -> Document:
    """The file, each feature with its line; a pack without one has no outlines. Raises Unreadable."""
    if not path.exists():
        return Document(name, _EMPTY, {})
    text = text_of(path, name)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"{name}:{error.lineno}: file: not valid JSON ({error.msg}). Export it anew.") from None
    except RecursionError:
        raise Unreadable(f"{name}:1: file: its brackets are too deep. Export it anew.") from None
    lines: dict[Loc, int] = {(): 1}
    at, line = 0, 1
    for number, found in enumerate(_FEATURE.finditer(text)):
        line += text.count("\n", at, found.start())
        at = found.start()
        lines["features", number] = line
    return Document(name, data, lines)


def problems_of(pack: Pack) -> Iterator[str]:
    """What must hold of outlines: a known courtyard once, rings that close and never cross, around its own point."""
    points = {courtyard.code: (courtyard.lon, courtyard.lat) for courtyard in pack.courtyards.value}
    document, seen = pack.outlines.document, {}
    for index, outline in enumerate(pack.outlines.value.features):
        at, code = ("features", index), outline.code
        if code not in points:
            yield document.problem(
                (*at, "properties", "code"), f"{code} is no courtyard", "Use a code of courtyards.csv."
            )
            continue
        if code in seen:
            message = f"{code} has an outline already, feature {seen[code]}"
            yield document.problem((*at, "properties", "code"), message, "Keep one, a MultiPolygon for several parts.")
        seen.setdefault(code, index)
        found = [told for polygon in outline.polygons for ring in polygon if (told := _wrong(ring))]
        if not found and (metres := away(points[code], outline)) > NEAR_METRES:
            remedy = "Correct one of the two; WGS-84 is meant, a Chinese web map (GCJ-02, BD-09) is off by hundreds of metres."
            found.append((f"the point of courtyards.csv lies {metres:.0f} metres outside of it", remedy))
        for message, remedy in found[:1]:
            yield document.problem((*at, "geometry"), f"{code}: {message}", remedy)


def _wrong(ring: Ring) -> tuple[str, str] | None:
    """What is wrong with a ring, and what to do."""
    if any(not (_LON[0] <= p[0] <= _LON[1] and _LAT[0] <= p[1] <= _LAT[1]) for p in ring):
        return "a point lies outside of China", "Write longitude first, then latitude, in WGS-84 degrees."
    if ring[:1] != ring[-1:]:
        return "a ring is not closed", "Repeat its first point at its end."
    if len(set(ring)) < 3:
        return "a ring has too few points", "A ring needs three different points, and the first once more."
    if _crosses(ring):
        return "a ring crosses or touches itself", "Draw its points in order, or write a MultiPolygon."
    return None


def _crosses(ring: Ring) -> bool:
    """Whether two sides that are no neighbours have a point in common; only those that overlap west to east are tried."""
    places = [(p[0], p[1]) for p, q in pairwise(ring) if p[:2] != q[:2]]
    sides = list(enumerate(zip(places, places[1:] + places[:1], strict=True)))
    last = len(sides) - 1
    sides.sort(key=lambda side: min(side[1][0][0], side[1][1][0]))
    for place, (i, one) in enumerate(sides):
        east = max(one[0][0], one[1][0])
        for j, other in sides[place + 1 :]:
            if min(other[0][0], other[1][0]) > east:
                break
            if abs(i - j) in (1, last):
                if _turns_back(one, other):
                    return True
            elif _meet(one, other):
                return True
    return False


def _side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _turns_back(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two sides with a common corner lie on each other."""
    corner = one[1] if one[1] in other else one[0]
    p = one[0] if corner == one[1] else one[1]
    q = other[0] if corner == other[1] else other[1]
    ahead = (p[0] - corner[0]) * (q[0] - corner[0]) + (p[1] - corner[1]) * (q[1] - corner[1])
    return _side(corner, p, q) == 0 and ahead > 0


def _meet(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = one, other
    s, t, u, v = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if s * t < 0 and u * v < 0:
        return True
    return any(
        turn == 0 and _within(p, side) for turn, p, side in ((s, c, one), (t, d, one), (u, a, other), (v, b, other))
    )


def _within(p: Point, side: tuple[Point, Point]) -> bool:
    (a, b) = side
    return min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def away(point: Point, outline: Outline) -> float:
    """How many metres a point lies outside of an outline; 0 within."""
    scale = cos(radians(point[1]))
    rings = [
        [((p[0] - point[0]) * METRES * scale, (p[1] - point[1]) * METRES) for p in ring]
        for polygon in outline.polygons
        for ring in polygon
    ]
    return 0.0 if _holds_origin(rings) else min(_distance(a, b) for ring in rings for a, b in pairwise(ring))


def _holds_origin(rings: Iterable[Sequence[Point]]) -> bool:
    """Whether the origin lies within rings: a ray eastwards crosses their sides an odd number of times."""
    crossed = 0
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > 0) != (y2 > 0) and x1 - y1 * (x2 - x1) / (y2 - y1) > 0:
                crossed += 1
    return crossed % 2 == 1


def _distance(a: Point, b: Point) -> float:
    """From the origin to a side."""
    along = (b[0] - a[0], b[1] - a[1])
    length = along[0] ** 2 + along[1] ** 2
    share = 0.0 if length == 0 else max(0.0, min(1.0, -(a[0] * along[0] + a[1] * along[1]) / length))
    return hypot(a[0] + share * along[0], a[1] + share * along[1])


def written(outlines: Iterable[dict[str, Any]]) -> str:
    """Features as the file holds them: one a line by code, coordinates to six decimals (a decimetre)."""
    features = sorted(outlines, key=lambda feature: feature["properties"]["code"])
    body = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    return f'{{"type":"FeatureCollection","features":[\n{body}\n]}}\n'
