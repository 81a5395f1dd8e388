"""Life goes on: what happens in the street from one quarter to the next.

Every kind of event happens at a rate a quarter and at least once, so that the smallest street
has births, deaths and moves too. A household has at most one move a quarter.
"""

from __future__ import annotations

from random import Random

from courtyard.period import Period
from courtyard.sample import names
from courtyard.sample.draw import count, day_in, some
from courtyard.sample.groups import Groups
from courtyard.sample.households import DAUGHTER, HEAD, OTHER, SON, SPOUSE, Maker
from courtyard.sample.moves import Moves
from courtyard.sample.people import Household, Membership, Person

# Per quarter and person.
BIRTHS, DEATHS, LEAVERS, RENAMES = 0.0017, 0.0018, 0.0010, 0.0005
# Per quarter and member.
ACTIVISTS_LEAVING, ACTIVISTS_JOINING, PARTY_JOINING, ADMISSIONS = 0.02, 0.02, 0.006, 0.4
PARTY_TRANSFERS, FOLLOWING = 0.006, 0.6
BENEFITS_ENDING, BENEFITS_STARTING, BENEFITS_CHANGING = 0.025, 0.025, 0.05


class Life:
    """Moves the people of a street through the quarters."""

    def __init__(self, make: Maker, groups: Groups) -> None:
        self.make = make
        self.groups = groups
        self.moves = Moves(make, groups)
        self.persons = make.persons
        self.households = make.households

    def pass_quarter(self, rng: Random, quarter: Period) -> None:
        """Everything that happens in one quarter, in an order that leaves nobody in two places."""
        self.moves.busy.clear()
        living = [p for p in self.persons if p.stays[-1].valid_to is None]
        homes = [h for h in self.households if h.members]
        self._deaths(rng, quarter, living)
        self._leavers(rng, quarter, living)
        self.moves.pass_quarter(rng, quarter)
        self._births(rng, quarter, homes)
        self._renames(rng, quarter)
        self._activists(rng, quarter)
        self._party(rng, quarter)
        self._benefits(rng, quarter, homes)

    # --- persons ------------------------------------------------------------------------------

    def _deaths(self, rng: Random, quarter: Period, living: list[Person]) -> None:
        elders = [p for p in living if p.age_on(quarter.start) >= 50]
        weights = [1.09 ** (p.age_on(quarter.start) - 50) for p in elders]
        for person in some(rng, elders, weights, count(DEATHS, len(living))):
            if person.stays[-1].household not in self.moves.busy:
                self.moves.busy.add(person.stays[-1].household)
                person.died = day_in(rng, quarter)
                self.moves.depart(person, person.died)

    def _leavers(self, rng: Random, quarter: Period, living: list[Person]) -> None:
        """Grown children and flatmates move away by themselves; the rest of the household stays."""
        grown = [
            p
            for p in living
            if p.stays[-1].valid_to is None and p.stays[-1].relation in (SON, DAUGHTER, OTHER)
            if p.age_on(quarter.start) >= 18 and p.stays[-1].household not in self.moves.busy
        ]
        for person in some(rng, grown, None, count(LEAVERS, len(living))):
            self.moves.busy.add(person.stays[-1].household)
            self.moves.depart(person, day_in(rng, quarter))

    def _births(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        parents = []
        for home in homes:
            couple = [self.persons[no] for no in home.members if self.persons[no].stays[-1].relation in (HEAD, SPOUSE)]
            young = [p for p in couple if p.sex == "2" and 22 <= p.age_on(quarter.start) <= 41]
            if len(couple) == 2 and young and home.no not in self.moves.busy:
                parents.append((home, (couple[0], couple[1])))
        for home, couple in some(rng, parents, None, count(BIRTHS, len(self.persons))):
            self.moves.busy.add(home.no)
            birth = day_in(rng, quarter)
            self.make.child(rng, home, couple, birth, birth)

    def _renames(self, rng: Random, quarter: Period) -> None:
        """Some take another given name, once; no source is told, each hears of it in its own time."""
        fit = [
            p
            for p in self.persons
            if p.document == "id_card" and "·" not in p.name and p.birth < quarter.start
            if not p.former and p.namesake is None and p.stays[-1].valid_to is None
        ]
        for person in some(rng, fit, None, count(RENAMES, len(self.persons))):
            family = names.family(person.name)
            name = family + names.given(rng, person.sex, person.birth.year)
            if name != person.name:
                person.former.append((day_in(rng, quarter), person.name))
                person.name = name

    # --- groups -------------------------------------------------------------------------------

    def _members(self, group: str) -> list[int]:
        return sorted(no for no, held in self.groups.current if held == group)

    def _activists(self, rng: Random, quarter: Period) -> None:
        members = self._members("activist")
        for no in some(rng, members, None, count(ACTIVISTS_LEAVING, len(members))):
            self.groups.leave(no, "activist", day_in(rng, quarter))
        for person in self._adults(rng, quarter, "activist", count(ACTIVISTS_JOINING, len(members))):
            self.groups.join_activists(rng, person, day_in(rng, quarter))

    def _party(self, rng: Random, quarter: Period) -> None:
        members = self._members("party_member")
        held = [self.groups.current[no, "party_member"] for no in members]
        for before in held:
            if before.kind == "probationary" and before.valid_from < quarter.start and rng.random() < ADMISSIONS:
                day = day_in(rng, quarter)
                self.groups.leave(before.person, "party_member", day)
                self.groups.join(self.persons[before.person], "party_member", "full", day, before.facts)
        self._party_transfers(rng, quarter, [before for before in held if before.valid_to is None])
        for person in self._adults(rng, quarter, "party_member", count(PARTY_JOINING, len(members))):
            self.groups.join_party(rng, person, day_in(rng, quarter), "probationary")

    def _party_transfers(self, rng: Random, quarter: Period, held: list[Membership]) -> None:
        """Most who moved to another community follow into one of its branches; some change within theirs."""
        old = [m for m in held if m.valid_from < quarter.start]
        chosen = {m.person: day_in(rng, quarter) for m in some(rng, old, None, count(PARTY_TRANSFERS, len(old)))}
        for before in old:
            stays = self.persons[before.person].stays
            community_of = self.make.street.community_of
            moved = len(stays) > 1 and stays[-1].valid_from >= quarter.start
            if moved and community_of[stays[-1].dwelling.courtyard] != community_of[stays[-2].dwelling.courtyard]:
                day = stays[-1].valid_from if rng.random() < FOLLOWING else None
            else:
                day = None if moved else chosen.get(before.person)
            if day:
                facts = before.facts | {"party_org": self.groups.branch(rng, self.persons[before.person])}
                self.groups.leave(before.person, "party_member", day)
                self.groups.join(self.persons[before.person], "party_member", before.kind, day, facts)

    def _adults(self, rng: Random, quarter: Period, group: str, count: int) -> list[Person]:
        """Some adults with an ID card whom nothing else has happened to this quarter."""
        found: dict[int, Person] = {}
        for _ in range(count * 200):
            person = rng.choice(self.persons)
            here = person.stays and person.stays[-1].valid_to is None and self.moves.is_settled(person.no, quarter)
            fit = person.document == "id_card" and 25 <= person.age_on(quarter.start) <= 75
            if len(found) < count and here and fit and (person.no, group) not in self.groups.current:
                found.setdefault(person.no, person)
        return list(found.values())

    def _benefits(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        """Benefits begin and end on the first of a month; some amounts are reviewed."""
        running = [b for b in self.groups.benefits if any((no, "dibao") in self.groups.current for no in b.covered)]
        months = quarter.parts("month")
        for benefit in some(rng, running, None, count(BENEFITS_ENDING, len(running))):
            for no in benefit.covered:
                self.groups.leave(no, "dibao", rng.choice(months).start)
        for benefit in some(rng, running, None, count(BENEFITS_CHANGING, len(running))):
            amount = self.groups.amount(rng, len(benefit.covered), benefit.category)
            benefit.amounts.append((rng.choice(months).start, amount))
            benefit.amounts.sort()
        served = {b.household for b in self.groups.benefits}
        fresh = [h for h in homes if h.members and h.residence_type == "hukou" and h.no not in served | self.moves.busy]
        for home in some(rng, fresh, None, count(BENEFITS_STARTING, len(running))):
            self.groups.grant(rng, home, rng.choice(months).start)
