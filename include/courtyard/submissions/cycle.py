"""The calendar of a quarter's collection: when workbooks go out, are due, and the quarter is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from courtyard.district.models import GridCycle
from courtyard.period import Period

State = Literal["not_open", "open", "overdue", "frozen"]

STATE_TITLES: dict[str, str] = {
    "not_open": "未开始",
    "open": "采集中",
    "overdue": "已过截止日",
    "frozen": "已冻结",
}


@dataclass(frozen=True)
class Cycle:
    """The days of one quarter's collection, all of them Asia/Shanghai and inclusive.

    Workbooks go out on `issued_on` and are due by the end of `due_on`; what comes by the end of
    `frozen_on` is late, what comes after it is a restatement.
    """

    period: Period
    issued_on: date
    due_on: date
    frozen_on: date

    @classmethod
    def of(cls, period: Period, rules: GridCycle) -> Cycle:
        """The days that the district's rules give a quarter."""
        last = period.last_day
        return cls(
            period,
            rules.issued_on(period),
            last + timedelta(days=rules.due_after),
            last + timedelta(days=rules.frozen_after),
        )

    def state_on(self, day: date) -> State:
        """`not_open` before the issue, `open` up to the due date, `overdue` up to the freeze, then `frozen`."""
        if day < self.issued_on:
            return "not_open"
        if day <= self.due_on:
            return "open"
        return "overdue" if day <= self.frozen_on else "frozen"

    def span(self, state: State) -> tuple[date | None, date | None]:
        """The first and the last day of a state; None where it has no beginning or no end."""
        day = timedelta(days=1)
        return {
            "not_open": (None, self.issued_on - day),
            "open": (self.issued_on, self.due_on),
            "overdue": (self.due_on + day, self.frozen_on),
            "frozen": (self.frozen_on + day, None),
        }[state]

    def days_late(self, day: date) -> int:
        """How many days after the due date; 0 for one that is in time."""
        return max(0, (day - self.due_on).days)

    def why(self, day: date) -> str:
        """Why a submission of that day is or is not in time, in one sentence."""
        title = self.period.title
        return {
            "not_open": f"{title}的采集从{self.issued_on}开始，现在还没有到",
            "open": f"{title}正在采集，{self.due_on}截止",
            "overdue": f"{title}的采集已于{self.due_on}截止，过了{self.days_late(day)}天，{self.frozen_on}冻结",
            "frozen": f"{title}已于{self.frozen_on}冻结",
        }[self.state_on(day)]

    def remedy(self, day: date) -> str:
        """What a grid may still do on that day."""
        return {
            "not_open": f"请等{self.issued_on}下发采集表后再填报",
            "open": f"请在{self.due_on}前报送",
            "overdue": "请尽快补报，补报会记为迟报",
            "frozen": "仍可补报或更正，会作为更正数重新发布，原报表保留",
        }[self.state_on(day)]
