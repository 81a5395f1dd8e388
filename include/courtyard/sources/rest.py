"""A department's REST API with a bearer token, pages and a stated total."""

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
    """Yield all pages of `options.path` as one delivery; the token is the connection's password.

    `options.query` values may hold `{street_code} {period} {start} {end} {start_at} {end_at}` (end
    exclusive, times with their offset). `page_param`, `size_param`, `records_path` and `total_path`
    default to `page`, `pageSize`, `data` and `total`; an empty `total_path` says that none is given.
    """
    options = spec.options
    words = {
        "street_code": street_code,
        "period": str(period),
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "start_at": period.start_at.isoformat(),
        "end_at": period.end_at.isoformat(),
    }
    params = {key: str(value).format(**words) for key, value in options.get("query", {}).items()}
    paging = Paging(
        page_size=int(options.get("page_size", PAGE_SIZE)),
        page_param=options.get("page_param", "page"),
        size_param=options.get("size_param", "pageSize"),
        records_path=options.get("records_path", "data"),
        total_path=options.get("total_path", "total"),
    )
    with WebClient(spec, connection) as client:
        name = f"{spec.source}-{period}.pages.jsonl"
        found = collect(client, str(options["path"]), params, paging, name=name, title=spec.title)
    if found:
        yield found
