"""An Open311 GeoReport v2 server (wiki.open311.org/GeoReport_v2), with the common paging extension."""

from __future__ import annotations

from collections.abc import Iterator

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.period import Period
from courtyard.sources.fetched import Fetched
from courtyard.sources.paging import Paging, collect
from courtyard.sources.web import WebClient

PAGE_SIZE = 100


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched]:
    """Yield the requests made in the period as one delivery.

    GeoReport states no total: the first empty page is the end. The connection's path is the
    endpoint's base; `options.jurisdiction_id` defaults to the street code.
    """
    params = {
        "jurisdiction_id": str(spec.options.get("jurisdiction_id", street_code)),
        "start_date": period.start_at.isoformat(),
        "end_date": period.end_at.isoformat(),
    }
    paging = Paging(page_size=int(spec.options.get("page_size", PAGE_SIZE)))
    with WebClient(spec, connection) as client:
        name = f"{spec.source}-{period}.pages.jsonl"
        found = collect(client, "requests.json", params, paging, name=name, title=spec.title)
    if found:
        yield found
