"""An Open311 GeoReport v2 server (wiki.open311.org/GeoReport_v2): the requests of a period, or what is new of our own service.

Any server is read page by page with the common paging extension. The office's own service (`options.cursor`) is asked for what
comes after the last row that is landed, or for photos that are not landed yet: see docs/georeport.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources.fetched import Fetched
from courtyard.sources.paging import MAX_PAGES, MEDIA_TYPE, UNREADABLE, Paging, collect, line
from courtyard.sources.web import Busy, WebClient

PAGE_SIZE = 100
NEW_PAGE_SIZE = 1000
MOST = 2**63 - 1
OWN = "georeport/v2/"
PHOTOS = "photos"
_JPEG = b"\xff\xd8\xff"
_PHOTO_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched]:
    """Yield the requests made in the period as one delivery, or with `options.cursor` page by page what is new.

    The connection's path is the endpoint's base; with a cursor it is the service's own address, the endpoint stands below it at
    `OWN`. `options.jurisdiction_id` defaults to the street code.
    """
    params = {
        "jurisdiction_id": str(spec.options.get("jurisdiction_id", street_code)),
        "start_date": period.start_at.isoformat(),
        "end_date": period.end_at.isoformat(),
    }
    with WebClient(spec, connection) as client:
        if not spec.options.get("cursor"):
            yield from _window(client, spec, period, params)
        elif resource(spec) == PHOTOS:
            yield from _photos(client, spec, period, params)
        else:
            yield from _new(client, spec, period, params)


def resource(spec: SourceSpec) -> str:
    """What is asked for with a cursor: requests, replies or photos."""
    return str(spec.options.get("resource", "requests"))


def name_of(spec: SourceSpec, period: Period, last: int) -> str:
    """The name of a delivery that ends with the row numbered `last`: landing knows by it where to go on."""
    return f"{spec.source}-{period}-to-{last:09d}.pages.jsonl"


def last_of(spec: SourceSpec, period: Period, name: str) -> int:
    """The number of the last row in a delivery of this name; 0 where the name is none of `name_of`."""
    found = re.fullmatch(rf"{re.escape(spec.source)}-{re.escape(str(period))}-to-(\d{{9,19}})\.pages\.jsonl", name)
    return int(found[1]) if found else 0


def _window(client: WebClient, spec: SourceSpec, period: Period, params: dict[str, str]) -> Iterator[Fetched]:
    """GeoReport states no total: the first empty page is the end."""
    paging = Paging(page_size=int(spec.options.get("page_size", PAGE_SIZE)))
    name = f"{spec.source}-{period}.pages.jsonl"
    if found := collect(client, "requests.json", params, paging, name=name, title=spec.title):
        yield found


def _new(client: WebClient, spec: SourceSpec, period: Period, params: dict[str, str]) -> Iterator[Fetched]:
    """One delivery a page, so that a run that dies has kept what it has read. `options.after` is the last row landed."""
    after, size = int(spec.options.get("after", 0)), NEW_PAGE_SIZE
    for _ in range(MAX_PAGES):
        page = client.get(f"{OWN}{resource(spec)}.json", {**params, "after": str(after), "page_size": str(size)})
        try:
            numbers = _numbers(page.body)
        except (ValueError, KeyError, TypeError, RecursionError):
            name = f"{spec.source}-{period}-after-{after:09d}.unreadable.jsonl"
            yield Fetched(name, line(page), MEDIA_TYPE, problem=UNREADABLE)
            return
        if not numbers:
            return
        if any(later <= earlier for earlier, later in zip([after, *numbers], numbers, strict=False)):
            raise SourceError(f"来源「{spec.title}」给出的顺序号没有向前。", "请检查居民服务的数据库是否被恢复过。")
        after = numbers[-1]
        yield Fetched(name_of(spec, period, after), line(page), MEDIA_TYPE)
    raise SourceError(f"来源「{spec.title}」超过 {MAX_PAGES} 页仍没有结束。", "请检查居民服务。")


def _numbers(body: str) -> list[int]:
    """The row numbers of a page, in its order; ValueError and its like when it is no list of numbered rows."""
    numbers = [row["seq"] for row in _listed(body)]
    if not all(type(number) is int and 0 < number <= MOST for number in numbers):
        raise ValueError("seq")
    return numbers


def _photos(client: WebClient, spec: SourceSpec, period: Period, params: dict[str, str]) -> Iterator[Fetched]:
    """Each photo of the period that is not landed yet (`options.landed`, names) as a delivery of its own.

    One that cannot be had stops no other; SourceError at the end tells.
    """
    page = client.get(f"{OWN}photos.json", params)
    try:
        ids = [photo_id for photo_id in _listed(page.body) if _PHOTO_ID.fullmatch(photo_id)]
    except (ValueError, TypeError, RecursionError):
        raise SourceError(f"来源「{spec.title}」没有给出照片清单。", "请检查居民服务。") from None
    landed, failed = set(spec.options.get("landed", ())), 0
    for photo_id in dict.fromkeys(ids):
        if f"{photo_id}.jpg" in landed:
            continue
        try:
            data = client.download(f"{OWN}photos/{photo_id}.jpg")
        except Busy:
            raise
        except SourceError:
            data = b""
        if data.startswith(_JPEG):
            yield Fetched(f"{photo_id}.jpg", data, "image/jpeg")
        else:
            failed += 1
    if failed:
        raise SourceError(f"来源「{spec.title}」有 {failed} 张照片取不到。", "下次再取；仍取不到请检查居民服务。")


def _listed(body: str) -> list[Any]:
    found = json.loads(body)
    if not isinstance(found, list):
        raise ValueError("no list")
    return found
