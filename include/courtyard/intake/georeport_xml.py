"""GeoReport v2 documents as XML, from the same values that are answered as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

# Lists: the element around them and the one of each entry, by the key that holds them or the kind of document.
_LISTS = {
    "services": ("services", "service"),
    "requests": ("service_requests", "request"),
    "posted": ("service_requests", "request"),
    "tokens": ("service_requests", "request"),
    "errors": ("errors", "error"),
    "endpoints": ("endpoints", "endpoint"),
    "formats": ("formats", "format"),
    "attributes": ("attributes", "attribute"),
    "values": ("values", "value"),
}
# What XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(kind: str, value: Any) -> bytes:
    """The document of a kind (a key of `_LISTS`, or the name of its root element) with its UTF-8 declaration."""
    root = _listed(kind, value) if isinstance(value, list) else _element(kind, value)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _listed(kind: str, values: list[Any]) -> etree._Element:
    around, each = _LISTS[kind]
    root = etree.Element(around)
    root.extend([_element(each, value) for value in values])
    return root


def _element(name: str, value: Any) -> etree._Element:
    """Nothing known is an empty element."""
    element = etree.Element(name)
    if isinstance(value, Mapping):
        element.extend([_member(key, inner) for key, inner in value.items()])
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value).lower() if isinstance(value, bool) else str(value))
    return element


def _member(key: str, value: Any) -> etree._Element:
    return _listed(key, value) if isinstance(value, list) else _element(key, value)
