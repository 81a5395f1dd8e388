"""Expat over a part of a package: no document type, no entities, well-formed to the last byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from courtyard.parsing.limits import Unreadable

Start = Callable[[str, Mapping[str, str]], None]


def feed(chunks: Iterable[bytes], start: Start, end: Callable[[str], None], text: Callable[[str], None]) -> None:
    """Parse; names come without their prefix. Raises Unreadable for what is not plain well-formed XML.

    Prefixes are dropped by name rather than resolved: the reader asks for few elements, and strict and
    transitional workbooks use different namespaces for the same ones.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    local: dict[str, str] = {}

    def start_local(name: str, attributes: dict[str, str]) -> None:
        known = local.get(name)
        if known is None:
            known = local[name] = name.rpartition(":")[2]
        start(known, attributes)

    def end_local(name: str) -> None:
        end(local[name])

    def refuse(*_: object) -> None:
        raise Unreadable("file.unsafe", "XML实体")

    parser.StartElementHandler = start_local
    parser.EndElementHandler = end_local
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise Unreadable("file.damaged", "XML不完整") from None


def ignore_text(_: str) -> None:
    """For parts whose attributes are all that matters."""


def ignore_end(_: str) -> None:
    """For parts whose attributes are all that matters."""
