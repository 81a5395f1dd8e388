"""What an address asks for, read or refused in Chinese."""

from __future__ import annotations

from courtyard.boards.refusal import Refused
from courtyard.errors import UsageError
from courtyard.period import Period


def quarter(text: str) -> Period:
    """The quarter that an address names; Refused(404) for anything else."""
    found = period(text)
    if found.kind != "quarter":
        raise Refused(404, "网址里的季度无法读取。", "请写成 2026Q3 这样的季度。")
    return found


def period(text: str) -> Period:
    """The period that an address names; Refused(404) for anything else."""
    try:
        return Period.parse(text)
    except UsageError:
        raise Refused(404, "网址里的所属期无法读取。", "请写成 2026Q3 或 2026-07 这样的所属期。") from None
