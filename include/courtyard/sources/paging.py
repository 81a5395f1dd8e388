"""Reading a web source page by page until it is proved complete.

Delivered format `pages`: one JSON line a page in order, `{"url", "status", "content_type", "body"}`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from courtyard.errors import SourceError
from courtyard.sources.fetched import Fetched
from courtyard.sources.web import Page, WebClient

MAX_PAGES = 10_000
MAX_BYTES = 512 * 1024 * 1024
MEDIA_TYPE = "application/x-ndjson"
UNREADABLE = "来源的答复不是约定的 JSON 数据，已原样留存，下次再取。"


@dataclass(frozen=True)
class Paging:
    """How a source pages. Without `total_path` the first empty page is the end.

    `records_path` and `total_path` are dotted names inside a page; an empty `records_path` says
    that the page itself is the list.
    """

    page_size: int
    page_param: str = "page"
    size_param: str = "page_size"
    records_path: str = ""
    total_path: str = ""


def collect(
    client: WebClient, path: str, params: Mapping[str, str], paging: Paging, *, name: str, title: str
) -> Fetched | None:
    """All pages of one query as one delivery; None when there is no record at all.

    Raises SourceError when the pages cannot be the whole: fewer or more records than the stated
    total, a total that changes, a page that comes again, no end. A page that is not JSON of the
    agreed shape comes back alone, with its problem, since what came before it is not the whole.
    """
    lines = bytearray()
    seen: set[bytes] = set()
    count, total = 0, None
    for number in range(1, MAX_PAGES + 1):
        page = client.get(path, {**params, paging.page_param: str(number), paging.size_param: str(paging.page_size)})
        try:
            records, stated = _read(page, paging)
        except (ValueError, RecursionError):
            return Fetched(name, line(page), MEDIA_TYPE, problem=UNREADABLE)
        if total not in (None, stated):
            raise SourceError(f"来源「{title}」各页给出的总数不一致。", "请稍后再取；仍不一致请联系对方。")
        total = stated
        count += len(records)
        _check_new(records, seen, title)
        lines += line(page)
        if len(lines) > MAX_BYTES:
            raise SourceError(f"来源「{title}」一期的数据超过 {MAX_BYTES >> 20} MB。", "请核对取数条件。")
        if not records or (total is not None and count >= total):
            break
    else:
        raise SourceError(f"来源「{title}」超过 {MAX_PAGES} 页仍没有结束。", "请核对接口的分页。")
    if total is not None and count != total:
        raise SourceError(f"来源「{title}」称有 {total} 条，实际给了 {count} 条。", "请稍后再取；仍不一致请联系对方。")
    return Fetched(name, bytes(lines), MEDIA_TYPE) if count else None


def _check_new(records: list[Any], seen: set[bytes], title: str) -> None:
    """Two equal pages mean that the source does not turn the page."""
    mark = hashlib.sha256(json.dumps(records).encode()).digest()
    if records and mark in seen:
        raise SourceError(f"来源「{title}」重复给出同一页。", "请联系对方检查接口的分页。")
    seen.add(mark)


def _read(page: Page, paging: Paging) -> tuple[list[Any], int | None]:
    """The records and the stated total of a page; ValueError when it has another shape."""
    value = json.loads(page.body)
    records = _inside(value, paging.records_path)
    if not isinstance(records, list):
        raise ValueError("no list of records")
    if not paging.total_path:
        return records, None
    total = _inside(value, paging.total_path)
    if type(total) is not int or total < 0:
        raise ValueError("no total")
    return records, total


def _inside(value: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def line(page: Page) -> bytes:
    """A page as a line of the format `pages`."""
    try:
        return json.dumps(asdict(page), ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # lone surrogates, kept as escapes
        return json.dumps(asdict(page)).encode() + b"\n"
