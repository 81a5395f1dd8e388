"""Whether a report tells of a problem that an open case is about already. Pure; precision before recall.

Two reports of one category in one courtyard are one problem when they are near in time, say no different place, and share
enough of their wording: pairs of neighbouring characters, 2 x shared / all (Dice). A report is held against the one that
opened a case, never against those that joined it, so that likeness does not creep from one problem to the next.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from courtyard.cases.wording import BREAK, letters
from courtyard.district.cases import CaseRules
from courtyard.identity import numerals


@dataclass(frozen=True)
class Told:
    """What is compared of a report: its text, made ready, when and where it was told, and of what danger."""

    text: str
    at: datetime
    courtyard_code: str | None
    category: str
    emergency: str | None = None
    is_held: bool = False

    @cached_property
    def pairs(self) -> frozenset[str]:
        """Its pairs of neighbouring characters, each once; a text of one character is its own."""
        found = frozenset(self.text[i : i + 2] for i in range(len(self.text) - 1))
        return found or frozenset([self.text] if self.text else [])


@dataclass(frozen=True)
class Candidate:
    """An open case, and the report that opened it."""

    case_no: str
    opening: Told


class Joiner:
    """The rules of a pack, made ready for many reports."""

    def __init__(self, rules: CaseRules) -> None:
        self._rules, self._how = rules, rules.joining
        self._emergency_within = timedelta(minutes=rules.joining.emergency_within_minutes)
        self._kind_of = {ending: kind for kind, group in enumerate(self._how.places) for ending in group}
        endings = "|".join(re.escape(ending) for ending in sorted(self._kind_of, key=len, reverse=True))
        self._places = re.compile(rf"({numerals.NUMBER})({endings})") if endings else None

    def read(self, text: str) -> str:
        """A text as it is compared: one spelling, without what says nothing."""
        plain = letters(text, self._rules.classifying.spellings)
        for word in sorted(self._how.ignore, key=len, reverse=True):
            plain = plain.replace(word, "")
        return plain.replace(BREAK, "")

    def best(self, told: Told, candidates: Iterable[Candidate]) -> Candidate | None:
        """The case that a report joins: the one told most alike, then the oldest; None for a problem of its own."""
        found = [(self.likeness(told, one.opening), one) for one in candidates]
        alike = [(-points, one.opening.at, one.case_no, one) for points, one in found if points > 0]
        return min(alike, key=lambda entry: entry[:3])[3] if alike else None

    def likeness(self, told: Told, other: Told) -> float:
        """How surely two reports tell of one problem: 0 for not, 2 for one emergency, else what their texts share."""
        if told.courtyard_code is None or told.courtyard_code != other.courtyard_code:
            return 0.0
        if told.is_held != other.is_held:
            return 0.0
        apart = abs(told.at - other.at)
        if told.emergency:
            is_one = told.emergency == other.emergency and apart <= self._emergency_within
            return 2.0 if is_one and not self._says_elsewhere(told.text, other.text) else 0.0
        if told.category != other.category:
            return 0.0
        if apart > timedelta(days=self._rules.category(told.category).joins_within_days):
            return 0.0
        shared = shared_of(told, other)
        return shared if shared >= self._how.near and not self._says_elsewhere(told.text, other.text) else 0.0

    def _says_elsewhere(self, one: str, other: str) -> bool:
        """Whether two texts name different places of one kind, or words of which one rules out the other."""
        first, second = self._named(one), self._named(other)
        return any(first[kind].isdisjoint(second[kind]) for kind in first.keys() & second.keys())

    def _named(self, text: str) -> dict[object, set[object]]:
        named: dict[object, set[object]] = defaultdict(set)
        for number, ending in self._places.findall(text) if self._places else ():
            named[self._kind_of[ending]].add(numerals.read(number) or number)
        for group in self._how.either:
            if words := {word for word in group if word in text}:
                named[group] = words
        return named


def shared_of(one: Told, other: Told) -> float:
    """2 x pairs of neighbouring characters in both texts / pairs in all, 0 to 1; equal texts have 1."""
    size = len(one.pairs) + len(other.pairs)
    return 2 * len(one.pairs & other.pairs) / size if size else 0.0
