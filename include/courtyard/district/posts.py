"""Who holds which post, and who answers for a unit on a day: there is always somebody, never a vacant post."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from courtyard.district.models import District, Post, Unit
from courtyard.errors import UsageError


@dataclass(frozen=True)
class Answering:
    """The post that answers. `holder` is '' for the office's own preparer, a department that is never vacant."""

    unit_code: str
    post: str
    holder: str


@dataclass(frozen=True)
class Span:
    """A time during which one post answers for a unit; `until` is the first day on which it no longer does."""

    since: date
    until: date
    answering: Answering


class Posts:
    """The posts of a pack by unit, in the order in which they answer."""

    def __init__(self, district: District) -> None:
        self.district = district
        self._held: dict[str, dict[str, list[Post]]] = {}
        for row in sorted(district.posts, key=lambda row: row.valid_from):
            self._held.setdefault(row.unit_code, {}).setdefault(row.post, []).append(row)

    def of(self, unit_code: str) -> list[str]:
        """A unit's posts: those that `answering` of district.yaml names first, then the rest as they came up."""
        own = list(self._held.get(unit_code, {}))
        order = self.district.office.answering.get(self.district.unit_by_code[unit_code].kind, ())
        return sorted(own, key=lambda post: order.index(post) if post in order else len(order) + own.index(post))

    def terms(self, unit_code: str, post: str) -> list[Post]:
        """Who held or will hold a post, in the order of time."""
        return self._held.get(unit_code, {}).get(post, [])

    def holder(self, unit_code: str, post: str, day: date) -> Post | None:
        """Who holds a post on a day; None while it is vacant. Of two at once the later comer holds it."""
        return next((term for term in reversed(self.terms(unit_code, post)) if _holds(term, day)), None)

    def responsible(self, unit_code: str, day: date) -> Answering:
        """The first of the unit's posts that is held; else the unit above answers, at the top the office's preparer.

        Raises KeyError for a code that is no unit's.
        """
        unit = self.district.unit_by_code[unit_code]
        while True:
            for post in self.of(unit.code) if _holds(unit, day) else ():
                if term := self.holder(unit.code, post, day):
                    return Answering(unit.code, post, term.holder)
            if not unit.parent_code:
                return Answering(unit.code, self.district.office.preparer, "")
            unit = self.district.unit_by_code[unit.parent_code]

    def spans(self, unit_code: str) -> Iterator[Span]:
        """Who answers for a unit from the first day of the calendar to the last, without a gap."""
        days = sorted({date.min, *self._turns(unit_code)})
        since, answering = days[0], self.responsible(unit_code, days[0])
        for day in days[1:]:
            if (now := self.responsible(unit_code, day)) != answering:
                yield Span(since, day, answering)
                since, answering = day, now
        yield Span(since, date.max, answering)

    def _turns(self, unit_code: str) -> Iterator[date]:
        """The days on which it may change who answers for a unit."""
        unit: Unit | None = self.district.unit_by_code[unit_code]
        while unit:
            for row in (unit, *(term for post in self.of(unit.code) for term in self.terms(unit.code, post))):
                yield row.valid_from
                if row.valid_to:
                    yield row.valid_to
            unit = self.district.unit_by_code[unit.parent_code] if unit.parent_code else None


def _holds(row: Post | Unit, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)


def responsible(district: District, unit_code: str, day: date) -> Answering:
    """Who answers for a unit on a day; see `Posts.responsible`."""
    return Posts(district).responsible(unit_code, day)


def required(district: District, written: str, day: date) -> Answering:
    """The post that somebody writes: the office's preparer or reviewer, or `<unit code>/<post>` held on a day.

    UsageError for any other.
    """
    office = district.office
    unit, _, post = written.partition("/")
    if written in (office.preparer, office.reviewer):
        return Answering(office.street_code, written, "")
    if post and (term := Posts(district).holder(unit, post, day)):
        return Answering(unit, post, term.holder)
    raise UsageError(
        f"没有“{written}”这个岗位。",
        f"请写{office.preparer}、{office.reviewer}，或 posts.csv 中的“单位编码/岗位”。",
    )
