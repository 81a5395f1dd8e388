"""What a transport hands over: bytes as they came, or the refusal of something it will not take."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

# An ID number or a phone in a file name, also when spaces or dashes part its digits.
_LONG_NUMBER = re.compile(r"\d(?:[\s-]?\d){10,}(?:[\s_-]?[Xx](?![A-Za-z]))?")


@dataclass(frozen=True)
class Fetched:
    """Bytes received once. `name` is what the ledger shows: a file name or request without personal data.

    `problem` (a Chinese sentence) says that the bytes are worth keeping but are not the whole
    answer: they land, and the period counts as failed, so that the next run asks again.
    """

    name: str
    data: bytes = field(repr=False)
    media_type: str
    version_at: datetime | None = None
    unit_code: str | None = None
    problem: str = ""


@dataclass(frozen=True)
class Refused:
    """Something in the source that is not taken, and why, in Chinese. `waits` marks what may be taken later."""

    name: str
    reason: str
    waits: bool = False


def safe_name(name: str, unit_code: str | None = None) -> str:
    """A file name for ledgers and messages: no control or direction marks, no ID number, no phone.

    A leading unit code stays: it has 15 digits, as an old ID number has.
    """
    head = unit_code if unit_code and name.startswith(unit_code) else ""
    rest = "".join(c if is_plain(c) else "□" for c in name[len(head) :])
    return (head + _LONG_NUMBER.sub("[数字]", rest))[:120]


def is_plain(character: str) -> bool:
    """False for control, zero-width and direction marks, right-to-left letters and bytes that are no text."""
    if unicodedata.bidirectional(character) in ("R", "AL"):
        return False
    return character.isprintable() or unicodedata.category(character) == "Zs"
