"""When the office works: working days with 调休, working hours, and spans of time counted in them.

The State Council's calendar comes from the package `chinesecalendar`; `calendar` of district.yaml is read before it. For
years that neither knows, Monday to Friday are working days but for the holidays of fixed date: an assumption that
`WorkingTime.is_assumed` tells, so that a clock crosses New Year before the calendar is out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import chinese_calendar
from pydantic import AfterValidator, Field, model_validator

from courtyard.district.frozen import Frozen
from courtyard.period import SHANGHAI

Unit = Literal["minutes", "hours", "days", "working_hours", "working_days"]
UNITS: dict[Unit, str] = {
    "minutes": "分钟",
    "hours": "小时",
    "days": "天",
    "working_hours": "工作时",
    "working_days": "工作日",
}
# 元旦, 劳动节 and 国庆节 stand on the same dates every year (全国年节及纪念日放假办法, 2024).
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_SATURDAY = 5
_WRITTEN = re.compile(rf"(\d{{1,4}}) ({'|'.join(UNITS)})")


class Span(NamedTuple):
    """A length of time: `2 working_days`, `30 minutes`."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, written: str) -> Span:
        """Read `<count> <unit>`; ValueError for anything else."""
        found = _WRITTEN.fullmatch(written)
        if found is None:
            raise ValueError(f"is not a span such as '2 working_days'; units are {', '.join(UNITS)}")
        return cls(int(found[1]), found[2])  # type: ignore[arg-type]

    @property
    def title(self) -> str:
        """As it is told: 2个工作日."""
        return f"{self.count}{'个' if self.unit in ('working_hours', 'working_days') else ''}{UNITS[self.unit]}"


def _checked(written: str) -> str:
    Span.parse(written)
    return written


SpanText = Annotated[str, AfterValidator(_checked)]
"""A span as the pack writes it."""


class Hours(Frozen):
    """One stretch of the working day, `from` 09:00 `to` 12:00."""

    begins: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    ends: str = Field(alias="to", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")

    @model_validator(mode="after")
    def _forward(self) -> Hours:
        if self.ends <= self.begins:
            raise ValueError("to is not after from")
        return self

    @property
    def times(self) -> tuple[time, time]:
        return time.fromisoformat(self.begins), time.fromisoformat(self.ends)


class Calendar(Frozen):
    """`calendar` of district.yaml: the hours of a working day, and days on which the national calendar does not hold.

    `days_off` are days without work and `days_worked` worked ones: the city's own, or those of a year that the
    package does not know yet.
    """

    hours: tuple[Hours, ...] = Field(
        default=(Hours(**{"from": "09:00", "to": "12:00"}), Hours(**{"from": "13:00", "to": "17:00"})), min_length=1
    )
    days_off: frozenset[date] = frozenset()
    days_worked: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _in_order(self) -> Calendar:
        if any(later.begins < earlier.ends for earlier, later in zip(self.hours, self.hours[1:], strict=False)):
            raise ValueError("hours overlap or stand out of order")
        if self.days_off & self.days_worked:
            raise ValueError("days_worked names a day that is in days_off")
        return self


@lru_cache(maxsize=8192)
def _national(day: date) -> bool | None:
    """Whether the national calendar has a day as worked; None for a year that it does not know."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return None


class WorkingTime:
    """The office's working time. Moments may bear any zone; what comes out is in Asia/Shanghai."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._stretches = tuple(stretch.times for stretch in calendar.hours)
        self._known_years = {day.year for day in calendar.days_off | calendar.days_worked}

    def is_working_day(self, day: date) -> bool:
        if day in self._calendar.days_worked:
            return True
        if day in self._calendar.days_off:
            return False
        national = _national(day)
        if national is not None:
            return national
        return day.weekday() < _SATURDAY and (day.month, day.day) not in FIXED_HOLIDAYS

    def is_assumed(self, day: date) -> bool:
        """Whether no calendar says how a day is, so that Monday to Friday are taken as worked."""
        return _national(day) is None and day.year not in self._known_years

    def is_open(self, moment: datetime) -> bool:
        """Whether the office works at a moment."""
        local = moment.astimezone(SHANGHAI)
        return self.is_working_day(local.date()) and any(
            begins <= local.time() < ends for begins, ends in self._stretches
        )

    def due_on(self, since: date, days: int) -> date:
        """The last of so many working days, counted from the day after `since`."""
        day, left = since, days
        while left:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return day

    def after(self, start: datetime, span: Span) -> datetime:
        """The moment when a span that starts at `start` has run out.

        Working days end with the last one's office hours, counted from the day after `start`; working hours stand
        still outside office hours; the other units run day and night.
        """
        match span.unit:
            case "working_days":
                last = self.due_on(start.astimezone(SHANGHAI).date(), span.count)
                return datetime.combine(last, self._stretches[-1][1], SHANGHAI)
            case "working_hours":
                return self._after_hours(start, timedelta(hours=span.count))
            case unit:
                return (start + timedelta(**{unit: span.count})).astimezone(SHANGHAI)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments."""
        total, moment = timedelta(), end.astimezone(SHANGHAI)
        for begins, ends in self._open_from(start):
            if begins >= moment:
                break
            total += min(ends, moment) - begins
        return total

    def stretches(self, since: date, until: date) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time from one day on, up to another, exclusive."""
        for begins, ends in self._open_from(datetime.combine(since, time(), SHANGHAI)):
            if begins.date() >= until:
                break
            yield begins, ends

    def _after_hours(self, start: datetime, left: timedelta) -> datetime:
        for begins, ends in self._open_from(start):
            if left <= ends - begins:
                return begins + left
            left -= ends - begins
        raise AssertionError("working time never ends")

    def _open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of working time from a moment on, the running one from that moment."""
        local = start.astimezone(SHANGHAI)
        day = local.date()
        while True:
            if self.is_working_day(day):
                for begins, ends in self._stretches:
                    since, until = (datetime.combine(day, at, SHANGHAI) for at in (begins, ends))
                    if until > local:
                        yield max(since, local), until
            day += timedelta(days=1)
