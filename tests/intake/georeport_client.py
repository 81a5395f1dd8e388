"""A GeoReport client as others write it: httpx, the paths of the specification, nothing of this house."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
from lxml import etree

BASE = "/georeport/v2"


def call(service: Any, method: str, path: str, **given: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with service.client() as client:
            return await client.request(method, BASE + path, **given)

    return asyncio.run(run())


def get(service: Any, path: str, **params: str) -> httpx.Response:
    return call(service, "GET", path, params=params)


def post(service: Any, form: str = "json", **given: Any) -> httpx.Response:
    return call(service, "POST", f"/requests.{form}", **given)


def plain(element: etree._Element, is_list: Callable[[str], bool]) -> Any:
    """An XML document as values: a list for an element that holds entries, '' for an empty one."""
    if is_list(element.tag):
        return [plain(child, is_list) for child in element]
    return {child.tag: plain(child, is_list) for child in element} if len(element) else element.text or ""


LISTS = {"services", "service_requests", "errors", "endpoints", "formats", "attributes", "values"}


def xml(answer: httpx.Response) -> Any:
    """What an XML answer says; it must be UTF-8, declared, and well-formed."""
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.split(b"?>")[0].lower().endswith((b'encoding="utf-8"', b"encoding='utf-8'"))
    return plain(etree.fromstring(answer.content), LISTS.__contains__)


def as_xml(value: Any) -> Any:
    """A JSON answer as XML says it: texts only, nothing known is empty."""
    if isinstance(value, dict):
        return {key: as_xml(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_xml(inner) for inner in value]
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def errors(answer: httpx.Response) -> list[str]:
    """The codes of an error answer, JSON or XML; each with something said."""
    told = answer.json() if "json" in answer.headers["content-type"] else xml(answer)
    assert all(set(error) == {"code", "description"} and error["description"] for error in told)
    return [str(error["code"]) for error in told]
