"""Whole numbers and exact decimals."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from courtyard.parsing.cells import Typed
from courtyard.parsing.text import ABSENT_WORDS, Outcome, compact

MOST = 2**63 - 1  # what PostgreSQL's bigint holds
_PLAIN = re.compile(r"\d{1,9}", re.ASCII)
_UNIT = re.compile(r"(?<=\d)(?:人|户|元|岁|个|名|口|间|栋|条|次)(?:整)?$")
_CURRENCY = re.compile(r"^[¥￥]|^RMB", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
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
