"""Persons, where they stayed and the groups they belong to: the truth as versions.

Every interval is half-open, [valid_from, valid_to); `valid_to` is None while it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple


class Dwelling(NamedTuple):
    """`courtyard` is the index among those in use at the sample's end; `room` is floor and door, such as 501."""

    courtyard: int
    building: int
    unit: int
    room: int


class Spot(NamedTuple):
    """A place as the register of a day knows it; empty where a row speaks of no place, or of no room."""

    courtyard_code: str = ""
    building: int | str = ""
    unit: int | str = ""
    room: int | str = ""


NOWHERE = Spot()


@dataclass(slots=True)
class Stay:
    """A person in a household at a place."""

    valid_from: date
    valid_to: date | None
    household: int
    relation: str
    dwelling: Dwelling

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(slots=True)
class Person:
    """`name` is the last one, `former` what came before as (day until which it held, name).

    `died` is the first day without the person; `withheld` is an ID number that no source knows.
    """

    no: int
    name: str
    sex: str
    birth: date
    id_number: str
    document: str
    ethnicity: str
    phone: str
    residence_type: str
    split: bool
    hukou_address: str
    stays: list[Stay] = field(default_factory=list)
    former: list[tuple[date, str]] = field(default_factory=list)
    died: date | None = None
    withheld: bool = False
    twin: int | None = None
    namesake: int | None = None
    father: int | None = None
    mother: int | None = None

    @property
    def person_id(self) -> str:
        return f"P{self.no:07d}"

    def stay_on(self, day: date) -> Stay | None:
        """Where the person stayed on this day, None outside the street."""
        for stay in reversed(self.stays):
            if stay.valid_from <= day:
                return stay if stay.valid_to is None or day < stay.valid_to else None
        return None

    def gone_since(self, day: date) -> date | None:
        """The first day without somebody who was here before and is not on this day."""
        last = next((s for s in reversed(self.stays) if s.valid_from <= day), None)
        return last.valid_to if last and last.valid_to and last.valid_to <= day else None

    def name_on(self, day: date) -> str:
        return next((name for until, name in self.former if day < until), self.name)

    def age_on(self, day: date) -> int:
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


@dataclass(slots=True)
class Household:
    """The people at one door; `members` are those who stay now."""

    no: int
    dwelling: Dwelling
    residence_type: str
    members: list[int] = field(default_factory=list)

    @property
    def household_no(self) -> str:
        return f"H{self.no:07d}"


@dataclass(slots=True)
class Membership:
    """A person in a key group. `kind` is the group's own code, `facts` what its roster also says."""

    person: int
    group: str
    kind: str
    valid_from: date
    valid_to: date | None
    facts: dict[str, Any]

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(slots=True)
class Benefit:
    """A household's low-income benefit; `amounts` are (first month, fen a month for the household)."""

    no: str
    household: int
    head: int
    category: str
    benefit_class: str
    cause: str
    start: date
    covered: list[int]
    amounts: list[tuple[date, int]]

    def amount_on(self, day: date) -> int:
        """Fen a month: the last amount set by then."""
        return [amount for since, amount in self.amounts if since <= day][-1]
