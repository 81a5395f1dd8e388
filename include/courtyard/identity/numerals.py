"""Numbers as addresses write them: 28, 二十八, 廿八, 二八, 贰拾捌, 五〇一. Digits are half-width here."""

from __future__ import annotations

import re
from functools import lru_cache

_SPELLINGS = ("〇零○", "一壹", "二贰貳两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {sign: value for value, signs in enumerate(_SPELLINGS) for sign in signs}
_NONZERO = "".join(_SPELLINGS[1:])
_POSITIONAL = re.compile(
    rf"(?:(?P<hundreds>[{_NONZERO}])[百佰])?(?P<zero>[〇零○])?"
    rf"(?:(?P<tens>[{_NONZERO}])?(?P<ten>[十拾])|(?P<short>[廿卅]))?(?P<ones>[{_NONZERO}])?"
)
_MOST_DIGITS = 6

NUMBER = rf"(?:[0-9]+|[{''.join(_SPELLINGS)}十拾百佰廿卅]+)"  # a regular expression for one number


@lru_cache(maxsize=4096)
def read(text: str) -> int | None:
    """The number that a match of NUMBER stands for; None when it is not well formed.

    >>> [read(text) for text in ("28", "二十八", "廿八", "五〇一", "一百零二", "一百二", "十二十")]
    [28, 28, 28, 501, 102, None, None]
    """
    if len(text) > _MOST_DIGITS:
        return None
    if text.isascii():
        return int(text)
    if all(sign in _DIGITS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    return _positional(text)


def _positional(text: str) -> int | None:
    found = _POSITIONAL.fullmatch(text)
    if not found:
        return None
    hundreds = _DIGITS.get(found["hundreds"], 0)
    tens = {"廿": 2, "卅": 3}.get(found["short"]) or (_DIGITS.get(found["tens"], 1) if found["ten"] else 0)
    skips_tens = bool(hundreds) and not tens and bool(found["ones"])
    if skips_tens and not found["zero"]:  # 一百二 is 120 in speech and 102 to a clerk
        return None
    return hundreds * 100 + tens * 10 + _DIGITS.get(found["ones"], 0)
