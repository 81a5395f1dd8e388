"""Masked names, numbers and dates: what is left is enough to talk about a line, not to find a person.

Every function takes a whole cell, in which several may stand, and whatever it cannot read becomes `WITHHELD`.
"""

from __future__ import annotations

import re

WITHHELD = "***"

# Family names of two characters that names in Sichuan begin with most often; elsewhere the first character is the name.
COMPOUND = frozenset((
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐",
    "宇文", "长孙", "司徒", "夏侯", "轩辕", "端木", "独孤", "南宫", "西门", "申屠",
    "呼延", "澹台", "淳于", "太史", "闻人", "公冶", "濮阳", "钟离", "赫连", "万俟",
))  # fmt: skip
_SEPARATOR = re.compile(r"([、，,；;/\n]+)")
_DOT = "·"
_NUMBER = re.compile(r"[\w*]+(?:-[\w*]+)*")
_DATE = re.compile(r"(\d{4})\D?(0[1-9]|1[0-2]|[1-9](?!\d))(?:\D.*|\d{2}.*)?", re.DOTALL)
_YEAR = re.compile(r"\d{4}年?")
_MOBILE = re.compile(r"1\d{10}")
_WHOLE_ID = 15  # signs; shorter numbers are passports and the like


def name(text: str) -> str:
    """张*, 王**, 欧阳**, 阿**·**: the family name, and never more than two stars, so that long names are not counted out."""
    return "".join(part if _SEPARATOR.fullmatch(part) else _name(part.strip()) for part in _SEPARATOR.split(text))


def _name(text: str) -> str:
    if not text:
        return ""
    if _DOT in text:
        return f"{text[0]}**{_DOT}**"
    if len(text) == 1:
        return "*"
    kept = 2 if len(text) > 2 and text[:2] in COMPOUND else 1
    return text[:kept] + "*" * min(len(text) - kept, 2)


def id_number(text: str, keeps: tuple[int, int]) -> str:
    """510*************1X for (3, 2): never the birth date. Of a shorter number its first sign."""

    def masked(found: re.Match[str]) -> str:
        number = found[0]
        if len(number) < _WHOLE_ID:
            return number[0] + "*" * (len(number) - 1)
        first, last = keeps
        return number[:first] + "*" * (len(number) - first - last) + number[len(number) - last :]

    return _NUMBER.sub(masked, text)


def phone(text: str) -> str:
    """138****1234; of any other number, such as a fixed one, its last two signs."""

    def masked(found: re.Match[str]) -> str:
        number = found[0]
        if _MOBILE.fullmatch(number):
            return f"{number[:3]}****{number[-4:]}"
        return re.sub(r"\w", "*", number[:-2]) + number[-2:] if len(number) > 4 else WITHHELD

    return _NUMBER.sub(masked, text)


def date(text: str) -> str:
    """2019-03: no day. Anything that is no date is withheld, but for a year."""
    if _YEAR.fullmatch(text):
        return text
    found = _DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02d}" if found else WITHHELD
