"""Whole numbers, exact decimals, numbers in a unit, and ages."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from courtyard.parsing import units
from courtyard.parsing.cells import Typed
from courtyard.parsing.dates import chinese_number
from courtyard.parsing.text import ABSENT_WORDS, NOTHING, Outcome, compact

MOST = 2**63 - 1  # what PostgreSQL's bigint holds
_PLAIN = re.compile(r"\d{1,9}", re.ASCII)
_UNIT = re.compile(r"(?<=\d)(?:人|户|元|岁|个|名|口|间|栋|条|次)(?:整)?$")
_CURRENCY = re.compile(r"^[¥￥]|^RMB", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_OWN_UNIT = re.compile(r"(?<=[\d.])(?P<unit>[^\d.,eE+-]{1,6}?)整?$")
_AGE = re.compile(r"(\d{1,3})(?:周?岁)?", re.ASCII)
_MONTHS_OLD = re.compile(r"(\d{1,2})个?月(?:龄|大)?", re.ASCII)
_CHINESE_AGE = re.compile(r"^([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=周?岁?$)")
OLDEST = 130
_CHINESE = {c: n for n, c in enumerate("零一二三四五六七八九十")}


def decimal(cell: str | Typed) -> Outcome:
    """An exact decimal as it was written, without separators: `1,234.50` -> `1234.50`."""
    value, problem = _decimal(cell)
    return (None if value is None else format(value, "f")), problem


def integer(cell: str | Typed) -> Outcome:
    """A whole number; `3.0` is one, `3.5` is not."""
    if isinstance(cell, str) and _PLAIN.fullmatch(cell):
        return int(cell), None
    value, problem = _decimal(cell)
    if value is None:
        return None, problem
    return (int(value), None) if value == value.to_integral_value() else (None, "number.unreadable")


def measured(cell: str | Typed, written: str, kept: str, is_whole: bool) -> Outcome:
    """A number written in one unit as it counts in another of its kind, exactly: 0.093 in 万元 is 930 in 元.

    A unit in the cell itself (`930元`) comes before the column's; one of another kind makes it unreadable.
    """
    if isinstance(cell, str) and (own := _OWN_UNIT.search(text := compact(cell))):
        cell, written = text[: own.start()], own["unit"]
    factor = units.factor(written, kept)
    if factor is None:
        return None, "number.unreadable"
    if factor == 1:
        return integer(cell) if is_whole else decimal(cell)
    value, problem = _decimal(cell)
    if value is None:
        return None, problem
    value = value * factor
    if abs(value) > MOST:
        return None, "number.out_of_range"
    if is_whole:
        return (int(value), None) if value == value.to_integral_value() else (None, "number.unreadable")
    return format(value.normalize(), "f"), None


def age(cell: str | Typed, as_of: date | None = None) -> Outcome:
    """Completed years with the day they were counted on, `35@2026-09-30`: an age without its day ages."""
    if isinstance(cell, Typed) and not cell.is_number:
        return None, "number.unreadable"
    text = compact(cell if isinstance(cell, str) else cell.text).removesuffix(".0")
    if not text or text in ABSENT_WORDS:
        return NOTHING
    text = _CHINESE_AGE.sub(lambda found: chinese_number(found[1]), text)
    if found := _MONTHS_OLD.fullmatch(text):
        years = int(found[1]) // 12
    elif found := _AGE.fullmatch(text):
        years = int(found[1])
    else:
        is_number = re.fullmatch(r"-?\d+(?:周?岁)?", text, re.ASCII)
        return None, "number.out_of_range" if is_number else "number.unreadable"
    if years > OLDEST:
        return None, "number.out_of_range"
    return f"{years}@{as_of.isoformat()}" if as_of else str(years), None


def _decimal(cell: str | Typed) -> tuple[Decimal | None, str | None]:
    if isinstance(cell, Typed) and not cell.is_number:
        return None, "number.unreadable"
    text = compact(cell if isinstance(cell, str) else cell.text)
    if not text or text in ABSENT_WORDS:
        return None, None
    text = _UNIT.sub("", _CURRENCY.sub("", text))
    if text in _CHINESE:
        return Decimal(_CHINESE[text]), None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        return None, "number.unreadable"
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None, "number.unreadable"
    if abs(value) > MOST or value.adjusted() < -18:
        return (Decimal(0), None) if value == 0 else (None, "number.out_of_range")
    return value, None
