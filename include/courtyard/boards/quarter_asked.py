"""The quarter that an address names: one that has begun and that the office keeps."""

from __future__ import annotations

from datetime import date

from courtyard.boards.refusal import Refused
from courtyard.district.office import Office
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.submissions.cycle import Cycle


def asked(office: Office, text: str, day: date) -> Period:
    """The quarter; Refused(400) for what is no quarter, Refused(404) for one that the office does not have on a day."""
    first, last = Period.quarter(office.first_quarter), Period.of("quarter", day)
    choose = f"请从季度看板的总览里选，可选 {first} 至 {last}。"
    try:
        quarter = Period.quarter(text)
    except UsageError:
        raise Refused(400, f"没有“{text[:20]}”这个季度。", f"一年有四个季度，写作 {last} 这样。{choose}") from None
    if quarter > last:
        begins = f"{quarter.start.year}年{quarter.start.month}月1日"
        raise Refused(404, f"{quarter.title}还没有开始。", f"它从{begins}开始。{choose}")
    if quarter < first:
        raise Refused(
            404, f"{quarter.title}早于本街道建档。", f"本街道从{first.title}起建档，更早的数据不在系统里。{choose}"
        )
    return quarter


def all_until(office: Office, day: date) -> list[Period]:
    """Every quarter that has begun on a day, newest first."""
    found = [Period.quarter(office.first_quarter)]
    while found[-1].end <= day:
        found.append(found[-1].next())
    return found[::-1]


def newest(office: Office, day: date) -> Period:
    """The newest quarter whose collection has begun on a day; the office's first one before any has."""
    quarters = all_until(office, day)
    begun = (quarter for quarter in quarters if Cycle.of(quarter, office.grid_cycle).issued_on <= day)
    return next(begun, quarters[-1])
