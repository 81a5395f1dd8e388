"""Every cell of the two forms of registers, 实有人口统计表 and 城市低保统计表, against the sample street's people.

A cell is a set of items: persons, households, or what a household was paid in a month. The printed figure must be the
size or the sum of what the form counts, and every item in which form and truth differ must be explained by the rows
about its people; see `cell_check`, which does the same for the other forms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.e2e.cell_check import TOTAL, _Grounds, _seen, facts_of
from tests.e2e.truth_check import Truth

from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports import query, readiness
from courtyard.sample.draw import Draws
from courtyard.sample.generating import live
from courtyard.sample.groups import Groups
from courtyard.sample.people import Benefit, Person
from courtyard.sample.street import Street

Key = tuple[str | int, ...]
Cells = dict[tuple[str, str], set[Key]]
"""(row of the form, column) -> items; the last part of an amount's key is fen."""

PEOPLE = (
    "persons", "hukou", "floating", "split_residence", "overseas", "age_0_6", "age_7_15", "age_16_59", "age_60",
    "age_80",
)  # fmt: skip
AGES = {"elders": (60, 200), "adults": (18, 60), "minors": (0, 18)}
AMOUNTS = {"month_amount_wan": "month_amount", "year_amount": "year_amount"}


@dataclass
class Outcome:
    """What a form prints, and its items by the form and by the truth; `unexplained` holds (row, column, item)."""

    printed: dict[tuple[str, str], Decimal]
    counted: Cells = field(default_factory=lambda: defaultdict(set))
    true: Cells = field(default_factory=lambda: defaultdict(set))
    explained: int = 0
    unexplained: list[tuple[str, str, Key]] = field(default_factory=list)

    def figure(self, cells: Cells, at: tuple[str, str]) -> Decimal:
        """A cell's figure: how many items, or the sum of their amounts, in the form's unit."""
        items = cells.get(at, set())
        if at[1] == "month_amount_wan":
            exact = Decimal(sum(int(item[-1]) for item in items)) / 1_000_000
            return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if at[1] == "year_amount":
            return Decimal(sum(int(item[-1]) for item in items)) / 100
        return Decimal(len(items))


class Lives:
    """The sample's people, made again."""

    def __init__(self, ctx: Context, sample: tuple[float, int]) -> None:
        scale, seed = sample
        self.street = Street(ctx.district, scale)
        self.groups: Groups = live(self.street, Draws(seed), lambda _: None)
        self.persons: list[Person] = self.groups.make.persons
        self.names = {unit.code: unit.name for unit in ctx.district.units}

    def community(self, person: Person, day: date) -> str | None:
        """Where somebody lives on a day, or lived last."""
        known = [stay for stay in person.stays if stay.valid_from <= day]
        if not known:
            return None
        place, _ = self.street.on(known[-1].dwelling, day)
        return self.names[self.street._above(place.micro_grid_code, "community")]

    def paid(self, month: Period) -> Iterator[tuple[Benefit, list[Person]]]:
        """The low-income households of a month and their covered persons."""
        held: dict[int, list[Person]] = defaultdict(list)
        for m in self.groups.memberships:
            if m.group == "dibao" and m.holds_on(month.start):
                held[m.facts["benefit"]].append(self.persons[m.person])
        for index, persons in held.items():
            if self.groups.benefits[index].category == "dibao":
                yield self.groups.benefits[index], persons


def population(ctx: Context, folder: Path, sample: tuple[float, int], quarter: str) -> Outcome:
    lives, of = Lives(ctx, sample), Period.parse(quarter)
    outcome, facts = _form(ctx, "population_statistics", of, ("households", *PEOPLE))
    truth, day = Truth(folder), of.last_day
    by_id = {person.person_id: person for person in lives.persons}
    families: dict[Key, set[str]] = defaultdict(set)
    for person in lives.persons:
        for stay in person.stays:
            families["household", stay.household].add(person.person_id)
        if stay := person.stay_on(day):
            row, age = lives.community(person, day), person.age_on(day)
            kinds = {kind: person.residence_type == kind for kind in ("hukou", "floating", "overseas")}
            bands = {"age_0_6": age <= 6, "age_7_15": 7 <= age <= 15, "age_16_59": 16 <= age <= 59, "age_60": age >= 60}
            of_whom = {"persons": True, **kinds, "split_residence": person.split, **bands, "age_80": age >= 80}
            for column in (name for name, is_in in of_whom.items() if is_in):
                _put(outcome.true, row, column, (person.person_id,))
            _put(outcome.true, row, "households", ("household", stay.household))
    for row, fact, who in _told(truth, "population", facts):
        for column in (name for name in PEOPLE if fact[name]):
            _put(outcome.counted, row, column, (who,))
        if fact["households"]:
            known = [stay for stay in by_id[who].stays if stay.valid_from <= day]
            _put(outcome.counted, row, "households", ("household", known[-1].household))
    return _explain(ctx, outcome, (truth, of, ("population",)), families)


def benefits(ctx: Context, folder: Path, sample: tuple[float, int], month: str) -> Outcome:
    lives, of = Lives(ctx, sample), Period.parse(month)
    outcome, facts = _form(ctx, "dibao_statistics", of, ("households", "persons", "year_persons", *AGES, *AMOUNTS))
    truth, families = Truth(folder), defaultdict(set)
    benefit_of: dict[tuple[str, str], Benefit] = {}
    first = Period.parse(ctx.district.office.first_quarter).start
    months = [m for m in Period.parse(str(of.year)).parts("month") if first <= m.start <= of.start]
    ever: dict[str, str | None] = {}
    for each in months:
        for benefit, persons in lives.paid(each):
            row = lives.community(lives.persons[benefit.head], each.last_day)
            amount = (benefit.no, str(each), benefit.amount_on(each.start))
            families[benefit.no,] |= {p.person_id for p in persons}
            families[amount] |= {p.person_id for p in persons}
            _put(outcome.true, row, "year_amount", amount)
            for person in persons:
                benefit_of[person.person_id, str(each)] = benefit
                ever[person.person_id] = row
                if each == of:
                    age = person.age_on(of.last_day)
                    _put(outcome.true, row, "persons", (person.person_id,))
                    for column in (c for c, (low, high) in AGES.items() if low <= age < high):
                        _put(outcome.true, row, column, (person.person_id,))
            if each == of:
                _put(outcome.true, row, "households", (benefit.no,))
                _put(outcome.true, row, "month_amount_wan", amount)
    for who, row in ever.items():
        _put(outcome.true, row, "year_persons", (who,))
    for row, fact, who in _told(truth, "dibao_register", facts):
        benefit = benefit_of.get((who, fact["delivered"]))
        number = benefit.no if benefit else f"none of {who}"
        for column in (name for name in ("persons", "year_persons", *AGES) if fact[name]):
            _put(outcome.counted, row, column, (who,))
        if fact["households"]:
            _put(outcome.counted, row, "households", (number,))
        for column, measure in AMOUNTS.items():
            if fact[measure]:
                amount = (number, fact["delivered"], int(fact[measure] * 100))
                families[amount].add(who)
                _put(outcome.counted, row, column, amount)
    return _explain(ctx, outcome, (truth, of, ("dibao_register", "population")), families)


def _form(ctx: Context, report: str, period: Period, columns: tuple[str, ...]):
    spec = ctx.district.reports[report]
    with ctx.engine("publisher").begin() as connection:
        bound = query.parameters(ctx, spec, period, readiness.known_at(connection, ctx, spec, period))
        rows = query.run(connection, ctx, spec, bound).rows
        facts = facts_of(connection, report)
    titles = {row["row_key"]: row["area"] for row in rows if not row["is_total"]}
    places = {column.name: column.places for column in spec.columns}
    printed = {
        (row["area"], name): Decimal(row[name]).quantize(Decimal(1).scaleb(-places[name]), ROUND_HALF_UP)
        for row in rows
        for name in columns
    }
    return Outcome(printed), [(titles[fact["row_key"]], fact) for fact in facts]


def _told(truth: Truth, dataset: str, facts: list) -> Iterator[tuple]:
    for row, fact in facts:
        at = (dataset, fact["delivered"], "", fact["sheet"], fact["row_no"])
        yield row, fact, truth.person_of[at]


def _put(cells: Cells, row: str | None, column: str, item: Key) -> None:
    if row is not None:
        cells[row, column].add(item)
        cells[TOTAL, column].add(item)


def _explain(ctx: Context, outcome: Outcome, of: tuple[Truth, Period, tuple[str, ...]], families) -> Outcome:
    """Every item in which a cell differs needs somebody of it whose row was set aside, late, missing or wrong."""
    truth, period, datasets = of
    grounds = _Grounds(truth, *_seen(ctx, Period.of("quarter", period.last_day)))
    reasons: dict[Key, bool] = {}
    for at in sorted({*outcome.printed, *outcome.true}):
        for item in outcome.true.get(at, set()) ^ outcome.counted.get(at, set()):
            if item not in reasons:
                people = families.get(item) or {str(item[0])}
                reasons[item] = any(grounds.why(d, who) for who in people for d in datasets)
            if reasons[item]:
                outcome.explained += 1
            else:
                outcome.unexplained.append((*at, item))
    return outcome
