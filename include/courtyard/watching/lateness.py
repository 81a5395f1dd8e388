"""When a source's next delivery is due, and how long residents may be silent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from croniter import croniter

from courtyard.district.models import District, SourceSpec
from courtyard.district.watch import Silence
from courtyard.district.working_time import Span, WorkingTime
from courtyard.period import SHANGHAI, Period

LOOKED_BACK = timedelta(days=400)


@dataclass(frozen=True)
class Due:
    """A period of a source that should have landed by a moment: when it is fetched, and when it counts as late."""

    period: Period
    fetched_at: datetime
    late_at: datetime


def keeps_coming(spec: SourceSpec) -> bool:
    """Whether deliveries arrive on any day: a cron without a day of the month."""
    return spec.schedule.split()[2] == "*"


def is_asked(spec: SourceSpec) -> bool:
    """Whether somebody is asked for it: what the office's own desk hands in comes when somebody decides."""
    return spec.transport != "desk"


def due(district: District, spec: SourceSpec, at: datetime) -> list[Due]:
    """The last periods that are late unless they have landed, newest first: a year's, from the office's first quarter on."""
    if keeps_coming(spec) or not is_asked(spec):
        return []
    found: list[Due] = []
    period = Period.of(spec.cadence, at.astimezone(SHANGHAI)).previous()
    first = max(Period.quarter(district.office.first_quarter).start, at.date() - LOOKED_BACK)
    while period.start >= first:
        one = _due_of(district, spec, period)
        found += [one] if one.late_at <= at else []
        period = period.previous()
    return found


def _due_of(district: District, spec: SourceSpec, period: Period) -> Due:
    fetched_at = croniter(spec.schedule, period.end_at - timedelta(seconds=1)).get_next(datetime)
    tolerance = Span.parse(district.watch.late_after(spec.source))
    return Due(period, fetched_at, WorkingTime(district.office.calendar).after(fetched_at, tolerance))


@dataclass(frozen=True)
class Silent:
    """For how long nobody reports, and what the longest pause before was."""

    lasts: timedelta
    longest: timedelta

    @property
    def words(self) -> str:
        return f"已连续 {_days(self.lasts)}没有居民上报，此前最长间隔为 {_days(self.longest)}"


def silent(reported_at: Sequence[datetime], at: datetime, rules: Silence) -> Silent | None:
    """Whether the pause since the last report is unusually long; None where too little is known."""
    moments = sorted(moment for moment in reported_at if moment <= at)
    if not moments:
        return None
    since = moments[-1] - timedelta(days=rules.history_days)
    recent = [moment for moment in moments if moment >= since]
    if len(recent) < rules.least_reports:
        return None
    longest = max((later - earlier for earlier, later in pairwise(recent)), default=timedelta())
    lasts = at - recent[-1]
    most = max(longest * rules.times, timedelta(hours=rules.least_hours))
    return Silent(lasts, longest) if lasts > most else None


def _days(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours / 24:.0f} 天" if hours >= 48 else f"{hours:.0f} 小时"
