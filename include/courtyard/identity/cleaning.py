"""One spelling for the signs of an address; its words stay as they are."""

from __future__ import annotations

import re

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # ！ to ～ stand this far above ! to ~
_DASHES = dict.fromkeys(map(ord, "—–−‐‑‒―"), "-")
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_VARIANTS = {ord("號"): "号", ord("棟"): "栋", ord("﹟"): "#"}
_TABLE = {**_FULL_WIDTH, **_DASHES, **_INVISIBLE, **_VARIANTS}
_GAP = re.compile(r"(?<=[0-9])\s+(?=[0-9])")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Half-width signs, no spaces, nothing invisible, one dash, capital letters.

    A gap between two digits becomes a dash: 3 2 501 are three numbers, not 32501.
    """
    text = text.translate(_TABLE)
    if not text.isalnum():
        text = _SPACE.sub("", _GAP.sub("-", text))
    return text.upper()
