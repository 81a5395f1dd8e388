"""Expat over a part of a package: no document type, no entities, well-formed to the last byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from courtyard.parsing.limits import Unreadable

_ENCODINGS = ("utf-8", "utf-16", "us-ascii")  # ECMA-376 part 2, 8.1.4 allows the first two
Start = Callable[[str, Mapping[str, str]], None]


def feed(chunks: Iterable[bytes], start: Start, end: Callable[[str], None], text: Callable[[str], None]) -> None:
    """Parse; names come without the root element's prefix. Raises Unreadable for what is not plain well-formed XML.

    Prefixes are compared by name rather than resolved: strict and transitional workbooks use different
    namespaces for the same elements, and an element under another prefix is another element.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def first(name: str, attributes: dict[str, str]) -> None:
        prefix = name.rpartition(":")[0]
        cut = len(prefix) + 1 if prefix else 0
        parser.StartElementHandler = _stripped(start, prefix, cut) if cut else start
        parser.EndElementHandler = _stripped(end, prefix, cut) if cut else end
        start(name[cut:], attributes)

    def refuse(*_: object) -> None:
        raise Unreadable("file.unsafe", "XML实体")

    def declared(_: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.casefold() not in _ENCODINGS:
            raise Unreadable("file.damaged", "XML编码")

    parser.XmlDeclHandler = declared
    parser.StartElementHandler = first
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Unreadable("file.damaged", "XML不完整") from None


def _stripped(handler: Callable[..., None], prefix: str, cut: int) -> Callable[..., None]:
    def call(name: str, *attributes: Mapping[str, str]) -> None:
        handler(name[cut:] if name.startswith(f"{prefix}:") else name, *attributes)

    return call


def ignore_text(_: str) -> None:
    """For parts whose attributes are all that matters."""


def ignore_end(_: str) -> None:
    """For parts whose attributes are all that matters."""
