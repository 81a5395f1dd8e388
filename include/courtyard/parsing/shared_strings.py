"""The texts that the cells of an .xlsx workbook share: plain ones read by pattern, the others by XML event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from courtyard.parsing import xml
from courtyard.parsing.limits import CHUNK, Unreadable
from courtyard.parsing.text import unescape
from courtyard.parsing.xlsx_bulk import NOT_PLAIN, NOT_TAGS, OTHER_ENCODING
from courtyard.parsing.xlsx_cells import filled

_END = b"</si>"
_PLAIN = re.compile(r'<si><t(?: xml:space="preserve")?>([^<>]*)</t></si>')
_TAGS = 4  # of a plain string


def read(chunks: Iterator[bytes]) -> list[str | None]:
    """The strings in order, None for blank ones. Raises Unreadable."""
    handler = _Strings()
    xml.feed(_sift(chunks, handler), handler.start, handler.end, handler.text)
    return handler.strings


class _Strings:
    """Receives the part's XML. Phonetic guides (`rPh`) are no part of a text."""

    def __init__(self) -> None:
        self.strings: list[str | None] = []
        self._pieces: list[str] = []
        self._inside = {"t": False, "rPh": False}
        self._level = 0

    @property
    def is_between(self) -> bool:
        """Whether the next thing can only be another string."""
        return self._level == 1

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        if self._level == 1 and tag not in ("si", "extLst"):
            raise Unreadable("file.damaged", "共享文字不合规定")  # a string left out would shift all others
        self._level += 1
        if tag in self._inside:
            self._inside[tag] = True

    def end(self, tag: str) -> None:
        self._level -= 1
        if tag in self._inside:
            self._inside[tag] = False
        elif tag == "si":
            self.strings.append(filled(unescape("".join(self._pieces))))
            self._pieces.clear()

    def text(self, data: str) -> None:
        if self._inside["t"] and not self._inside["rPh"]:
            self._pieces.append(data)

    def plain(self, texts: list[str]) -> None:
        """Whole strings at once."""
        self.strings += map(filled, map(unescape, texts))


def _sift(chunks: Iterator[bytes], handler: _Strings) -> Iterator[bytes]:
    """The part's bytes without the runs of plain strings, which `handler` has received in their place."""
    head = carried = b""
    for chunk in chunks:
        carried += chunk
        if not head:
            at = carried.find(b"<si>")
            if at < 0:
                if len(carried) > 2 * CHUNK:
                    break
                continue
            head, carried = carried[:at], carried[at:]
            yield head
        if not handler.is_between or OTHER_ENCODING.search(head):
            break
        cut = carried.rfind(_END) + len(_END)
        texts = _texts(carried[:cut]) if cut >= len(_END) else None
        if texts is not None:
            handler.plain(texts)
            carried = carried[cut:]
        elif cut >= len(_END):
            yield carried[:cut]
            carried = carried[cut:]
        elif len(carried) > 2 * CHUNK:
            break
    yield carried
    yield from chunks


def _texts(piece: bytes) -> list[str] | None:
    """The texts of a run of plain strings; None when anything else stands in it."""
    if NOT_TAGS.search(piece):
        return None
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return None
    if ("&" in text or not text.isprintable()) and NOT_PLAIN.search(text):
        return None
    found = _PLAIN.findall(text)
    return found if {text.count("<"), text.count(">")} == {_TAGS * len(found)} else None
