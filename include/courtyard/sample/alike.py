"""What makes persons hard to tell apart: numbers nobody knows, phones of others, equal names and birth dates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from courtyard.sample.draw import Draws
from courtyard.sample.households import HEAD, Maker
from courtyard.sample.mess import RATES
from courtyard.sample.people import Household, Person
from courtyard.sample.street import Street

NAMESAKE_PAIRS, SHARED_NUMBERS = 120, 60
"""In a whole street."""
BOTH_WITHHOLD, ONE_WITHHOLDS = 0.2, 0.6


def add(make: Maker, draws: Draws, street: Street) -> None:
    """Namesakes and shared phones, in proportion to the street, at least two of each."""
    size = sum(street.households) / max(1, sum(c.households for c in street.courtyards))
    rng = draws.rng("namesakes")
    for _ in range(max(2, round(NAMESAKE_PAIRS * size))):
        _namesake(rng, make, street)
    rng = draws.rng("shared_phones")
    for _ in range(max(2, round(SHARED_NUMBERS * size))):
        _share_phone(rng, make)


def withhold(make: Maker, draws: Draws) -> None:
    """One person in twenty gives the ID number to nobody, and of namesakes more."""
    for person in make.persons:
        person.withheld |= bool(person.id_number) and draws.hit(RATES["id.withheld"], "id.withheld", person.no)


def _namesake(rng: Random, make: Maker, street: Street) -> None:
    """Another person of the same name, sex and birth date, living alone in another room of the courtyard."""
    while True:
        one = rng.choice(make.persons)
        if one.document == "id_card" and one.namesake is None and one.twin is None and one.age_on(street.start) >= 22:
            break
    home = Household(len(make.households), street.next_dwelling(one.stays[0].dwelling.courtyard), one.residence_type)
    make.households.append(home)
    since = one.stays[0].valid_from
    other = make.person(rng, home, HEAD, one.sex, one.birth, since, "")
    other.name, other.ethnicity = one.name, one.ethnicity
    one.namesake, other.namesake = other.no, one.no
    draw = rng.random()
    other.withheld = draw < ONE_WITHHOLDS
    one.withheld = draw < BOTH_WITHHOLD


def _share_phone(rng: Random, make: Maker) -> None:
    """The number of an agency or a caretaker, given by people of several households."""
    phone = make.registry.phone(rng)
    for home in rng.sample(make.households, min(len(make.households), rng.randint(3, 7))):
        make.persons[rng.choice(home.members)].phone = phone


def traits(persons: list[Person]) -> Iterator[tuple[str, str]]:
    """(person, trait) of everybody whom a linkage may mistake for somebody else, or for two."""
    sharing = _sharing(persons)
    for person in persons:
        places = {stay.dwelling for stay in person.stays}
        gaps = any(a.valid_to != b.valid_from for a, b in zip(person.stays, person.stays[1:], strict=False))
        held = {
            "twin": person.twin is not None,
            "namesake": person.namesake is not None,
            "shared_phone": person.no in sharing,
            "renamed": bool(person.former),
            "moved": len(places) > 1,
            "returned": gaps,
            "withheld_id": person.withheld,
        }
        yield from ((person.person_id, trait) for trait, holds in held.items() if holds)


def _sharing(persons: list[Person]) -> set[int]:
    """Who has the phone of somebody with whom they never shared a household."""
    by_phone: dict[str, list[tuple[int, set[int]]]] = defaultdict(list)
    for person in persons:
        if person.phone:
            by_phone[person.phone].append((person.no, {stay.household for stay in person.stays}))
    return {no for held in by_phone.values() for no, homes in held if any(not homes & others for _, others in held)}
