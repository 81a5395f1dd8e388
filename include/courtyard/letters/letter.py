"""What stands in an official letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class LetterTable:
    """A small table below the body. `widths` are shares of the type area, equal unless given; numbers stand right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture on the pages behind the letter: JPEG or PNG bytes, and what it shows."""

    data: bytes
    caption: str


@dataclass(frozen=True)
class Letter:
    """A 函. `paragraphs` come without indent; `attachments` without 附件 and without numbers.

    `pictures` stand on pages of their own behind the signature, as the last attachment; name it in `attachments` too.
    `number` is the whole 发文字号, such as 某某办函〔2026〕12号; empty prints none. `closing` stands as a paragraph of
    its own below the body, such as 特此函告。
    """

    issuer: str
    number: str
    title: str
    addressed_to: str
    paragraphs: tuple[str, ...]
    signed_by: str
    date: date
    attachments: tuple[str, ...] = ()
    closing: str = ""
    table: LetterTable | None = None
    pictures: tuple[Picture, ...] = ()
    contact: str = ""
