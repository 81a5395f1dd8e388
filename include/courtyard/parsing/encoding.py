"""The encoding of a text, proved by its bytes.

Encodings are tried strictly: a byte order mark decides, then UTF-8, then the contract's, then GB18030.
A line in another encoding than the rest loses only itself; U+FFFD is never stored.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from courtyard.district.models import Contract
from courtyard.parsing.limits import Unreadable
from courtyard.parsing.vocabulary import Vocabulary, fold

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ALLOWED = {"utf-8", "gb18030", "utf-16-le", "utf-16-be", "utf-16"}


@dataclass
class Text:
    """Decoded text and the physical lines (0-based) that did not decode."""

    text: str
    broken: set[int] = field(default_factory=set)


def decode(data: bytes, contract: Contract) -> Text:
    """Text in the encoding that its bytes prove. Raises Unreadable when none fits."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_as(data[len(mark) :], encoding)
    wanted = codecs.lookup(contract.encoding).name if contract.encoding else "utf-8"
    if wanted not in _ALLOWED:
        raise Unreadable("file.undecodable")
    candidates = list(dict.fromkeys(["utf-8", wanted, "gb18030"]))
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return Text(text, _lines_of_another_encoding(data) if encoding == "gb18030" else set())
    names = Vocabulary.of(contract).names
    head = data.split(b"\n", 1)[0]
    fitting = [e for e in candidates if any(fold(h) in names for h in _split(head.decode(e, "replace")))]
    if not fitting:
        raise Unreadable("file.undecodable")
    return _decode_as(data, fitting[0])


def _split(line: str) -> list[str]:
    return line.replace("\t", ",").replace(";", ",").split(",")


def _decode_as(data: bytes, encoding: str) -> Text:
    """Strictly; failing that line by line, where a line that fails is marked."""
    try:
        return Text(data.decode(encoding))
    except UnicodeDecodeError:
        if encoding.startswith("utf-16"):
            raise Unreadable("file.undecodable") from None
    lines, broken = [], set()
    for number, line in enumerate(data.splitlines(keepends=True)):
        try:
            lines.append(line.decode(encoding))
        except UnicodeDecodeError:
            broken.add(number)
            lines.append(line.decode("ascii", "replace"))
    if encoding == "gb18030":
        broken |= _lines_of_another_encoding(data)
    return Text("".join(lines), broken)


def _lines_of_another_encoding(data: bytes) -> set[int]:
    """Lines of a GB18030 file that are UTF-8: GB18030 would accept nearly all of them as other characters."""
    found: set[int] = set()
    for number, line in enumerate(data.splitlines()):
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if len(line) - len(text) >= 6 and not text.isascii():  # three Chinese characters: no accident
            found.add(number)
    return found
