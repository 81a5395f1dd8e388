"""Who goes where: every change of a household's people or place keeps each person in one place a day.

A household is busy once something happened to it in the quarter, and then nothing else does.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from courtyard.period import Period
from courtyard.sample.draw import count, day_in, some
from courtyard.sample.groups import Groups, month_after
from courtyard.sample.households import DAUGHTER, GRANDCHILD, HEAD, OTHER, PARENT, SON, SPOUSE, Maker
from courtyard.sample.people import Dwelling, Household, Person

# Per quarter and household.
MOVES_INSIDE, MOVES_OUT, MOVES_IN, SPLITS, JOINS = 0.004, 0.006, 0.006, 0.0008, 0.0008
# Per quarter and person.
TRANSFERS, RETURNS = 0.0004, 0.0004
TRIES = 200


class Moves:
    """Ends and begins the stays of persons."""

    def __init__(self, make: Maker, groups: Groups) -> None:
        self.make = make
        self.groups = groups
        self.persons = make.persons
        self.households = make.households
        self.busy: set[int] = set()

    def pass_quarter(self, rng: Random, quarter: Period) -> None:
        """All moves of one quarter; the caller has emptied `busy` before the quarter's first event."""
        homes = [h for h in self.households if h.members]
        gone = [p for p in self.persons if not p.died and p.gone_since(quarter.start - timedelta(days=1))]
        self._whole_households(rng, quarter, homes)
        idle = self.idle(quarter)
        singles = [h for h in idle if len(h.members) == 1]
        for number in range(2 * count(JOINS / 2, len(homes))):
            self._join_two(rng, quarter, idle if number % 2 else singles)
        self._transfers(rng, quarter)
        self._returns(rng, quarter, gone)

    def idle(self, quarter: Period) -> list[Household]:
        """Households and people to whom nothing has happened in the quarter yet."""
        return [
            h
            for h in self.households
            if h.members and h.no not in self.busy and all(self.is_settled(no, quarter) for no in h.members)
        ]

    def is_settled(self, no: int, quarter: Period) -> bool:
        return self.persons[no].stays[-1].valid_from < quarter.start

    # --- one person ---------------------------------------------------------------------------

    def depart(self, person: Person, day: date) -> None:
        """End the stay and the memberships; the next adult becomes head where the head went."""
        stay = person.stays[-1]
        home = self.households[stay.household]
        self._leave_street(person, home, day)
        if stay.relation == HEAD and home.members:
            self._new_head(home, day)

    def _leave_street(self, person: Person, home: Household, day: date) -> None:
        self._end_stay(person, day)
        home.members.remove(person.no)
        self.groups.leave(person.no, "activist", day)
        self.groups.leave(person.no, "party_member", day)
        self.groups.leave(person.no, "dibao", month_after(day, 1))

    def _new_head(self, home: Household, day: date) -> None:
        members = [self.persons[no] for no in home.members]
        spouse = next((p for p in members if p.stays[-1].relation == SPOUSE), None)
        head = spouse or min(members, key=lambda p: p.birth)
        for person in members:
            before = person.stays[-1]
            child = before.relation in (SON, DAUGHTER)
            relation = HEAD if person is head else before.relation if spouse and child else OTHER
            if relation != before.relation:
                self._go(person, home, relation, max(day, before.valid_from))

    def _go(self, person: Person, home: Household, relation: str, day: date) -> None:
        """From one household, or one relation in it, to another."""
        members = self.households[person.stays[-1].household].members
        if person.no in members:
            members.remove(person.no)
        self._end_stay(person, day)
        self.make.settle(person, home, relation, day)

    def _end_stay(self, person: Person, day: date) -> None:
        if person.stays[-1].valid_from >= day:
            person.stays.pop()
        else:
            person.stays[-1].valid_to = day

    # --- whole households ---------------------------------------------------------------------

    def _whole_households(self, rng: Random, quarter: Period, homes: list[Household]) -> None:
        idle = self.idle(quarter)
        inside, out, splits = (count(rate, len(homes)) for rate in (MOVES_INSIDE, MOVES_OUT, SPLITS))
        chosen = some(rng, idle, None, inside + out)
        for home in chosen[:inside]:
            self._move_inside(rng, home, day_in(rng, quarter))
        for home in chosen[inside:]:
            day = day_in(rng, quarter)
            self.busy.add(home.no)
            for no in list(home.members):
                self._leave_street(self.persons[no], home, day)
        grown = [p for h in idle if h.no not in self.busy for p in self._grown(h, quarter)]
        for person in some(rng, grown, None, splits):
            self._split(rng, person, day_in(rng, quarter))
        for _ in range(count(MOVES_IN, len(homes))):
            home = self.make.household(rng, self.make.street.some_courtyard(rng), day_in(rng, quarter))
            self.busy.add(home.no)
            self._party_on_arrival(rng, home)

    def _grown(self, home: Household, quarter: Period) -> list[Person]:
        members = [self.persons[no] for no in home.members]
        return [p for p in members if p.stays[-1].relation in (SON, DAUGHTER) and p.age_on(quarter.start) >= 22]

    def _move_inside(self, rng: Random, home: Household, day: date) -> None:
        """The household keeps its number and goes to another courtyard."""
        self.busy.add(home.no)
        home.dwelling = self._elsewhere(rng, home)
        for no in list(home.members):
            self._go(self.persons[no], home, self.persons[no].stays[-1].relation, day)

    def _elsewhere(self, rng: Random, home: Household) -> Dwelling:
        to = home.dwelling.courtyard
        while to == home.dwelling.courtyard:
            to = self.make.street.some_courtyard(rng)
        return self.make.street.next_dwelling(to)

    def _split(self, rng: Random, person: Person, day: date) -> None:
        """A grown child founds a household of their own elsewhere in the street."""
        old = self.households[person.stays[-1].household]
        self.busy.add(old.no)
        dwelling = self.make.street.next_dwelling(self.make.street.some_courtyard(rng))
        home = Household(len(self.households), dwelling, old.residence_type)
        self.households.append(home)
        self._go(person, home, HEAD, day)

    def _party_on_arrival(self, rng: Random, home: Household) -> None:
        for no in home.members:
            person = self.persons[no]
            since = person.stays[0].valid_from
            if person.document == "id_card" and person.age_on(since) >= 25 and rng.random() < 0.04:
                self.groups.join_party(rng, person, since - timedelta(days=rng.randint(500, 2500)))

    # --- between households -------------------------------------------------------------------

    def _join_two(self, rng: Random, quarter: Period, pool: list[Household]) -> None:
        """Two households become one: two singles marry, or old parents move in with a grown child."""
        for _ in range(TRIES if len(pool) > 1 else 0):
            home, movers = rng.sample(pool, 2)
            if self.busy & {home.no, movers.no}:
                continue
            if relation := self._tie(home, movers, quarter.start):
                self.busy |= {home.no, movers.no}
                day = day_in(rng, quarter)
                for no in list(movers.members):
                    self._go(self.persons[no], home, relation, day)
                return

    def _tie(self, home: Household, movers: Household, day: date) -> str:
        """As what the movers would live with the head of the other household; '' where nothing fits."""
        head = self.persons[home.members[0]]
        ages = [self.persons[no].age_on(day) for no in movers.members]
        if len(home.members) == len(movers.members) == 1:
            other = self.persons[movers.members[0]]
            adults = min(ages[0], head.age_on(day)) >= 22 and max(ages[0], head.age_on(day)) <= 55
            if adults and other.sex != head.sex and abs(ages[0] - head.age_on(day)) <= 10:
                return SPOUSE
        relations = {self.persons[no].stays[-1].relation for no in home.members}
        is_child = all(22 <= age - head.age_on(day) <= 38 for age in ages)
        return PARENT if min(ages) >= 58 and is_child and HEAD in relations and PARENT not in relations else ""

    def _transfers(self, rng: Random, quarter: Period) -> None:
        """One member goes to live with another household of the street; nobody's head or spouse does."""
        idle = self.idle(quarter)
        movable = [
            p
            for h in idle
            for p in (self.persons[no] for no in h.members)
            if p.stays[-1].relation not in (HEAD, SPOUSE)
        ]
        for person in some(rng, movable, None, count(TRANSFERS, len(self.persons))):
            old, home = person.stays[-1].household, rng.choice(idle)
            if home.no == old or self.busy & {home.no, old}:
                continue
            head = self.persons[home.members[0]]
            relation = GRANDCHILD if (person.birth - head.birth).days > 40 * 365 else OTHER
            self.busy |= {home.no, old}
            self._go(person, home, relation, day_in(rng, quarter))

    def _returns(self, rng: Random, quarter: Period, gone: list[Person]) -> None:
        """Some who left in an earlier quarter come back, with those who left the same home that day."""
        for person in some(rng, gone, None, count(RETURNS, len(self.persons))):
            last = person.stays[-1]
            home = self.households[last.household]
            if home.no in self.busy or last.valid_to is None:
                continue
            self.busy.add(home.no)
            company = [p for p in gone if p.stays[-1].household == home.no and p.stays[-1].valid_to == last.valid_to]
            day = day_in(rng, quarter)
            if not home.members and rng.random() < 0.5:
                home.dwelling = self._elsewhere(rng, home)
            self._welcome(home, company, day)

    def _welcome(self, home: Household, company: list[Person], day: date) -> None:
        """Into what is left of the household, or as the household that went; party members rejoin their branch."""
        was_empty = not home.members
        relations = [p.stays[-1].relation for p in company]
        for person, relation in zip(company, relations, strict=True):
            if was_empty and HEAD not in relations:
                relation = OTHER if home.members else HEAD
            elif not was_empty and relation == HEAD:
                relation = OTHER
            left = person.stays[-1].valid_to
            self.make.settle(person, home, relation, day)
            for held in [m for m in self.groups.memberships if m.person == person.no and m.valid_to == left]:
                if held.group == "party_member":
                    self.groups.join(person, "party_member", held.kind, day, held.facts)
