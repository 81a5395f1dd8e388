"""How typed values are written in staging, and what two of them have in common.

Attributes stand in staging as text: dates keep the precision they were given with (`2024-03`),
so two dates are compared as far as both are known and no day is ever invented.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from courtyard.period import SHANGHAI

# `\Z`, not `$`: pandas can then use RE2, and a text that ends in a newline does not pass.
DATE = r"^(?:1[89]|2[01])[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?\Z"
DATETIME = (
    r"^(?:1[89]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    r"(?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])\Z"
)
AGE = rf"^[0-9]{{1,3}}(?:@{DATE[1:-2]})?\Z"  # with the day it was counted on
INTEGER = r"^-?[0-9]{1,18}\Z"
DECIMAL = r"^-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:E[+-]?[0-9]{1,2})?\Z"
SEXES = ("1", "2")  # GB/T 2261.1: 1 male, 2 female; 0 and 9 say that it is not known
MICROSECONDS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_text(value: object) -> str | None:
    """A value of staged attributes as `attrs ->> 'column'` gives it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def is_written_as(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def number(text: str) -> float | None:
    """A written number; None for anything else."""
    return float(text) if is_written_as(DECIMAL, text) else None


def day_number(text: str, missing: str) -> int:
    """`2024-03` as 20240300 or 20240399: absent parts count as `missing` ("0" or "9")."""
    return int(text.replace("-", "").ljust(8, missing))


def common_precision(left: str, right: str) -> tuple[int, int]:
    """Two dates as numbers, cut to what both of them know."""
    known = min(len(left), len(right))
    return int(left[:known].replace("-", "")), int(right[:known].replace("-", ""))


def instant(text: str) -> int | None:
    """A date-time as microseconds since 1970; None when the calendar has no such day."""
    moment = _moment(text)
    if moment is None:
        return None
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds


def shanghai_day(text: str) -> str | None:
    """The date on the street's calendar of a date-time."""
    moment = _moment(text)
    return moment and moment.astimezone(SHANGHAI).date().isoformat()


def _moment(text: str) -> datetime | None:
    if not is_written_as(DATETIME, text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
