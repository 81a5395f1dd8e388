"""GCJ-02, the shifted coordinates of Chinese maps and phones, to WGS-84.

The shift is not published; what everybody uses is the approximation that leaked with map software, good to about a
metre against the maps themselves. Outside China maps are not shifted.
"""

from __future__ import annotations

from math import cos, pi, sin, sqrt

# Krasovsky 1940, which the shift is reckoned on.
_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323  # squared
_CHINA = ((0.8293, 55.8271), (72.004, 137.8347))  # latitudes, longitudes
_CLOSE = 1e-9  # degrees, a tenth of a millimetre
_ROUNDS = 30


def gcj02_to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """(latitude, longitude) in WGS-84 degrees of a point in GCJ-02, to within a centimetre of `wgs84_to_gcj02`'s inverse.

    Points outside the box around China stay as they are.
    """
    if not _in_china(lat, lon):
        return lat, lon
    found = (lat, lon)
    for _ in range(_ROUNDS):  # the shift changes slowly, so taking it off again and again comes to rest
        shifted = _shifted(*found)
        off = (shifted[0] - lat, shifted[1] - lon)
        found = (found[0] - off[0], found[1] - off[1])
        if max(map(abs, off)) < _CLOSE:
            break
    return found


def wgs84_to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """(latitude, longitude) in GCJ-02 of a WGS-84 point; outside the box around China as it is."""
    return _shifted(lat, lon) if _in_china(lat, lon) else (lat, lon)


def _in_china(lat: float, lon: float) -> bool:
    (south, north), (west, east) = _CHINA
    return south <= lat <= north and west <= lon <= east


def _shifted(lat: float, lon: float) -> tuple[float, float]:
    x, y = lon - 105.0, lat - 35.0
    ripple = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    radians = lat / 180 * pi
    bend = 1 - _ECCENTRICITY * sin(radians) ** 2
    north = north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (bend * sqrt(bend)) * pi)
    east = east * 180 / (_AXIS / sqrt(bend) * cos(radians) * pi)
    return lat + north, lon + east
