"""Life goes on: what happens in the street from one quarter to the next.

Every kind of event happens at a rate a quarter and at least once, so that the smallest street
has births, deaths and moves too. A household has at most one move a quarter.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TypeVar

from courtyard.period import Period
from courtyard.sample.groups import Groups, month_after
from courtyard.sample.households import DAUGHTER, HEAD, OTHER, SON, SPOUSE, Maker
from courtyard.sample.people import Household, Person

T = TypeVar("T")

# Per quarter and person.
BIRTHS, DEATHS, LEAVERS = 0.0017, 0.0018, 0.0010
# Per quarter and household.
MOVES_INSIDE, MOVES_OUT, MOVES_IN, SPLITS = 0.004, 0.006, 0.006, 0.0008
# Per quarter and member.
ACTIVISTS_LEAVING, ACTIVISTS_JOINING, PARTY_JOINING, ADMISSIONS = 0.02, 0.02, 0.006, 0.4
BENEFITS_ENDING, BENEFITS_STARTING, BENEFITS_CHANGING = 0.025, 0.025, 0.05


class Life:
    """Moves the people of a street through the quarters."""

    def __init__(self, make: Maker, groups: Groups) -> None:
        self.make = make
        self.groups = groups
        self.persons = make.persons
        self.households = make.households

    def pass_quarter(self, rng: Random, quarter: Period) -> None:
        """Everything that happens in one quarter, in an order that leaves nobody in two places."""
        self.busy: set[int] = set()
        living = [p for p in self.persons if p.stays[-1].valid_to is None]
        homes = [h for h in self.households if h.members]
        self._deaths(rng, quarter, living)
        self._moves(rng, quarter, homes)
        self._leavers(rng, quarter, living)
        self._births(rng, quarter, homes)
        self._activists(rng, quarter)
        self._party(rng, quarter)
        self._benefits(rng, quarter, homes)

    # --- persons ------------------------------------------------------------------------------

    def _deaths(self, rng: Random, quarter: Period, living: list[Person]) -> None:
        elders = [p for p in living if p.age_on(quarter.start) >= 50]
        weights = [1.09 ** (p.age_on(quarter.start) - 50) for p in elders]
        for person in _some(rng, elders, weights, _count(DEATHS, len(living))):
            if person.stays[-1].household not in self.busy:
                self.busy.add(person.stays[-1].household)
                person.died = _day(rng, quarter)
                self._depart(person, person.died)

    def _leavers(self, rng: Random, quarter: Period, living: list[Person]) -> None:
        """Grown children and flatmates move away by themselves; the rest of the household stays."""
        grown = [
            p
            for p in living
            if p.stays[-1].valid_to is None and p.stays[-1].relation in (SON, DAUGHTER, OTHER)
            if p.age_on(quarter.start) >= 18 and p.stays[-1].household not in self.busy
        ]
        for person in _some(rng, grown, None, _count(LEAVERS, len(living))):
            self.busy.add(person.stays[-1].household)
            person.left = _day(rng, quarter)
            self._depart(person, person.left)

    def _depart(self, person: Person, day: date) -> None:
        """End the stay and the memberships; the next adult becomes head where the head went."""
        stay = person.stays[-1]
        home = self.households[stay.household]
        self._end_stay(person, day)
        home.members.remove(person.no)
        self.groups.leave(person.no, "activist", day)
        self.groups.leave(person.no, "party_member", day)
        self.groups.leave(person.no, "dibao", month_after(day, 1))
        if stay.relation == HEAD and home.members:
            self._new_head(home, day)

    def _new_head(self, home: Household, day: date) -> None:
        members = [self.persons[no] for no in home.members]
        spouse = next((p for p in members if p.stays[-1].relation == SPOUSE), None)
        head = spouse or min(members, key=lambda p: p.birth)
        for person in members:
            before = person.stays[-1]
            child = before.relation in (SON, DAUGHTER)
            relation = HEAD if person is head else before.relation if spouse and child else OTHER
            if relation != before.relation:
                day_in = max(day, before.valid_from)
                self._end_stay(person, day_in)
                home.members.remove(person.no)
                self.make.settle(person, home, relation, day_in)

    def _end_stay(self, person: Person, day: date) -> None:
        if person.stays[-1].valid_from >= day:
            person.stays.pop()
        else:
            person.stays[-1].valid_to = day

    def _births(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        parents = []
        for home in homes:
            couple = [self.persons[no] for no in home.members if self.persons[no].stays[-1].relation in (HEAD, SPOUSE)]
            young = [p for p in couple if p.sex == "2" and 22 <= p.age_on(quarter.start) <= 41]
            if len(couple) == 2 and young and home.no not in self.busy:
                parents.append((home, (couple[0], couple[1])))
        for home, couple in _some(rng, parents, None, _count(BIRTHS, len(self.persons))):
            self.busy.add(home.no)
            birth = _day(rng, quarter)
            self.make.child(rng, home, couple, birth, birth)

    # --- households ---------------------------------------------------------------------------

    def _moves(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        whole = [
            h for h in homes if h.no not in self.busy and h.members and all(self._free(no, quarter) for no in h.members)
        ]
        inside, out, splits = (_count(rate, len(homes)) for rate in (MOVES_INSIDE, MOVES_OUT, SPLITS))
        chosen = _some(rng, whole, None, inside + out)
        for home in chosen[:inside]:
            self._move_inside(rng, home, _day(rng, quarter))
        for home in chosen[inside:]:
            self._move_out(home, _day(rng, quarter))
        grown = [p for h in whole if h.no not in self.busy for p in self._grown(h, quarter)]
        for person in _some(rng, grown, None, splits):
            self._split(rng, person, _day(rng, quarter))
        for _ in range(_count(MOVES_IN, len(homes))):
            home = self.make.household(rng, self.make.street.some_courtyard(rng), _day(rng, quarter))
            self.busy.add(home.no)
            self._join_on_arrival(rng, home)

    def _free(self, no: int, quarter: Period) -> bool:
        """Nothing has happened to this person in the quarter yet."""
        return self.persons[no].stays[-1].valid_from < quarter.start

    def _grown(self, home: Household, quarter: Period) -> list[Person]:
        members = [self.persons[no] for no in home.members]
        return [p for p in members if p.stays[-1].relation in (SON, DAUGHTER) and p.age_on(quarter.start) >= 22]

    def _move_inside(self, rng: Random, home: Household, day: date) -> None:
        """The household keeps its number and goes to another courtyard."""
        self.busy.add(home.no)
        to = home.dwelling.courtyard
        while to == home.dwelling.courtyard:
            to = self.make.street.some_courtyard(rng)
        home.dwelling = self.make.street.next_dwelling(to)
        members, home.members = home.members, []
        for no in members:
            person = self.persons[no]
            relation = person.stays[-1].relation
            self._end_stay(person, day)
            self.make.settle(person, home, relation, day)

    def _move_out(self, home: Household, day: date) -> None:
        self.busy.add(home.no)
        for no in list(home.members):
            person = self.persons[no]
            person.left = day
            home.members.remove(no)
            self._end_stay(person, day)
            self.groups.leave(no, "activist", day)
            self.groups.leave(no, "party_member", day)
            self.groups.leave(no, "dibao", month_after(day, 1))

    def _split(self, rng: Random, person: Person, day: date) -> None:
        """A grown child founds a household of their own elsewhere in the street."""
        old = self.households[person.stays[-1].household]
        self.busy.add(old.no)
        dwelling = self.make.street.next_dwelling(self.make.street.some_courtyard(rng))
        home = Household(len(self.households), dwelling, old.residence_type)
        self.households.append(home)
        old.members.remove(person.no)
        self._end_stay(person, day)
        self.make.settle(person, home, HEAD, day)

    def _join_on_arrival(self, rng: Random, home: Household) -> None:
        for no in home.members:
            person = self.persons[no]
            since = person.stays[0].valid_from
            if person.document == "id_card" and person.age_on(since) >= 25 and rng.random() < 0.04:
                self.groups.join_party(rng, person, since - timedelta(days=rng.randint(500, 2500)))

    # --- groups -------------------------------------------------------------------------------

    def _members(self, group: str) -> list[int]:
        return sorted(no for no, held in self.groups.current if held == group)

    def _activists(self, rng: Random, quarter: Period) -> None:
        members = self._members("activist")
        for no in _some(rng, members, None, _count(ACTIVISTS_LEAVING, len(members))):
            self.groups.leave(no, "activist", _day(rng, quarter))
        for person in self._adults(rng, quarter, "activist", _count(ACTIVISTS_JOINING, len(members))):
            self.groups.join_activists(rng, person, _day(rng, quarter))

    def _party(self, rng: Random, quarter: Period) -> None:
        members = self._members("party_member")
        held = [self.groups.current[no, "party_member"] for no in members]
        for before in held:
            if before.kind == "probationary" and before.valid_from < quarter.start and rng.random() < ADMISSIONS:
                day = _day(rng, quarter)
                self.groups.leave(before.person, "party_member", day)
                self.groups.join(self.persons[before.person], "party_member", "full", day, before.facts)
        for person in self._adults(rng, quarter, "party_member", _count(PARTY_JOINING, len(members))):
            self.groups.join_party(rng, person, _day(rng, quarter), "probationary")

    def _adults(self, rng: Random, quarter: Period, group: str, count: int) -> list[Person]:
        """Some adults with an ID card whom nothing else has happened to this quarter."""
        found: dict[int, Person] = {}
        for _ in range(count * 200):
            person = rng.choice(self.persons)
            here = person.stays and person.stays[-1].valid_to is None and self._free(person.no, quarter)
            fit = person.document == "id_card" and 25 <= person.age_on(quarter.start) <= 75
            if len(found) < count and here and fit and (person.no, group) not in self.groups.current:
                found.setdefault(person.no, person)
        return list(found.values())

    def _benefits(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        """Benefits begin and end on the first of a month; some amounts are reviewed."""
        running = [b for b in self.groups.benefits if any((no, "dibao") in self.groups.current for no in b.covered)]
        months = quarter.parts("month")
        for benefit in _some(rng, running, None, _count(BENEFITS_ENDING, len(running))):
            for no in benefit.covered:
                self.groups.leave(no, "dibao", rng.choice(months).start)
        for benefit in _some(rng, running, None, _count(BENEFITS_CHANGING, len(running))):
            amount = self.groups.amount(rng, len(benefit.covered), benefit.category)
            benefit.amounts.append((rng.choice(months).start, amount))
            benefit.amounts.sort()
        served = {b.household for b in self.groups.benefits}
        fresh = [h for h in homes if h.members and h.residence_type == "hukou" and h.no not in served | self.busy]
        for home in _some(rng, fresh, None, _count(BENEFITS_STARTING, len(running))):
            self.groups.grant(rng, home, rng.choice(months).start)


def _count(rate: float, of: int) -> int:
    return max(1, round(rate * of))


def _day(rng: Random, quarter: Period) -> date:
    return quarter.start + timedelta(days=rng.randrange((quarter.end - quarter.start).days))


def _some(rng: Random, pool: list[T], weights: list[float] | None, count: int) -> list[T]:
    """Up to `count` different items; by weight where weights are given (Efraimidis & Spirakis 2006)."""
    count = min(count, len(pool))
    if weights is None:
        return rng.sample(pool, count)
    keys = [(rng.random() ** (1 / weight), index) for index, weight in enumerate(weights)]
    return [pool[index] for _, index in sorted(keys, reverse=True)[:count]]
