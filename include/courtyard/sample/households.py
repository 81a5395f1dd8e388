"""Who lives behind one door: household types and ages of an old inner-city street."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from courtyard.sample import names
from courtyard.sample.ids import Registry
from courtyard.sample.people import Household, Person, Stay
from courtyard.sample.street import Street

HEAD, SPOUSE, SON, DAUGHTER, GRANDCHILD, PARENT, OTHER = "0", "1", "2", "3", "4", "5", "8"
RESIDENCE = {"hukou": 0.665, "floating": 0.332, "overseas": 0.003}
ETHNICITY = {"01": 968, "04": 7, "07": 5, "03": 7, "11": 3, "15": 3, "05": 3, "06": 2, "08": 1, "33": 1}
TWIN_SHARE = 0.018
SPLIT_SHARE = 0.17
# Household type, its weight among registered and among floating households.
TYPES = (
    ("elder_single", 8, 1),
    ("single", 8, 22),
    ("elder_couple", 11, 2),
    ("couple", 9, 18),
    ("one_child", 26, 28),
    ("two_children", 10, 9),
    ("three_generations", 20, 8),
    ("grown_child", 8, 4),
    ("flatmates", 0, 8),
)
_PLACES = (
    "锦江区书院街",
    "金牛区抚琴街",
    "武侯区玉林街",
    "成华区建设路",
    "双流区东升街",
    "温江区柳城街",
    "郫都区郫筒街",
    "新都区大丰街",
)
_PROVINCES = (
    "四川省绵阳市",
    "四川省南充市",
    "四川省宜宾市",
    "四川省凉山州",
    "四川省甘孜州",
    "重庆市万州区",
    "贵州省遵义市",
    "云南省昭通市",
    "河南省周口市",
    "陕西省汉中市",
)


class Maker:
    """Makes households and persons, numbering them in order."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.registry = Registry(street.code[:6])
        self.persons: list[Person] = []
        self.households: list[Household] = []
        self.twins = 0

    def household(self, rng: Random, courtyard: int, since: date | None = None) -> Household:
        """A new household; without `since` it has lived here for some years before the first quarter."""
        kind = rng.choices(list(RESIDENCE), list(RESIDENCE.values()))[0]
        today = since or self.street.start
        if since is None:
            years = rng.uniform(1, 28) if kind == "hukou" else rng.uniform(0.1, 7)
            since = today - timedelta(days=int(years * 365))
        home = Household(len(self.households), self.street.next_dwelling(courtyard), kind)
        self.households.append(home)
        weights = [registered if kind == "hukou" else floating for _, registered, floating in TYPES]
        shape = rng.choices([name for name, _, _ in TYPES], weights)[0]
        _SHAPES[shape](self, rng, home, today, since)
        return home

    def person(
        self, rng: Random, home: Household, relation: str, sex: str, birth: date, since: date, family: str
    ) -> Person:
        """A person with a stay in this household; `family` is the surname, '' for one of their own."""
        ethnicity = rng.choices(list(ETHNICITY), list(ETHNICITY.values()))[0]
        name = names.minority(rng, ethnicity) or (family or names.surname(rng)) + names.given(rng, sex, birth.year)
        document, number = "id_card", ""
        if home.residence_type == "overseas" and rng.random() < 0.5:
            document, name, ethnicity = "passport", names.latin(rng), ""
        else:
            document = "residence_permit" if home.residence_type == "overseas" else "id_card"
            number = self.registry.number(rng, birth, sex, home.residence_type)
        split = home.residence_type == "hukou" and rng.random() < SPLIT_SHARE
        person = Person(
            len(self.persons), name, sex, birth, number, document, ethnicity, self._phone(rng, home, birth, since),
            home.residence_type, split, self._registered_at(rng, home, split),
        )  # fmt: skip
        self.persons.append(person)
        self.settle(person, home, relation, max(since, birth))
        return person

    def settle(self, person: Person, home: Household, relation: str, since: date) -> None:
        person.stays.append(Stay(since, None, home.no, relation, home.dwelling))
        home.members.append(person.no)

    def couple(
        self, rng: Random, home: Household, today: date, since: date, ages: tuple[int, int]
    ) -> tuple[Person, Person]:
        """Head and spouse, the wife a little younger; the head is the husband in three of four."""
        age = rng.randint(*ages)
        his, hers = _birth(rng, today, age), _birth(rng, today, max(20, age + rng.randint(-5, 2)))
        first = "1" if rng.random() < 0.75 else "2"
        head = self.person(rng, home, HEAD, first, his if first == "1" else hers, since, "")
        spouse = self.person(rng, home, SPOUSE, "21"[first == "2"], hers if first == "1" else his, since, "")
        return head, spouse

    def child(self, rng: Random, home: Household, parents: tuple[Person, Person], birth: date, since: date) -> Person:
        """A child of both parents, sometimes with a twin."""
        father, mother = sorted(parents, key=lambda p: p.sex)
        child = self.sibling(rng, home, father, mother, birth, since)
        if rng.random() < TWIN_SHARE:
            self.twin(rng, home, child)
        return child

    def twin(self, rng: Random, home: Household, child: Person) -> Person:
        """A brother or sister of the same day; half of the pairs have names one character apart."""
        father = self.persons[child.father] if child.father is not None else None
        mother = self.persons[child.mother] if child.mother is not None else None
        other = self.sibling(rng, home, father, mother, child.birth, child.stays[0].valid_from)
        if len(child.name) >= 3 and "·" not in child.name and child.document == "id_card" and rng.random() < 0.5:
            fresh = names.given(rng, other.sex, other.birth.year)
            other.name = child.name[:-1] + (fresh[-1] if fresh[-1] != child.name[-1] else "宁")
        child.twin, other.twin = other.no, child.no
        self.twins += 1
        return other

    def sibling(
        self, rng: Random, home: Household, father: Person | None, mother: Person | None, birth: date, since: date
    ) -> Person:
        sex = "1" if rng.random() < 0.52 else "2"
        parent = mother if father is None or rng.random() < 0.06 else father
        han = parent is not None and parent.ethnicity not in ("", "05", "04", "07")
        family = names.family(parent.name) if han and parent else ""
        person = self.person(rng, home, SON if sex == "1" else DAUGHTER, sex, birth, since, family)
        person.father = father.no if father else None
        person.mother = mother.no if mother else None
        return person

    def _phone(self, rng: Random, home: Household, birth: date, since: date) -> str:
        """Their own, a parent's for a child and for some of the old, or none."""
        shared = [self.persons[no].phone for no in home.members if self.persons[no].phone]
        age = since.year - birth.year if birth.year < self.street.start.year - 14 else 0
        if shared and (age == 0 or rng.random() < 0.12):
            return shared[0]
        return "" if age > 70 and rng.random() < 0.15 else self.registry.phone(rng)

    def _registered_at(self, rng: Random, home: Household, split: bool) -> str:
        office = self.street.district.office
        if home.residence_type == "hukou" and not split:
            place = self.street.courtyards[home.dwelling.courtyard]
            where = home.dwelling
            return f"{office.city}{office.city_district}{place.road}{place.door}{where.building}栋{where.unit}单元{where.room}号"
        if home.residence_type == "hukou":
            return f"{office.city}{rng.choice(_PLACES)}{rng.randint(1, 180)}号"
        return (
            ""
            if home.residence_type == "overseas"
            else f"{rng.choice(_PROVINCES)}{rng.randint(1, 12)}村{rng.randint(1, 9)}组"
        )


def _birth(rng: Random, today: date, age: float) -> date:
    """A birth date that makes this age today, any day of the year alike."""
    return today - timedelta(days=int(age * 365.25) + rng.randrange(365))


def _elder_single(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
    make.person(
        rng, home, HEAD, "2" if rng.random() < 0.65 else "1", _birth(rng, today, rng.randint(66, 93)), since, ""
    )


def _single(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
    make.person(rng, home, HEAD, rng.choice("12"), _birth(rng, today, rng.randint(20, 60)), since, "")


def _couple(ages: tuple[int, int]) -> Callable[[Maker, Random, Household, date, date], None]:
    def shape(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
        make.couple(rng, home, today, since, ages)

    return shape


def _family_of(children: int, grandparents: bool = False) -> Callable[[Maker, Random, Household, date, date], None]:
    def shape(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
        parents = make.couple(rng, home, today, since, (28, 59))
        youngest = min(p.age_on(today) for p in parents)
        ages = sorted(rng.sample(range(0, max(children + 1, min(28, youngest - 22))), children))
        for age in ages:
            make.child(rng, home, parents, _birth(rng, today, age), since)
        if grandparents:
            older = youngest + rng.randint(22, 30)
            for sex in rng.choice(("2", "12", "12", "1")):
                make.person(rng, home, PARENT, sex, _birth(rng, today, min(older, 96)), since, "")

    return shape


def _grown_child(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
    age = rng.randint(48, 78)
    head = make.person(rng, home, HEAD, rng.choice("12"), _birth(rng, today, age), since, "")
    father, mother = (head, None) if head.sex == "1" else (None, head)
    child = make.sibling(rng, home, father, mother, _birth(rng, today, age - rng.randint(23, 30)), since)
    if rng.random() < TWIN_SHARE:
        make.twin(rng, home, child)


def _flatmates(make: Maker, rng: Random, home: Household, today: date, since: date) -> None:
    for index in range(rng.randint(2, 4)):
        relation = OTHER if index else HEAD
        make.person(rng, home, relation, rng.choice("12"), _birth(rng, today, rng.randint(19, 38)), since, "")


_SHAPES = {
    "elder_single": _elder_single,
    "single": _single,
    "elder_couple": _couple((61, 86)),
    "couple": _couple((24, 60)),
    "one_child": _family_of(1),
    "two_children": _family_of(2),
    "three_generations": _family_of(1, grandparents=True),
    "grown_child": _grown_child,
    "flatmates": _flatmates,
}
