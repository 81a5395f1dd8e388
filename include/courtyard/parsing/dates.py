"""Dates as people write them. The precision written is the precision kept: a month is not a day."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

from courtyard.parsing.cells import Typed
from courtyard.parsing.text import ABSENT_WORDS, NOTHING, Outcome, clean

BEIJING = timezone(timedelta(hours=8))
YEARS = range(1800, 2200)
SERIAL_OF_1904 = 1462  # days between the two systems of Excel
_FIRST_SERIAL = date(1899, 12, 31)
_LEAP_BUG = 60  # Excel's 29 February 1900 never was (kept from Lotus 1-2-3)
_LAST_SERIAL = 2_958_465
_PLAIN_SERIALS = range(10_000, 73_050)  # 1927 to 2099: what a date column may hold as a bare number

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(?<=[\d日号])[T\s]*(?:上午|下午)?\d{1,2}(?::\d{2}(?::\d{2})?|[时点](?:\d{1,2}分)?(?:\d{1,2}秒)?)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?$"
)
_WEEKDAY = re.compile(r"[(\s]*(?:星期|周)[一二三四五六日天]\)?$")
_DIGIT_CHARACTERS = ("〇○零◯O", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_CHINESE_DIGITS = str.maketrans({c: str(n) for n, same in enumerate(_DIGIT_CHARACTERS) for c in same})
_YEAR_MONTH_DAY = re.compile(r"(\d{2}|\d{4})年(?:(\d{1,2})月(?:(\d{1,2})[日号]?)?)?", re.ASCII)
_SEPARATED = re.compile(r"(\d{4})([-/.、])(\d{1,2})(?:\2(\d{1,2}))?\.?", re.ASCII)
_SHORT_YEAR = re.compile(r"'?(\d{2})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_NO_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}(?:\1\d{1,2})?|\d{1,2}月(?:\d{1,2}[日号])?", re.ASCII)
_FLOAT_MONTH = re.compile(r"(\d{4})\.(\d{1,2})", re.ASCII)
_CHINESE_PART = re.compile(r"([〇○零◯O一二三四五六七八九十廿卅元壹贰两叁肆伍陆柒捌玖拾]+)(?=[年月日号])")
_MOMENT = re.compile(
    r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})(?::|时|点)(\d{2})?分?(?::?(\d{2})秒?(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_COMPACT_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)

AMBIGUOUS: Outcome = (None, "date.ambiguous")
IMPOSSIBLE: Outcome = (None, "date.impossible")
UNREADABLE: Outcome = (None, "date.unreadable")


@dataclass(frozen=True)
class Century:
    """How a two-digit year is read: as the last such year up to `latest`, and none before `earliest`.

    Without `latest` a two-digit year stays ambiguous.
    """

    latest: int | None = None
    earliest: int = 1900


def from_serial(serial: float, epoch_1904: bool = False) -> datetime | None:
    """The moment of an Excel day number; None for 60, for less than 1 and for what lies beyond year 9999."""
    days = serial + (SERIAL_OF_1904 if epoch_1904 else 0)
    whole = int(days // 1)
    if (serial < 0 if epoch_1904 else whole < 1) or whole == _LEAP_BUG or whole > _LAST_SERIAL:
        return None
    seconds = round((days - whole) * 86_400)
    day = _FIRST_SERIAL + timedelta(days=whole - (whole > _LEAP_BUG))
    return datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)


def read_date(cell: str | Typed, century: Century = Century()) -> Outcome:
    """A date as `2024-03-01`, `2024-03` or `2024`, whatever it was written like."""
    if isinstance(cell, Typed):
        return _typed_date(cell, century)
    if found := _ISO.fullmatch(cell):
        return _iso(int(found[1]), int(found[2]), int(found[3]))
    text = unicodedata.normalize("NFKC", clean(cell)).strip("'’‘ ")
    if not text or text in ABSENT_WORDS:
        return NOTHING
    text = _WEEKDAY.sub("", _TIME.sub("", text))
    text = re.sub(r"\s+", "", text)
    return _written(_arabic(text), century)


def _written(text: str, century: Century) -> Outcome:
    if text.isascii() and text.isdigit():
        return _digits(text, century)
    if found := _YEAR_MONTH_DAY.fullmatch(text):
        return _with_year(found[1], _number(found[2]), _number(found[3]), century)
    if found := _SEPARATED.fullmatch(text):
        return _iso(int(found[1]), int(found[3]), _number(found[4]))
    if (found := _SHORT_YEAR.fullmatch(text)) and int(found[3]) <= 12 and int(found[4]) <= 31:
        return _with_year(found[1], int(found[3]), int(found[4]), century)
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(int(found[1]), int(found[3]), int(found[4]))
    return AMBIGUOUS if _NO_YEAR.fullmatch(text) else UNREADABLE


def _digits(text: str, century: Century) -> Outcome:
    """20240301, 202403, 240301, 2024, or the day number of a cell that lost its format."""
    number = int(text)
    match len(text):
        case 8:
            return _iso(number // 10_000, number // 100 % 100, number % 100)
        case 6 if number // 100 in YEARS:
            return _iso(number // 100, number % 100, None)
        case 6:
            return _with_year(text[:2], int(text[2:4]), int(text[4:]), century)
        case 4 if number in YEARS:
            return _iso(number, None, None)
        case 5 if number in _PLAIN_SERIALS:
            moment = from_serial(number)
            return (moment.date().isoformat(), None) if moment else IMPOSSIBLE
    return UNREADABLE


def _with_year(year: str, month: int | None, day: int | None, century: Century) -> Outcome:
    if len(year) == 4:
        return _iso(int(year), month, day)
    if century.latest is None:
        return AMBIGUOUS
    full = century.latest - (century.latest - int(year)) % 100
    return IMPOSSIBLE if full < century.earliest else _iso(full, month, day)


def _year_last(first: int, second: int, year: int) -> Outcome:
    """03/01/2024 may be either; with a number above 12, or two equal ones, only one reading is left."""
    if first > 12 and second <= 12:
        return _iso(year, second, first)
    if second > 12 or first == second:
        return _iso(year, first, second)
    return AMBIGUOUS


@lru_cache(maxsize=65_536)
def _iso(year: int, month: int | None, day: int | None) -> Outcome:
    if year not in YEARS:
        return IMPOSSIBLE
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return IMPOSSIBLE
    if month is None:
        return f"{year:04d}", None
    return (f"{year:04d}-{month:02d}" if day is None else f"{year:04d}-{month:02d}-{day:02d}"), None


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _arabic(text: str) -> str:
    """Chinese numerals before 年, 月, 日 and 号 as Arabic ones; other text unchanged."""
    return _CHINESE_PART.sub(lambda found: chinese_number(found[1]), text)


def chinese_number(text: str) -> str:
    """二〇二四 -> 2024, 十二 -> 12, 三十一 -> 31, 廿一 -> 21, 卅 -> 30, 元 -> 1."""
    if text == "元":
        return "1"
    text = text.replace("拾", "十").replace("廿", "二十").replace("卅", "三十")
    tens, found, ones = text.partition("十")
    if not found:
        return text.translate(_CHINESE_DIGITS)
    return str(int(tens.translate(_CHINESE_DIGITS) or 1) * 10 + int(ones.translate(_CHINESE_DIGITS) or 0))


def _typed_date(cell: Typed, century: Century) -> Outcome:
    match cell.kind:
        case "date":
            return (None, "date.unreadable") if cell.text.startswith("T") else (cell.text[:10], None)
        case "serial":
            return (_digits(cell.text, century)) if len(cell.text) == 8 and cell.text.isdecimal() else IMPOSSIBLE
        case "number" if found := _FLOAT_MONTH.fullmatch(cell.text):
            return (None, "date.float_month") if found[2] == "1" else _iso(int(found[1]), int(found[2]), None)
        case "number" if cell.text.isdecimal():
            return _digits(cell.text, century)
        case "number_1904":
            moment = from_serial(int(cell.text), epoch_1904=True) if int(cell.text) in _PLAIN_SERIALS else None
            return (moment.date().isoformat(), None) if moment else UNREADABLE
    return IMPOSSIBLE if cell.text.startswith("-") else UNREADABLE


def read_datetime(cell: str | Typed) -> Outcome:
    """A moment as ISO 8601 at +08:00, which is also assumed where no offset is written."""
    if isinstance(cell, Typed):
        if cell.kind != "date" or len(cell.text) < 10:
            return UNREADABLE
        text = cell.text
    else:
        text = unicodedata.normalize("NFKC", clean(cell))
    if not text or text in ABSENT_WORDS:
        return NOTHING
    if found := _MOMENT.fullmatch(text):
        *parts, offset = found.groups()
    elif found := _COMPACT_MOMENT.fullmatch(text):
        parts, offset = list(found.groups()), None
    else:
        return UNREADABLE
    try:
        zone = datetime.fromisoformat(f"2000-01-01T00:00{offset}").tzinfo if offset else BEIJING
        moment = datetime(*(int(part or 0) for part in parts), tzinfo=zone)
        return moment.astimezone(BEIJING).isoformat(), None
    except (ValueError, OverflowError):
        return IMPOSSIBLE
