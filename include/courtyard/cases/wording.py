"""What residents write, as far as rules look at it: letters in one width, case and spelling. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

BREAK = " "


def letters(text: str, spellings: Mapping[str, str] | None = None) -> str:
    """Letters and digits of a text; punctuation and signs become one break, spaces and invisible characters nothing.

    Of `spellings` the longer ones are read first.

    >>> letters("路 灯坏了！！3＃旁 LED", {"坏了": "坏"})
    '路灯坏 3 旁led'
    """
    kept: list[str] = []
    for sign in unicodedata.normalize("NFKC", text).casefold():
        if sign.isalnum():
            kept.append(sign)
        elif kept and kept[-1] != BREAK and unicodedata.category(sign)[0] in "PS":
            kept.append(BREAK)
    plain = "".join(kept).strip()
    for written in sorted(spellings or (), key=lambda written: (-len(written), written)):
        plain = plain.replace(written, spellings[written])  # type: ignore[index]
    return plain
