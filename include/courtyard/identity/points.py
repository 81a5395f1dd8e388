"""Which courtyard a point on the map belongs to, when it is plainly one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import cos, hypot, radians

from courtyard.district.models import Courtyard

WITHIN_METRES = 60.0
CLEARER_BY = 2.0  # the second nearest must be at least this much farther
_METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude at the equator
_CELL_DEGREES = 0.002


class PointIndex:
    """Courtyards by where they stand; WGS-84 degrees in, metres by a plane that is flat over a street."""

    def __init__(self, courtyards: Iterable[Courtyard]) -> None:
        self._cells: dict[tuple[int, int], list[Courtyard]] = defaultdict(list)
        for courtyard in courtyards:
            self._cells[_cell(courtyard.lon, courtyard.lat)].append(courtyard)

    def nearest(self, lon: float, lat: float) -> str | None:
        """The code of the courtyard within 60 m of a point, or None when a second one is not twice as far."""
        x, y = _cell(lon, lat)
        near = (c for i in (x - 1, x, x + 1) for j in (y - 1, y, y + 1) for c in self._cells.get((i, j), ()))
        ranked = sorted((metres(lon, lat, c.lon, c.lat), c.code) for c in near)
        if not ranked or ranked[0][0] > WITHIN_METRES:
            return None
        if len(ranked) > 1 and ranked[1][0] < CLEARER_BY * ranked[0][0]:
            return None
        return ranked[0][1]


def _cell(lon: float, lat: float) -> tuple[int, int]:
    return int(lon // _CELL_DEGREES), int(lat // _CELL_DEGREES)


def metres(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """How far two points of a town are from each other."""
    east = (lon - other_lon) * cos(radians(lat)) * _METRES_PER_DEGREE
    return hypot(east, (lat - other_lat) * _METRES_PER_DEGREE)
