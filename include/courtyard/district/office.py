"""The office itself: `district.yaml`, and the registers of units, courtyards, names, posts and contacts."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen
from courtyard.district.working_time import Calendar, WorkingTime
from courtyard.period import Period


class GridCycle(Frozen):
    """The days of a quarter's collection, counted from the quarter's last day.

    Workbooks are issued `issued_before` days before it; they are due `due_after` days after it and the
    quarter is frozen `frozen_after` days after it. Reminders go out that many days before and after the
    due date.
    """

    issued_before: int = Field(ge=0, le=90)
    due_after: int = Field(ge=0, le=90)
    frozen_after: int = Field(ge=0, le=180)
    remind_before_due: tuple[int, ...] = ()
    remind_after_due: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _frozen_after_due(self) -> GridCycle:
        if self.frozen_after < self.due_after:
            raise ValueError("frozen_after comes before due_after")
        return self

    def issued_on(self, period: Period) -> date:
        """The day a quarter's workbooks go out; from then until the next issue its collection runs."""
        return period.last_day - timedelta(days=self.issued_before)


class DeskRules(Frozen):
    """How many working days a department has to settle what only it can settle."""

    department_days: int = Field(10, ge=1, le=250)


class Office(Frozen):
    """`district.yaml`: the street office and its thresholds.

    `answering` orders the posts of a kind of unit: the first that is held answers for the unit, the next
    one deputises, and when all are vacant the unit above answers. At the top it is the `preparer`. Counts below
    `small_count` are not shown in a report's view of counts. `calendar` says when the office works.
    `letter_mark` is the 机关代字 of its letters, before the year: 某某办函.
    """

    street_code: str = Field(pattern=r"^\d{9}$")
    name: str
    short_name: str
    province: str
    city: str
    city_district: str
    first_quarter: str = Field(pattern=r"^\d{4}Q[1-4]$")
    preparer: str
    reviewer: str
    letter_mark: str = "办函"
    shrink_hold_share: float = Field(gt=0, lt=1)
    dibao_standard_yuan: int = Field(gt=0)
    small_count: int = Field(5, ge=2, le=50)
    grid_cycle: GridCycle
    calendar: Calendar = Calendar()
    desk: DeskRules = DeskRules()
    answering: dict[Literal["street", "community", "grid"], tuple[str, ...]] = Field({})

    @cached_property
    def working_time(self) -> WorkingTime:
        return WorkingTime(self.calendar)

    def settle_by(self, since: date) -> date:
        """The day by which a department has to settle what it was asked on a day."""
        return self.working_time.due_on(since, self.desk.department_days)


class Unit(Frozen):
    """A row of `units.csv`; `valid_to` is exclusive, None while the unit exists."""

    code: str
    name: str
    kind: Literal["street", "community", "grid", "micro_grid"]
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None


class Courtyard(Frozen):
    """A row of `courtyards.csv`.

    Coordinates are WGS-84 degrees within China, so that swapped ones are noticed. `units` is per
    building, `rooms` per floor and unit.
    """

    code: str
    name: str
    micro_grid_code: str
    road: str
    door: str
    lon: float = Field(ge=73, le=136)
    lat: float = Field(ge=3, le=54)
    buildings: int = Field(ge=1)
    units: int = Field(ge=1)
    floors: int = Field(ge=1)
    rooms: int = Field(ge=1)
    households: int = Field(ge=1)
    built_year: int


class Alias(Frozen):
    """A row of `aliases.csv`: another name of a courtyard and when it was in use."""

    courtyard_code: str
    alias: str
    kind: Literal["former", "compound", "door"]
    valid_from: date | None = None
    valid_to: date | None = None


class CourtyardChange(Frozen):
    """A row of `changes.csv`: from `on`, its first day, a courtyard has another name, is part of another, or is two.

    `buildings` are the numbers of those that go over, `3 4`, or `1=4 2=5` where they get new numbers; of a merged
    courtyard all. A renamed courtyard's `to_code` is its own.
    """

    on: date
    kind: Literal["renamed", "merged", "split"]
    from_code: str
    to_code: str
    former_name: str | None = None
    buildings: str | None = Field(None, pattern=r"^\d{1,3}(=\d{1,3})?( \d{1,3}(=\d{1,3})?)*$")

    @property
    def numbers(self) -> dict[str, str]:
        """The number of each building named before and after the change."""
        pairs = (part.partition("=") for part in (self.buildings or "").split())
        return {str(int(old)): str(int(new or old)) for old, _, new in pairs}


class Post(Frozen):
    """A row of `posts.csv`: who holds which post; facts belong to the post, not the holder."""

    unit_code: str
    post: str
    holder: str
    valid_from: date
    valid_to: date | None = None


class Contact(Frozen):
    """A row of `contacts.csv`: where a post of a unit is told something.

    `address` is a post's mail address, never a person's; of a webhook, the id of the connection that holds it.
    """

    unit_code: str
    channel: Literal["mail", "wecom", "dingtalk"]
    address: str
    valid_from: date
    valid_to: date | None = None


class CodeList(Frozen):
    """`codes/<list>.yaml`: code -> its label, then other spellings."""

    codes: str
    title: str
    basis: str
    values: dict[str, tuple[str, ...]]
