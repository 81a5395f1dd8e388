"""What the bulletin of a quarter is made of: counts and indicators of the street, its communities and courtyards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping

from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports.bulletin.charts import Points
from courtyard.store import statements

_SQL = statements.load("courtyard.reports.bulletin", "reading.sql")
REPORT = "bulletin"
SHOWN_QUARTERS = 4
LATE, LATEST = "有逾期未办结事项的院落", "逾期未办结事项最多的院落"
LATEST_SHOWN = 20  # on the map: where most courtyards have something overdue, a mark on each would say nothing
Rows = dict[tuple[str, str], RowMapping]  # by unit and indicator
Totals = Mapping[str, tuple[Decimal | None, ...]]  # a figure's value in each quarter
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Measure:
    """An indicator of the street in the quarter. `module` is that of its numerator; `by_community` in their order."""

    title: str
    unit: str
    module: str
    basis: str
    value: Decimal | None
    previous: Decimal | None
    year_before: Decimal | None
    state: str
    courtyards: int
    courtyards_known: int
    by_community: tuple[Decimal | None, ...]
    trend: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Event:
    """One kind of event over the quarters shown; None where the archive does not know."""

    title: str
    opened: tuple[Decimal | None, ...]
    closed: tuple[Decimal | None, ...]
    still_open: tuple[Decimal | None, ...]
    overdue: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Submissions:
    """Sheets that a unit's grids owed in the quarter, by what became of them."""

    unit: str
    owed: int
    reported: int
    confirmed_nil: int
    missing: int
    refused: int
    grids: int
    grids_missing: int


@dataclass(frozen=True)
class Correction:
    """An indicator of the quarter before that is believed to be another than the last bulletin said."""

    title: str
    unit: str
    told: Decimal | None
    now: Decimal | None


@dataclass(frozen=True)
class Figures:
    """Everything that the bulletin says. `quarters` are those of trends, the oldest first."""

    period: Period
    as_known_at: datetime
    quarters: tuple[Period, ...]
    communities: tuple[str, ...]
    measures: tuple[Measure, ...]
    events: tuple[Event, ...]
    totals: Totals
    submissions: tuple[Submissions, ...]
    places: tuple[Points, ...]
    unjudged: tuple[tuple[str, int], ...]
    rows_landed: int
    rows_quarantined: int
    holds: tuple[tuple[str, str, str], ...]
    revised: tuple[tuple[str, str, int], ...]
    corrections: tuple[Correction, ...]


def read(connection: Connection, ctx: Context, period: Period) -> Figures | None:
    """The figures of a quarter as they are believed now; None where it has no archive, or nothing came for it."""
    street = {"street": ctx.street_code}
    names = [str(part) for kind in ("week", "month", "quarter", "half", "year") for part in period.parts(kind)]
    within = {**street, "within": names}
    if not connection.scalar(_SQL["has_anything"], {**within, "period": str(period)}):
        return None
    quarters = _quarters(ctx, period)
    known_at = connection.scalar(_SQL["known_at"], {**street, "periods": [str(q) for q in quarters]})
    asked = {**street, "period": str(period), "known_at": known_at}
    before = {**street, "bulletin": REPORT, "previous": str(period.previous())}
    last_told = connection.scalar(_SQL["last_bulletin"], before)
    revised = [
        row
        for row in connection.execute(_SQL["revised"], {**before, "since": last_told or _LONG_AGO})
        if Period.parse(row.period).start <= period.last_day
    ]
    rows = connection.execute(_SQL["quarantined"], within).one()
    totals = _totals(connection, asked, quarters)
    indicators = {str(q): _indicators(connection, {**asked, "period": str(q)}) for q in quarters}
    communities = _communities(indicators[str(period)])
    return Figures(
        period=period,
        as_known_at=max([known_at, *(row.as_known_at for row in revised)]),
        quarters=quarters,
        communities=tuple(communities.values()),
        measures=tuple(_measures(ctx, indicators, period, tuple(communities))),
        events=tuple(_events(ctx, totals, len(quarters))),
        totals=totals,
        submissions=_submissions(connection, asked),
        places=_places(connection, asked),
        unjudged=tuple((row.title, row.courtyards) for row in connection.execute(_SQL["unjudged"], asked)),
        rows_landed=rows.landed,
        rows_quarantined=rows.rows,
        holds=tuple((row.report, row.period, row.reason) for row in connection.execute(_SQL["holds"], within)),
        revised=tuple((row.title, row.period, row.revision) for row in revised),
        corrections=_corrections(connection, asked, period, last_told),
    )


def _quarters(ctx: Context, period: Period) -> tuple[Period, ...]:
    """The last quarters up to this one, none before the office's first."""
    found, first = [period], Period.quarter(ctx.district.office.first_quarter)
    while len(found) < SHOWN_QUARTERS and found[0] > first:
        found.insert(0, found[0].previous())
    return tuple(found)


def _indicators(connection: Connection, asked: dict[str, Any]) -> Rows:
    """Rows by unit and indicator; the street's unit is its own code."""
    rows = connection.execute(_SQL["indicators"], asked).mappings()
    return {(row["unit_code"], row["indicator"]): row for row in rows}


def _communities(rows: Rows) -> dict[str, str]:
    return {row["unit_code"]: row["unit_name"] for row in rows.values() if row["level"] == "community"}


def _measures(
    ctx: Context, by_quarter: Mapping[str, Rows], period: Period, communities: tuple[str, ...]
) -> Iterator[Measure]:
    """The pack's indicators in its order."""
    own = by_quarter[str(period)]
    for rule in ctx.district.indicators:
        row = own.get((ctx.street_code, rule.indicator))
        if row is None:
            continue
        of = [own.get((code, rule.indicator)) for code in communities]
        trend = [rows.get((ctx.street_code, rule.indicator)) for rows in by_quarter.values()]
        yield Measure(
            title=row["title"],
            unit=row["unit"],
            module=rule.numerator.partition(".")[0],
            basis=rule.basis,
            value=row["value"],
            previous=row["previous"],
            year_before=row["year_before"],
            state=row["state"],
            courtyards=row["courtyards"],
            courtyards_known=row["courtyards_known"],
            by_community=tuple(found["value"] if found else None for found in of),
            trend=tuple(found["value"] if found else None for found in trend),
        )


def _totals(connection: Connection, asked: dict[str, Any], quarters: tuple[Period, ...]) -> Totals:
    """The street's total of every figure of population and response, one value a quarter shown."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in connection.execute(_SQL["totals"], {**asked, "periods": [str(q) for q in quarters]}):
        found[row.figure][row.period] = row.total
    return {figure: tuple(by.get(str(q)) for q in quarters) for figure, by in sorted(found.items())}


def _events(ctx: Context, totals: Totals, quarters: int) -> Iterator[Event]:
    unknown = (None,) * quarters
    for rule in ctx.district.archive.events:
        of = {
            part: totals.get(f"response.{rule.events}_{part}", unknown)
            for part in ("opened", "closed", "open", "overdue")
        }
        yield Event(rule.title, of["opened"], of["closed"], of["open"], of["overdue"])


def _submissions(connection: Connection, asked: dict[str, Any]) -> tuple[Submissions, ...]:
    """The street's line first, then its communities'."""
    rows = connection.execute(_SQL["submissions"], asked).mappings().all()
    ordered = sorted(rows, key=lambda row: row["kind"] != "street")
    return tuple(
        Submissions(**{"unit": row["unit_name"], **{k: v for k, v in row.items() if k not in ("kind", "unit_name")}})
        for row in ordered
    )


def _places(connection: Connection, asked: dict[str, Any]) -> tuple[Points, ...]:
    """Courtyards by community, those with the most overdue matters in a group of their own."""
    rows = connection.execute(_SQL["places"], asked).all()
    late = [row for row in rows if row.overdue]
    shown = sorted(late, key=lambda row: -row.overdue)[:LATEST_SHOWN]
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        groups[row.community_name if row not in shown else ""].append((row.lon, row.lat))
    marked = groups.pop("", [])
    found = [Points(name, tuple(places)) for name, places in groups.items()]
    title = LATE if len(shown) == len(late) else LATEST
    return tuple(found + ([Points(title, tuple(marked), is_alert=True)] if marked else []))


def _corrections(
    connection: Connection, asked: dict[str, Any], period: Period, told_at: datetime | None
) -> tuple[Correction, ...]:
    """What the last bulletin told of its quarter, held against what is believed of it now."""
    if told_at is None:
        return ()
    before = {**asked, "period": str(period.previous())}
    now, told = _indicators(connection, before), _indicators(connection, {**before, "known_at": told_at})
    return tuple(
        Correction(row["title"], row["unit"], told[key]["value"], row["value"])
        for key, row in now.items()
        if key[0] == asked["street"] and key in told and told[key]["value"] != row["value"]
    )
