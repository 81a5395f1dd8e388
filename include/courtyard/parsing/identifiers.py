"""Citizen ID numbers (GB 11643), certificates made of them, credit codes (GB 32100) and telephone numbers."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from operator import mul

from courtyard.parsing.cells import Typed
from courtyard.parsing.text import ABSENT_MARKS, ABSENT_WORDS, NOTHING, Outcome, compact

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_OFFSET = ord("0") * sum(_WEIGHTS)
_EIGHTEEN = re.compile(r"\d{17}[\dX]", re.ASCII)
_QUOTES = re.compile(r"['’‘`´\"“”]")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d+", re.ASCII)
_HYPHENS = re.compile(r"[-‐‑‒–—－]")
EARLIEST_BIRTH = 1850
# Behind the ID number: category 1-7 and grade 1-4 (GB/T 26341), then B and how often it was issued anew.
_CERTIFICATE = re.compile(r"(.{18})([1-7][1-4])(?:B\d{1,2})?", re.ASCII)

_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {sign: value for value, sign in enumerate(_CREDIT_SIGNS)}
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_PHONE = re.compile(r"(?:\+|00)?(?:86)?(1[3-9]\d{9}|0\d{9,11}|[48]00\d{7}|[2-8]\d{6,7}|1\d{4}|12\d{3})", re.ASCII)
_BETWEEN_PHONES = re.compile(r"[、,;/|\n\r\t]+|或|和|\s{2,}")
_NOT_DIALLED = re.compile(r"\([^)]*[^\d)-][^)]*\)|(?:转|分机|ext\.?)\d+$|[\u4e00-\u9fff:]+")
_PUNCTUATION = re.compile(r"[\s().·*#-]+")


def check_digit(seventeen: str) -> str:
    """The check character of the first 17 digits."""
    return _CHECKS[(sum(map(mul, _WEIGHTS, seventeen.encode("ascii"))) - _OFFSET) % 11]


@lru_cache(maxsize=65_536)
def _is_day(eight: str) -> bool:
    try:
        return date(int(eight[:4]), int(eight[4:6]), int(eight[6:])).year >= EARLIEST_BIRTH
    except ValueError:
        return False


def birth_date(number: str) -> str | None:
    """What an 18-character ID number says of the birth date, ISO; None for any other document."""
    if len(number) != 18 or not _EIGHTEEN.fullmatch(number) or not _is_day(number[6:14]):
        return None
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}"


def sex(number: str) -> str:
    """`1` male, `2` female (GB/T 2261.1) of a number that `birth_date` knows."""
    return "21"[int(number[16]) % 2]


def id_number(cell: str | Typed) -> Outcome:
    """An ID number of 18 characters.

    A number cell is lost whatever its check digit says: Excel keeps 15 digits, and about one in eleven
    of the ruined numbers still passes. Residence permits (81, 82, 83) follow the same rule. 15-digit
    numbers become 18-digit ones with a warning. The division is never looked at.
    """
    if isinstance(cell, Typed):
        return None, "id.numeric_cell" if cell.is_number else "id.length"
    number = cell
    if not _EIGHTEEN.fullmatch(number):
        number = _HYPHENS.sub("", _QUOTES.sub("", compact(cell))).upper()
        if not number or number in ABSENT_WORDS or cell.strip() in ABSENT_MARKS:
            return NOTHING
        if _SCIENTIFIC.fullmatch(number):
            return None, "id.numeric_cell"
        if "*" in number:
            return None, "id.masked"
        if len(number) == 15 and number.isascii() and number.isdigit():
            return _from_fifteen(number)
        if len(number) != 18:
            return None, "id.length"
        if not _EIGHTEEN.fullmatch(number):
            return None, "id.checksum"
    if check_digit(number[:17]) != number[17]:
        return None, "id.checksum"
    return (number, None) if _is_day(number[6:14]) else (None, "id.birth_impossible")


def _from_fifteen(number: str) -> Outcome:
    seventeen = f"{number[:6]}19{number[6:]}"
    if not _is_day(seventeen[6:14]):
        return None, "id.birth_impossible"
    return seventeen + check_digit(seventeen), "id.fifteen_digits"


def other_document(cell: str | Typed) -> Outcome:
    """The number of a passport or the like: folded, never checked."""
    if isinstance(cell, Typed):
        return None, "id.numeric_cell"
    number = _QUOTES.sub("", compact(cell)).upper()
    return (None if not number or number in ABSENT_WORDS else number), None


def disability_no(cell: str | Typed) -> Outcome:
    """A disability certificate's 20 characters: the holder's ID number, category and grade."""
    if isinstance(cell, Typed):
        return None, "id.numeric_cell" if cell.is_number else "disability.format"
    number = _HYPHENS.sub("", _QUOTES.sub("", compact(cell))).upper()
    if not number or number in ABSENT_WORDS or cell.strip() in ABSENT_MARKS:
        return NOTHING
    found = _CERTIFICATE.fullmatch(number)
    if not found:
        return None, "id.masked" if "*" in number else "disability.format"
    holder, problem = id_number(found[1])
    return (None if holder is None else f"{holder}{found[2]}"), problem


def credit_check(seventeen: str) -> str:
    """The check character of a credit code's first 17 (GB 32100). KeyError for a sign that no code has."""
    total = sum(weight * _CREDIT_VALUES[sign] for weight, sign in zip(_CREDIT_WEIGHTS, seventeen, strict=True))
    return _CREDIT_SIGNS[-total % 31]


def credit_code(cell: str | Typed) -> Outcome:
    """A unified social credit code of 18 characters; a number cell has lost its tail."""
    if isinstance(cell, Typed):
        return None, "text.numeric_cell" if cell.is_number else "credit.length"
    code = _HYPHENS.sub("", _QUOTES.sub("", compact(cell))).upper()
    if not code or code in ABSENT_WORDS or cell.strip() in ABSENT_MARKS:
        return NOTHING
    if len(code) != 18:
        return None, "credit.length"
    holds = all(sign in _CREDIT_VALUES for sign in code) and credit_check(code[:17]) == code[17]
    return (code, None) if holds else (None, "credit.checksum")


def phone(cell: str | Typed) -> Outcome:
    """A telephone number, or several joined by `、` in their order; 无 and the like are nothing.

    Digits only: no +86, no separators; a landline keeps its area code where one is written.
    """
    text = cell if isinstance(cell, str) else cell.text
    if _MOBILE.fullmatch(text):
        return text, None
    folded = text.replace("，", ",").replace("；", ";").replace("／", "/").replace("（", "(").replace("）", ")")
    readable: list[str] = []
    unreadable = 0
    for part in _BETWEEN_PHONES.split(folded):
        for number in _numbers(part):
            if number is None:
                unreadable += 1
            elif number not in readable:
                readable.append(number)
    problem = "phone.unreadable" if unreadable else None
    return "、".join(readable) or None, problem


def _numbers(part: str) -> list[str | None]:
    """The numbers of one part: None stands for an unreadable one."""
    if compact(part) in ABSENT_WORDS | {"", "0"} or part.strip() in ABSENT_MARKS:
        return []
    if found := _dialled(part):
        return [found]
    pieces = [piece for piece in part.split() if piece]
    found_pieces = [_dialled(piece) for piece in pieces]
    return found_pieces if len(pieces) > 1 and any(found_pieces) else [None]


def _dialled(text: str) -> str | None:
    digits = _PUNCTUATION.sub("", _NOT_DIALLED.sub("", compact(text)))
    found = _PHONE.fullmatch(digits)
    return found[1] if found else None
