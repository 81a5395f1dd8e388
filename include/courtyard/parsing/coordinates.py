"""Points of a source that sends GCJ-02 (`options.coordinates: gcj02`): WGS-84 from here on, what was sent kept beside."""

from __future__ import annotations

from courtyard.district.coordinates import gcj02_to_wgs84
from courtyard.district.models import Contract, SourceSpec
from courtyard.parsing.tables import ParsedTable

GCJ02 = "gcj02"
_DIGITS = 6  # of a degree: a tenth of a metre


def is_shifted(source: SourceSpec | None) -> bool:
    """Whether a source sends its points in GCJ-02."""
    return source is not None and source.options.get("coordinates") == GCJ02


def to_wgs84(contract: Contract, block: ParsedTable) -> None:
    """Convert the points of a block in place.

    A contract with columns `given_lat` and `given_lon` keeps there what was sent. As they are stay rows without both degrees,
    and those of the street's own service, which converts by itself: they fill these columns, or `channel`.
    """
    names = contract.role("lat"), contract.role("lon")
    if None in names or not set(names) <= set(block.columns):
        return
    lats, lons = (block.columns[name] for name in names if name)
    given = ("given_lat", "given_lon")
    keeps = set(given) <= {column.name for column in contract.columns}
    for name in given if keeps else ():
        block.columns.setdefault(name, [None] * len(block.row_nos))
    nothing = [None] * len(block.row_nos)
    ours = zip(block.columns.get(given[0], nothing), block.columns.get("channel", nothing), strict=True)
    for index, (lat, lon, own) in enumerate(zip(lats, lons, list(ours), strict=True)):
        if lat is None or lon is None or any(own):
            continue
        if keeps:
            block.columns[given[0]][index], block.columns[given[1]][index] = lat, lon
        true_lat, true_lon = gcj02_to_wgs84(lat=float(lat), lon=float(lon))
        lats[index], lons[index] = f"{true_lat:.{_DIGITS}f}", f"{true_lon:.{_DIGITS}f}"
