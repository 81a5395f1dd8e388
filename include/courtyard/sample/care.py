"""People who need care: who holds a disability certificate, and who is old and lives alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random

from courtyard.sample.draw import Draws
from courtyard.sample.groups import Groups
from courtyard.sample.people import Membership, Person, Stay
from courtyard.sample.street import Street

DISABLED_SHARE = {0: 0.004, 18: 0.009, 60: 0.031}
NEWLY_DISABLED = 0.06  # of those certified, in the course of the sample's quarters
KINDS = {"4": 52, "1": 12, "2": 12, "6": 9, "5": 8, "7": 5, "3": 2}
GRADES = {"1": 14, "2": 24, "3": 28, "4": 34}
OLD, VERY_OLD = 70, 80
Span = tuple[date, date | None]


def add(street: Street, groups: Groups, draws: Draws) -> None:
    """Add memberships of the groups `disabled`, `elderly` (80 and over, or alone from 70) and `elderly_alone`."""
    for person in groups.make.persons:
        groups.memberships += _disabled(person, street, draws)
    groups.memberships += _elderly(street, groups.make.persons)


def _disabled(person: Person, street: Street, draws: Draws) -> list[Membership]:
    """A certificate repeats the ID number: nobody whose number no source knows has one."""
    share = max(
        (floor, rate) for floor, rate in DISABLED_SHARE.items() if person.age_on(street.end) >= floor or not floor
    )[1]
    rng = draws.rng("disabled", person.no)
    if person.document != "id_card" or person.withheld or rng.random() >= share:
        return []
    since = _certified(rng, person, street)
    facts = {
        "kind": rng.choices(list(KINDS), list(KINDS.values()))[0],
        "grade": rng.choices(list(GRADES), list(GRADES.values()))[0],
        "is_poor": rng.random() < 0.25,
    }
    return [Membership(person.no, "disabled", facts["kind"], max(since, person.stays[0].valid_from), None, facts)]


def _certified(rng: Random, person: Person, street: Street) -> date:
    if rng.random() < NEWLY_DISABLED:
        return street.start + timedelta(days=rng.randrange((street.end - street.start).days))
    return max(person.birth + timedelta(days=400), street.start - timedelta(days=rng.randint(30, 6000)))


def _elderly(street: Street, persons: list[Person]) -> list[Membership]:
    homes: dict[int, list[tuple[int, Stay]]] = defaultdict(list)
    for person in persons:
        for stay in person.stays:
            homes[stay.household].append((person.no, stay))
    found = []
    for person in persons:
        if _birthday(person, OLD) >= street.end:
            continue
        old, very_old = _birthday(person, OLD), _birthday(person, VERY_OLD)
        for since, until in alone(person, homes):
            if span := _cut((since, until), (old, very_old)):
                found.append(Membership(person.no, "elderly", "alone", *span, {}))
            if span := _cut((since, until), (very_old, None)):
                found.append(Membership(person.no, "elderly_alone", "alone", *span, {}))
        if very_old < street.end:
            found.append(Membership(person.no, "elderly", "very_old", very_old, None, {}))
    return found


def alone(person: Person, homes: dict[int, list[tuple[int, Stay]]]) -> list[Span]:
    """When a person was the only one of the household; `homes` has everybody's stays by household."""
    spans: list[Span] = []
    for stay in person.stays:
        left = [(stay.valid_from, stay.valid_to)]
        for other, with_them in homes[stay.household]:
            if other != person.no:
                left = [part for span in left for part in _without(span, (with_them.valid_from, with_them.valid_to))]
        spans += left
    return spans


def _without(span: Span, hole: Span) -> list[Span]:
    """What is left of a span before and after another one."""
    before = _cut(span, (date.min, hole[0]))
    after = _cut(span, (hole[1], None)) if hole[1] else None
    return [part for part in (before, after) if part]


def _cut(span: Span, within: Span) -> Span | None:
    since = max(span[0], within[0])
    ends = [end for end in (span[1], within[1]) if end]
    until = min(ends) if ends else None
    return None if until is not None and until <= since else (since, until)


def _birthday(person: Person, age: int) -> date:
    born = person.birth
    return date(born.year + age, born.month, 28 if (born.month, born.day) == (2, 29) else born.day)
