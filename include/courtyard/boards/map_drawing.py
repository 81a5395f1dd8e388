"""The map as shapes: outlines in metres from the street's north-west corner, roads, and names where they belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, degrees, radians, sin

from courtyard.boards.map_reading import Place
from courtyard.district.models import Courtyard, District
from courtyard.district.outline_drawing import axis
from courtyard.district.outlines import METRES, Point

MARGIN = 40.0
DOT_METRES = 8


@dataclass(frozen=True)
class Shape:
    """A courtyard: `path` is its outline as SVG writes it, a dot where it has none; (x, y) is its own point."""

    code: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Label:
    text: str
    x: float
    y: float
    turn: float = 0.0
    reach: float = 0.0


class Sheet:
    """A district's courtyards on a plane, x eastwards and y southwards, in metres."""

    def __init__(self, district: District) -> None:
        self.district = district
        self._west = min((c.lon for c in district.courtyards), default=0.0)
        self._north = max((c.lat for c in district.courtyards), default=0.0)
        self._width = METRES * cos(radians(self._north))

    def point(self, lon: float, lat: float) -> Point:
        return (lon - self._west) * self._width, (self._north - lat) * METRES

    def shape(self, code: str) -> Shape:
        courtyard = self.district.courtyard_by_code[code]
        x, y = self.point(courtyard.lon, courtyard.lat)
        outline = self.district.outline_by_code.get(code)
        if outline is None:
            r = DOT_METRES
            return Shape(code, f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z", x, y)
        rings = (ring for polygon in outline.polygons for ring in polygon)
        path = "".join(f"M{' '.join(self._written(p[0], p[1]) for p in ring[:-1])}z" for ring in rings)
        return Shape(code, path, x, y)

    def _written(self, lon: float, lat: float) -> str:
        x, y = self.point(lon, lat)
        return f"{x:.1f},{y:.1f}"

    def frame(self, codes: Iterable[str]) -> tuple[float, float, float, float]:
        """The box around courtyards as `viewBox` writes it: left, top, width, height."""
        points = [self.point(c.lon, c.lat) for c in (self.district.courtyard_by_code[code] for code in codes)]
        if not points:
            return (0.0, 0.0, 2 * MARGIN, 2 * MARGIN)
        left, right = min(x for x, _ in points) - MARGIN, max(x for x, _ in points) + MARGIN
        top, bottom = min(y for _, y in points) - MARGIN, max(y for _, y in points) + MARGIN
        return round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1)

    def communities(self, places: Iterable[Place]) -> list[Label]:
        """Each community's name in the middle of its courtyards."""
        points: dict[str, list[Point]] = defaultdict(list)
        for place in places:
            courtyard = self.district.courtyard_by_code[place.code]
            points[place.community].append(self.point(courtyard.lon, courtyard.lat))
        return [Label(name, *_middle(found)) for name, found in points.items()]

    def roads(self) -> list[Label]:
        """Each road as the line along which its courtyards stand: `reach` metres to both sides of its middle."""
        on_road: Mapping[str, list[Courtyard]] = defaultdict(list)
        for courtyard in self.district.courtyards:
            on_road[courtyard.road].append(courtyard)
        return [self._road(name, [self.point(c.lon, c.lat) for c in found]) for name, found in on_road.items()]

    @staticmethod
    def _road(name: str, points: list[Point]) -> Label:
        angle = axis(points)
        x, y = _middle(points)
        along = [(px - x) * cos(angle) + (py - y) * sin(angle) for px, py in points]
        shift, reach = (max(along) + min(along)) / 2, (max(along) - min(along)) / 2 + DOT_METRES
        x, y = x + shift * cos(angle), y + shift * sin(angle)
        return Label(name, round(x, 1), round(y, 1), round(degrees(angle), 1), round(reach, 1))


def _middle(points: list[Point]) -> Point:
    return (
        round(sum(x for x, _ in points) / len(points), 1),
        round(sum(y for _, y in points) / len(points), 1),
    )
