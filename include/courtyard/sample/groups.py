"""The key groups at the beginning: activists, party members, low-income households.

School age needs no choosing: who was born between 1 September Y-7 and 31 August Y-6 is of the
intake of year Y, and counts from 1 September Y-1 until school begins on 1 September Y.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from courtyard.sample.households import HEAD, Maker
from courtyard.sample.people import Benefit, Household, Membership, Person

ACTIVIST_SHARE = 0.03
ACTIVIST_FROM_HOUSEHOLDS = 20
PARTY_SHARE = {20: 0.035, 36: 0.055, 60: 0.085}
LOW_INCOME_HOUSEHOLDS = 66 / 7260
# With single people favoured this share makes 80 persons in 66 households.
ONE_PERSON_SHARE = 0.75
ACTIVIST_KINDS = {"courtyard_leader": 2, "building_leader": 4, "volunteer": 5, "committee": 3, "mediator": 1}
CATEGORIES = {"dibao": 82, "tekun": 5, "dibao_margin": 9, "rigid_expense": 4}
CAUSES = ("因病", "因残", "缺乏劳动力", "失业", "年老体弱", "因学")
SKILLS = ("书法", "水电维修", "医护", "法律", "文艺", "财务", "摄影", "")
MATTERS = ("院落巡查", "纠纷调解", "垃圾分类宣传", "关爱老人", "消防宣传", "文艺活动", "院落议事")
EDUCATION = ("小学", "初中", "高中", "中专", "大专", "本科", "研究生")


class Groups:
    """Who belongs to which group, and since when."""

    def __init__(self, make: Maker) -> None:
        self.make = make
        self.memberships: list[Membership] = []
        self.benefits: list[Benefit] = []
        self.current: dict[tuple[int, str], Membership] = {}

    def join(self, person: Person, group: str, kind: str, since: date, facts: dict) -> Membership:
        membership = Membership(person.no, group, kind, since, None, facts)
        self.memberships.append(membership)
        self.current[person.no, group] = membership
        return membership

    def leave(self, person: int, group: str, day: date) -> None:
        """End what holds; a membership that would end before it began is taken back."""
        held = self.current.pop((person, group), None)
        if held is None:
            return
        if held.valid_from >= day:
            self.memberships.remove(held)
        else:
            held.valid_to = day

    def found(self, rng: Random) -> None:
        """The groups on the first day."""
        start = self.make.street.start
        for person in self.make.persons:
            if person.document == "id_card":
                self._maybe_party(rng, person, start)
                self._maybe_activist(rng, person, start)
        self._every_courtyard_has_an_activist(rng, start)
        homes = [h for h in self.make.households if h.residence_type == "hukou"]
        wanted = max(4, round(len(self.make.households) * LOW_INCOME_HOUSEHOLDS))
        weights = [4 if len(h.members) == 1 else 1 for h in homes]
        chosen: dict[int, Household] = {}
        while len(chosen) < min(wanted, len(homes)):
            home = rng.choices(homes, weights)[0]
            chosen.setdefault(home.no, home)
        for home in chosen.values():
            months = rng.randint(1, 120)
            self.grant(rng, home, month_after(start, -months))

    def _maybe_party(self, rng: Random, person: Person, start: date) -> None:
        age = person.age_on(start)
        share = max((s for floor, s in PARTY_SHARE.items() if age >= floor), default=0.0)
        if age >= 20 and rng.random() < share * (1 if person.residence_type == "hukou" else 0.5):
            span = (start - person.birth).days - 19 * 365
            joined = person.birth + timedelta(days=19 * 365 + rng.randrange(max(1, int(span * 0.8))))
            self.join_party(rng, person, joined)

    def join_party(self, rng: Random, person: Person, joined: date, kind: str = "") -> None:
        """A member of one of the community's branches; probationary in the first year."""
        kind = kind or ("probationary" if (self.make.street.start - joined).days < 365 else "full")
        facts = {
            "party_org": self.branch(rng, person),
            "joined_date": joined,
            "education": rng.choice(EDUCATION),
        }
        self.join(person, "party_member", kind, max(joined, person.stays[0].valid_from), facts)

    def branch(self, rng: Random, person: Person) -> str:
        """One of the branches of the community where the person lives now."""
        community = self.make.street.community_of[person.stays[-1].dwelling.courtyard]
        return f"{self.make.street.units[community].name}第{'一二三四五'[rng.randrange(5)]}党支部"

    def _maybe_activist(self, rng: Random, person: Person, start: date) -> None:
        age = person.age_on(start)
        if 25 <= age <= 80 and rng.random() < ACTIVIST_SHARE * (1.25 if person.residence_type == "hukou" else 0.5):
            self.join_activists(rng, person, start - timedelta(days=rng.randint(30, 2500)))

    def join_activists(self, rng: Random, person: Person, since: date) -> None:
        facts = {"skill": rng.choice(SKILLS), "matters": "、".join(rng.sample(MATTERS, rng.randint(1, 2)))}
        kind = rng.choices(list(ACTIVIST_KINDS), list(ACTIVIST_KINDS.values()))[0]
        self.join(person, "activist", kind, max(since, person.stays[0].valid_from), facts)

    def _every_courtyard_has_an_activist(self, rng: Random, start: date) -> None:
        served = {self.make.persons[p].stays[-1].dwelling.courtyard for p, group in self.current if group == "activist"}
        sizes = self.make.street.households
        for home in self.make.households:
            head = self.make.persons[home.members[0]]
            if sizes[home.dwelling.courtyard] < ACTIVIST_FROM_HOUSEHOLDS:
                continue
            if home.dwelling.courtyard not in served and 25 <= head.age_on(start) <= 80 and head.document == "id_card":
                served.add(home.dwelling.courtyard)
                self.join_activists(rng, head, start - timedelta(days=200))

    def grant(self, rng: Random, home: Household, month: date) -> Benefit:
        """A benefit from the first of this month: mostly for one person of the household, the head first."""
        members = sorted(home.members, key=lambda no: self.make.persons[no].stays[-1].relation != HEAD)
        covered = members[: 1 if rng.random() < ONE_PERSON_SHARE else rng.randint(2, 3)]
        month = max([month, *(month_after(self.make.persons[no].stays[0].valid_from, 1) for no in covered)])
        category = rng.choices(list(CATEGORIES), list(CATEGORIES.values()))[0]
        benefit = Benefit(
            no=f"BZ{self.make.street.code}{len(self.benefits) + 1:05d}",
            household=home.no,
            head=members[0],
            category=category,
            benefit_class=rng.choice(("", "", "A类", "B类", "C类")),
            cause=rng.choice(CAUSES),
            start=month,
            covered=covered,
            amounts=[(month, self.amount(rng, len(covered), category))],
        )
        self.benefits.append(benefit)
        for no in covered:
            facts = {"benefit": len(self.benefits) - 1}
            self.join(self.make.persons[no], "dibao", category, month, facts)
        return benefit

    def amount(self, rng: Random, persons: int, category: str) -> int:
        """Fen a month: the standard for each person less what they earn; extreme hardship gets 1.3 times."""
        standard = self.make.street.district.office.dibao_standard_yuan * 100
        if category == "tekun":
            return round(standard * 1.3) * persons
        return sum(round(standard * rng.uniform(0.25, 0.95) / 10) * 10 for _ in range(persons))


def intake_year(person: Person) -> int:
    """The year in whose September the person begins school."""
    return person.birth.year + (7 if (person.birth.month, person.birth.day) >= (9, 1) else 6)


def school_ages(person: Person, start: date, end: date) -> list[Membership]:
    """The intakes a person belongs to between two days, wherever the person stays."""
    year = intake_year(person)
    since, until = date(year - 1, 9, 1), date(year, 9, 1)
    if until <= start or since >= end:
        return []
    return [Membership(person.no, "school_age", str(year), since, until, {})]


def month_after(day: date, shift: int) -> date:
    """The first of the month that many months later."""
    count = day.year * 12 + day.month - 1 + shift
    return date(count // 12, count % 12 + 1, 1)
