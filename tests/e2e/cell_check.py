"""Every figure of an aggregate form held against the sample street's truth, person by person, and why one differs.

A cell is a set of persons: those whom the form counts in it, known by the delivered rows behind it, and those who are
truly of it. The printed figure must be the size of the one, and everybody in whom the two differ must be explained:
by a row that was quarantined, came late, was missed by its source or lay in a file that was not accepted, or by a
value that the source states wrongly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, text
from tests.e2e.truth_check import _REFUSED, _REPORTED, _SET_ASIDE, Truth, _name, _place, _read, _reason

from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports import query, readiness
from courtyard.sample.draw import Draws
from courtyard.sample.feeds.party import EDUCATION
from courtyard.sample.generating import live
from courtyard.sample.street import Street

Cells = dict[tuple[str, str], set[str]]
"""(row of the form, column) -> persons."""

WRONG = {"sex.contradicts_id", "id.mistyped_valid", "birth.contradicts_id", "date.month_only"}
"""Values that a source states wrongly, or too coarsely, in a row that is read."""
SCHOOL_AGE = ("total", "male", "female", "hukou", "migrant", "disabled", "deferred")
PARTY = (
    "members", "full_members", "probationary", "female", "minority", "age_35", "age_60", "college", "floating",
)  # fmt: skip
TOTAL = "合计"

_FACTS = """
SELECT f.*, d.period AS delivered, d.name AS file FROM facts f JOIN landing.delivery d USING (delivery_id) -- of {}
"""  # a text of its own for each form: the driver prepares it, and forms' facts have different columns


@dataclass(frozen=True)
class Miscount:
    """A person whom a cell counts and should not, or the other way round; `reason` is None where nothing explains it."""

    row: str
    column: str
    person: str
    is_counted: bool
    reason: str | None


@dataclass(frozen=True)
class Outcome:
    """What a form prints, whom it counts and whom it should."""

    printed: dict[tuple[str, str], int]
    counted: Cells
    true: Cells
    miscounts: list[Miscount]


def school_age(ctx: Context, folder: Path, period: str) -> Outcome:
    """适龄儿童统计表 of a year."""
    spec, of = ctx.district.reports["school_age_statistics"], Period.parse(period)
    truth = Truth(folder)
    true = _school_age_truth(ctx, truth, folder, of.year, spec.as_of(of))
    datasets = ("grid_school_age", "population")
    return _compare(ctx, (spec.report, of, SCHOOL_AGE, "area"), (truth, true, datasets))


def party(ctx: Context, folder: Path, period: str, sample: tuple[float, int]) -> Outcome:
    """党组织和党员统计表 of a half-year; `sample` is the scale and the seed that the street was made with."""
    spec, of = ctx.district.reports["party_statistics"], Period.parse(period)
    true = _party_truth(ctx, sample, spec.as_of(of))
    return _compare(ctx, (spec.report, of, PARTY, "org_name"), (Truth(folder), true, ("party_members",)))


def facts_of(connection: Connection, report: str) -> Sequence[RowMapping]:
    """The facts of the form that was made last in the transaction, with their delivery's period and file."""
    return connection.execute(text(_FACTS.format(report))).mappings().all()


def _compare(
    ctx: Context, form: tuple[str, Period, tuple[str, ...], str], held: tuple[Truth, Cells, tuple[str, ...]]
) -> Outcome:
    report, period, columns, name = form
    truth, true, datasets = held
    spec = ctx.district.reports[report]
    with ctx.engine("publisher").begin() as connection:
        bound = query.parameters(ctx, spec, period, readiness.known_at(connection, ctx, spec, period))
        rows = query.run(connection, ctx, spec, bound).rows
        facts = facts_of(connection, report)
    titles = {row["row_key"]: row[name] for row in rows if not row["is_total"]}
    counted: Cells = defaultdict(set)
    for fact in facts:
        at = _of_fact(report, fact)
        person = truth.person_of.get(at, f"row without truth {at}")
        for column in columns:
            if fact[column]:
                _add(counted, titles[fact["row_key"]], person, {column: True})
    printed = {(row[name], column): row[column] for row in rows for column in columns}
    grounds = _Grounds(truth, *_seen(ctx, Period.of("quarter", spec.as_of(period))))
    found = list(_miscounts({*printed, *true}, (counted, true), (columns[0], datasets), grounds))
    return Outcome(printed, counted, true, found)


def _seen(ctx: Context, quarter: Period) -> tuple[set, set, set]:
    """Rows quarantined and files not accepted up to the quarter, and which grid reported what in it."""
    until = str(quarter)
    with ctx.engine().connect() as connection:
        aside = {_place(row) for row in connection.execute(_SET_ASIDE) if row.delivered <= until}
        refused = {(r.dataset, r.delivered, _name(r)) for r in connection.execute(_REFUSED) if r.delivered <= until}
        return aside, refused, set(connection.execute(_REPORTED, {"quarter": until}).tuples())


@dataclass(frozen=True)
class _Grounds:
    """What is known to be wrong with a dataset's rows about a person."""

    truth: Truth
    aside: set
    refused: set
    reported: set

    def why(self, dataset: str, person: str) -> str | None:
        """Why a person may be missing from a dataset or misdescribed by it; the last quarantined row is named."""
        if found := [at for at in self.truth.rows_of.get((person, dataset), []) if at in self.aside]:
            _, delivered, file, sheet, row_no = max(found, key=lambda at: (at[1], at[4]))
            return f"quarantined {delivered} {file or sheet} row {row_no}"
        found = _reason(self.truth, dataset, person, self.aside, self.refused, self.reported)
        return found or self.wrong(dataset, person)

    def wrong(self, dataset: str, person: str) -> str | None:
        return "/".join(sorted(self.truth.defects_of.get((person, dataset), set()) & WRONG)) or None


def _miscounts(
    cells: set[tuple[str, str]], both: tuple[Cells, Cells], of: tuple[str, tuple[str, ...]], grounds: _Grounds
) -> Iterator[Miscount]:
    """Everybody in whom a cell differs. `of` is the column that counts all of a row, and the datasets, the one last
    whose word on a person's attributes decides."""
    counted, true = both
    everybody, datasets = of
    anywhere = set().union(*counted.values())
    for row, column in sorted(cells):
        should, does = true.get((row, column), set()), counted.get((row, column), set())
        rightly_here = true.get((row, everybody), set()) & counted.get((row, everybody), set())
        for person in sorted(should ^ does):
            # whom the row counts rightly is misdescribed: of the datasets that do not decide, only a wrong value tells
            reasons = {
                d: grounds.wrong(d, person) if person in rightly_here and d != datasets[-1] else grounds.why(d, person)
                for d in datasets
            }
            # who is counted nowhere must be missing from every source; else one source's fault explains it
            is_explained = any(reasons.values()) if person in anywhere else all(reasons.values())
            said = "; ".join(f"{dataset}: {reason}" for dataset, reason in reasons.items() if reason)
            yield Miscount(row, column, person, person in does, said if is_explained else None)


def _of_fact(report: str, fact: RowMapping) -> tuple:
    dataset = "party_members"
    if report == "school_age_statistics":
        dataset = "disabled_persons" if not fact["is_child"] else "grid_school_age" if fact["in_grid"] else "population"
    file = fact["file"] if dataset.startswith("grid_") else ""
    return dataset, fact["delivered"], file, fact["sheet"], fact["row_no"]


def _school_age_truth(ctx: Context, truth: Truth, folder: Path, year: int, day: date) -> Cells:
    """Who is of the year's intake and lives in the street on the day."""
    names = {unit.code: unit.name for unit in ctx.district.units}
    sexes = {row["person"]: row["sex"] for row in _read(folder / "persons.csv")}
    kinds = {row["person"]: row["residence_type"] for row in truth.residence if _holds(row, day)}
    disabled = {row["person"] for row in truth.memberships if row["group"] == "disabled" and _holds(row, day)}
    found: Cells = defaultdict(set)
    for row in truth.memberships:
        if (row["group"], row["kind"]) == ("school_age", str(year)) and _holds(row, day):
            who = row["person"]
            _add(found, names[row["community_code"]], who, {
                "total": True, "male": sexes[who] == "1", "female": sexes[who] == "2", "hukou": kinds[who] == "hukou",
                "migrant": kinds[who] == "floating", "disabled": who in disabled,
            })  # fmt: skip
    return found


def _party_truth(ctx: Context, sample: tuple[float, int], day: date) -> Cells:
    """Who is of which organisation: the sample's people are made again, since no file of the truth says all of it."""
    scale, seed = sample
    groups = live(Street(ctx.district, scale), Draws(seed), lambda _: None)
    found: Cells = defaultdict(set)
    for held in groups.memberships:
        person = groups.make.persons[held.person]
        if held.group == "party_member" and held.holds_on(day) and person.stay_on(day):
            age = person.age_on(day)
            _add(found, held.facts["party_org"], person.person_id, {
                "members": True, "full_members": held.kind == "full", "probationary": held.kind == "probationary",
                "female": person.sex == "2", "minority": person.ethnicity != "01", "age_35": age <= 35,
                "age_60": age >= 60, "college": EDUCATION[held.facts["education"]] in ("10", "20", "30"),
                "floating": person.residence_type == "floating",
            })  # fmt: skip
    return found


def _add(cells: Cells, row: str, person: str, of: dict[str, bool]) -> None:
    for column, is_of in of.items():
        if is_of:
            cells[row, column].add(person)
            cells[TOTAL, column].add(person)


def _holds(row: dict[str, Any], day: date) -> bool:
    return row["valid_from"] <= day.isoformat() and (not row["valid_to"] or row["valid_to"] > day.isoformat())


def differing(outcome: Outcome) -> Iterator[tuple[str, str, int, int]]:
    """The cells whose figure is not the true one: row, column, printed, true."""
    for at, figure in outcome.printed.items():
        if figure != len(outcome.true.get(at, ())):
            yield (*at, figure, len(outcome.true.get(at, ())))
