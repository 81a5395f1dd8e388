"""A year's burden: what was asked by whom, what the archive answered, the hours saved by a stated estimate."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import BurdenRules, Estimate
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.reports.burden.admission import VERDICTS
from courtyard.store import statements

_SQL = statements.load("courtyard.reports.burden", "burden.sql")
FORMULA = (
    "节省工时 = 自动填出格数 ×（每格录入秒数 − 每格核对秒数）÷ 3600"
    " + 涉及个人的花名册行数 × 每行重复入户次数 × 每次入户分钟数 ÷ 60"
)
_MOST_PEOPLE, _MOST_HOURS = 10_000, 24


@dataclass(frozen=True)
class Form:
    """One form over the year, by the newest revision of each period. `hours` are estimated."""

    recipient: str
    report: str
    title: str
    periods: int
    rows: int
    asked: int
    filled: int
    by_hand: int
    not_known: int
    hours: float


@dataclass(frozen=True)
class Source:
    """One department over the year."""

    name: str
    forms: int
    periods: int
    asked: int
    filled: int
    by_hand: int
    not_known: int
    hours: float
    meetings: int
    meeting_hours: float


@dataclass(frozen=True)
class Fact:
    """A fact and who asked for it."""

    fact: str
    header: str
    recipients: int
    reports: int
    times: int
    asked: int
    recipient_names: tuple[str, ...]
    report_titles: tuple[str, ...]


@dataclass(frozen=True)
class Meeting:
    """A meeting that was not needed, as somebody told. `hours` are those of one participant."""

    number: int
    day: date
    source: str
    matter: str
    people: int
    hours: Decimal
    post: str
    at: datetime


@dataclass(frozen=True)
class Counted:
    """The cells of one form whose periods begin in a quarter. `hours` are estimated."""

    quarter: str
    year: int
    recipient: str
    report: str
    rows: int
    asked: int
    filled: int
    by_hand: int
    not_known: int
    hours: float


@dataclass(frozen=True)
class Admission:
    """What a post decided on a form."""

    title: str
    recipient: str
    fingerprint: str
    advised: str
    verdict: str
    reason: str
    post: str
    at: datetime
    findings: dict[str, Any]

    @property
    def said(self) -> str:
        return VERDICTS[self.verdict]  # type: ignore[index]


@dataclass(frozen=True)
class Year:
    """The ledger of a year. `uncounted` forms were published before counting began."""

    year: int
    sources: tuple[Source, ...]
    forms: tuple[Form, ...]
    facts: tuple[Fact, ...]
    meetings: tuple[Meeting, ...]
    admissions: tuple[Admission, ...]
    uncounted: int

    @property
    def total(self) -> Source:
        """All departments together."""
        numbers = [vars(source) for source in self.sources]
        sums = {key: sum(n[key] for n in numbers) for key in Source.__dataclass_fields__ if key != "name"}
        return Source(name="合计", **sums)

    @property
    def asked_by_several(self) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.recipients > 1)

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "total": asdict(self.total), "formula": FORMULA}


def read(connection: Connection, ctx: Context, year: int) -> Year:
    """The ledger of a year, as it is recorded now."""
    where = {"street": ctx.street_code, "year": year}
    forms = tuple(_form(row._asdict(), ctx.district.burden) for row in connection.execute(_SQL["forms"], where))
    told = meetings(connection, ctx, year)
    facts = tuple(
        Fact(**{**row._asdict(), "recipient_names": tuple(row.recipient_names), "report_titles": tuple(row.report_titles)})
        for row in connection.execute(_SQL["facts"], where)
    )  # fmt: skip
    reports = {**where, "reports": list(ctx.district.reports)}
    return Year(
        year=year,
        sources=_sources(forms, told),
        forms=forms,
        facts=facts,
        meetings=told,
        admissions=tuple(a for a in admissions(connection, ctx) if a.at.astimezone(SHANGHAI).year == year),
        uncounted=connection.scalar(_SQL["uncounted"], reports) or 0,
    )


def by_quarter(connection: Connection, ctx: Context) -> list[Counted]:
    """What was asked and filled in every quarter so far, by form; a year's form counts in its first quarter."""
    found = []
    for row in connection.execute(_SQL["by_quarter"], {"street": ctx.street_code}):
        counts = row._asdict()
        person_rows = counts["rows"] if counts.pop("is_about_persons") else 0
        found.append(Counted(**counts, hours=hours(ctx.district.burden, counts["filled"], person_rows)))
    return found


def years(connection: Connection, ctx: Context) -> list[int]:
    """The years of which there is anything to tell, the newest first."""
    return list(connection.scalars(_SQL["years"], {"street": ctx.street_code}))


def admissions(connection: Connection, ctx: Context) -> list[Admission]:
    """The decision that holds on each form, in the order of time."""
    rows = connection.execute(_SQL["admissions"], {"street": ctx.street_code})
    return sorted((Admission(**row._asdict()) for row in rows), key=lambda a: (a.at, a.title))


def meetings(connection: Connection, ctx: Context, year: int | None = None) -> tuple[Meeting, ...]:
    rows = connection.execute(_SQL["meetings"], {"street": ctx.street_code, "year": year})
    return tuple(Meeting(row.meeting_no, *row[1:]) for row in rows)


def add_meeting(connection: Connection, ctx: Context, told: Meeting) -> None:
    """Keep what a person tells; its number is given by the ledger. UsageError for numbers that cannot be."""
    if not 0 < told.people <= _MOST_PEOPLE or not 0 < told.hours <= _MOST_HOURS:
        raise UsageError("人数或时长不合理。", f"人数须为1至{_MOST_PEOPLE}，时长（小时）须大于0且不超过{_MOST_HOURS}。")
    if not all(text.strip() for text in (told.source, told.matter, told.post)):
        raise UsageError("没有写明部门、事项或岗位。", "请加上 --source、--matter 和 --post。")
    said = {key: value for key, value in vars(told).items() if key != "number"}
    connection.execute(_SQL["add_meeting"], {"street": ctx.street_code, **said})


def estimates(rules: BurdenRules) -> tuple[tuple[str, Estimate], ...]:
    """The numbers behind the formula that nobody measured, by what people call them."""
    return (
        ("每格录入", rules.seconds_per_cell_typed),
        ("每格核对", rules.seconds_per_cell_checked),
        ("每次入户", rules.minutes_per_visit),
        ("每行重复入户", rules.share_of_rows_visited),
    )


def _form(row: dict[str, Any], rules: BurdenRules) -> Form:
    is_about_persons = row.pop("is_about_persons")
    return Form(**row, hours=hours(rules, row["filled"], row["rows"] if is_about_persons else 0))


def hours(rules: BurdenRules, filled: int, person_rows: int) -> float:
    """The hours saved by `FORMULA`, to a tenth."""
    typing = filled * (rules.seconds_per_cell_typed.value - rules.seconds_per_cell_checked.value) / 3600
    visits = person_rows * rules.share_of_rows_visited.value * rules.minutes_per_visit.value / 60
    return round(typing + visits, 1)


def _sources(forms: tuple[Form, ...], told: tuple[Meeting, ...]) -> tuple[Source, ...]:
    """By department, those that ask most first."""
    by_name: dict[str, list[Form]] = defaultdict(list)
    for form in forms:
        by_name[form.recipient].append(form)
    called: dict[str, list[Meeting]] = defaultdict(list)
    for meeting in told:
        called[meeting.source].append(meeting)
    found = []
    for name in {**by_name, **called}:
        own, held = by_name.get(name, []), called.get(name, [])
        sums = {
            key: sum(getattr(f, key) for f in own) for key in ("periods", "asked", "filled", "by_hand", "not_known")
        }
        found.append(
            Source(
                name=name, forms=len(own), **sums, hours=round(sum(f.hours for f in own), 1), meetings=len(held),
                meeting_hours=round(float(sum(m.people * m.hours for m in held)), 1),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda source: (-source.asked, source.name)))
