"""Periods of the street office's calendar: `2026Q3`, `2026-07`, `2026H2`, `2026`, `2026-W30`.

Every boundary is midnight in Asia/Shanghai; `end` is exclusive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from courtyard.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
Kind = Literal["year", "half", "quarter", "month", "week"]

_SPELLINGS: tuple[tuple[Kind, re.Pattern[str], int], ...] = (
    ("year", re.compile(r"(\d{4})"), 1),
    ("half", re.compile(r"(\d{4})H([12])"), 2),
    ("quarter", re.compile(r"(\d{4})Q([1-4])"), 4),
    ("month", re.compile(r"(\d{4})-(\d{2})"), 12),
    ("week", re.compile(r"(\d{4})-W(\d{2})"), 53),
)
_MONTHS_IN: dict[str, int] = {"year": 12, "half": 6, "quarter": 3, "month": 1}


@dataclass(frozen=True, order=True)
class Period:
    """One period. Ordering is by year, then index, and only means something within one kind."""

    year: int
    index: int
    kind: Kind

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read a period's spelling; raises UsageError that shows the accepted forms."""
        for kind, pattern, most in _SPELLINGS:
            found = pattern.fullmatch(text.strip())
            if not found:
                continue
            year = int(found[1])
            index = int(found[2]) if kind != "year" else 1
            weeks_ok = kind != "week" or index <= date(year, 12, 28).isocalendar().week if year else False
            if 0 < year < date.max.year and 1 <= index <= most and weeks_ok:
                return cls(year, index, kind)
        raise UsageError(f"'{text}' is not a period.", "Write 2026Q3, 2026-07, 2026H2, 2026 or 2026-W30.")

    @classmethod
    def quarter(cls, text: str) -> Period:
        """Read a quarter; raises UsageError for any other kind of period."""
        period = cls.parse(text)
        if period.kind != "quarter":
            raise UsageError(f"'{text}' is not a quarter.", "Write a quarter such as 2026Q3.")
        return period

    @classmethod
    def of(cls, kind: Kind, day: date) -> Period:
        """The period of this kind that holds the day; a datetime counts by its Shanghai date."""
        if isinstance(day, datetime):
            day = day.astimezone(SHANGHAI).date()
        if kind == "week":
            year, week, _ = day.isocalendar()
            return cls(year, week, kind)
        return cls(day.year, (day.month - 1) // _MONTHS_IN[kind] + 1, kind)

    def __str__(self) -> str:
        match self.kind:
            case "year":
                return f"{self.year}"
            case "half":
                return f"{self.year}H{self.index}"
            case "quarter":
                return f"{self.year}Q{self.index}"
            case "month":
                return f"{self.year}-{self.index:02d}"
            case _:
                return f"{self.year}-W{self.index:02d}"

    @property
    def title(self) -> str:
        """The period as a Chinese form writes it."""
        match self.kind:
            case "year":
                return f"{self.year}年"
            case "half":
                return f"{self.year}年{'上下'[self.index - 1]}半年"
            case "quarter":
                return f"{self.year}年第{'一二三四'[self.index - 1]}季度"
            case "month":
                return f"{self.year}年{self.index}月"
            case _:
                return f"{self.year}年第{self.index}周"

    @property
    def start(self) -> date:
        if self.kind == "week":
            return date.fromisocalendar(self.year, self.index, 1)
        return date(self.year, (self.index - 1) * _MONTHS_IN[self.kind] + 1, 1)

    @property
    def end(self) -> date:
        """The first day after the period."""
        return self.next().start

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    @property
    def start_at(self) -> datetime:
        return datetime.combine(self.start, time(), SHANGHAI)

    @property
    def end_at(self) -> datetime:
        return datetime.combine(self.end, time(), SHANGHAI)

    def _shift(self, step: int) -> Period:
        if self.kind == "week":
            return Period.of("week", self.start + timedelta(weeks=step))
        per_year = 12 // _MONTHS_IN[self.kind]
        count = self.year * per_year + self.index - 1 + step
        return Period(count // per_year, count % per_year + 1, self.kind)

    def next(self) -> Period:
        return self._shift(1)

    def previous(self) -> Period:
        return self._shift(-1)

    def parts(self, kind: Kind) -> list[Period]:
        """The periods of a kind that end in this one, in order (a year's end in its last quarter)."""
        found: list[Period] = []
        part = Period.of(kind, self.start)
        while part.end <= self.end:
            if part.end > self.start:
                found.append(part)
            part = part.next()
        return found
