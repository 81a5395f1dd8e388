"""`courtyard asof`: a mart as it held on the last day of a period and as it was known on a day."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.store import catalogue
from courtyard.store.catalogue import Mart

SHOWN = 50
_PLACES = ("courtyard_code", "unit_code", "community_code")
_SORTED_BY = 3
_FRACTION = re.compile(r"(?<=:\d\d)\.\d+")
_UNPRINTABLE = ("date", "timestamp with time zone")
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'show_personal', :object)")


@dataclass(frozen=True)
class Asked:
    """One question. `known_at` None asks what is known now."""

    view: str
    period: Period
    known_at: datetime | None = None
    where: str | None = None
    with_personal: bool = False


@dataclass(frozen=True)
class Answer:
    """Rows of the columns that may be shown; `hidden` are those that hold personal data."""

    asked: Asked
    columns: tuple[str, ...]
    hidden: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def plain(self) -> dict[str, Any]:
        asked = self.asked
        return {
            "view": asked.view,
            "period": str(asked.period),
            "as_of": asked.period.last_day,
            "known_at": asked.known_at,
            "where": asked.where,
            "hidden": self.hidden,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
        }


def question(view: str, period: str, known_on: str | None, where: str | None, with_personal: bool) -> Asked:
    """What was typed, checked as far as no warehouse is needed; UsageError says what is wrong."""
    if view not in catalogue.historic():
        raise UsageError(f"There is no view '{view}' to ask for.", f"Choose of {', '.join(catalogue.historic())}.")
    return Asked(view, Period.parse(period), _end_of(known_on) if known_on else None, where, with_personal)


def _end_of(day: str) -> datetime:
    """The last moment of a day in Shanghai."""
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), SHANGHAI) - timedelta.resolution
    except (ValueError, OverflowError):
        raise UsageError(f"'{day}' is not a date.", "Write a date such as 2026-04-15.") from None


def answer(ctx: Context, asked: Asked) -> Answer:
    """Ask the warehouse. Looking at personal data is written to the audit log before anything is shown."""
    with ctx.engine("publisher").begin() as connection:
        connection.execute(text("SET LOCAL timezone = 'Asia/Shanghai'"))
        (mart,) = (m for m in catalogue.marts(connection) if m.name == f"{asked.view}_as_of")
        hidden = () if asked.with_personal else mart.personal
        columns = tuple(column.name for column in mart.columns if column.name not in hidden)
        rows = _rows(connection, ctx, asked, mart, columns) if columns else []
        if asked.with_personal and mart.personal:
            known = asked.known_at.isoformat() if asked.known_at else "now"
            told = f"{asked.view}/{asked.period} known {known} where {asked.where or 'all'}: {len(rows)} rows"
            connection.execute(_AUDIT, {"actor": ctx.holder, "object": told})
    return Answer(asked, columns, hidden, rows)


def _rows(
    connection: Connection, ctx: Context, asked: Asked, mart: Mart, columns: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    quote = connection.dialect.identifier_preparer.quote_identifier
    kinds = {column.name: column.type for column in mart.columns}
    # A day may be infinity, which Python's dates are not.
    wanted = ", ".join(f"{quote(c)}::text AS {quote(c)}" if kinds[c] in _UNPRINTABLE else quote(c) for c in columns)
    filters, bound = _place(ctx.district, asked.where, asked.view, kinds)
    if "street_code" in kinds:
        filters.append("street_code = :street")
    statement = (
        f"SELECT {wanted} FROM mart.{quote(mart.name)}(:period, CAST(:known_at AS timestamptz))"
        f" WHERE {' AND '.join(filters) or 'true'}"
        f" ORDER BY {', '.join(str(n) for n in range(1, 1 + min(_SORTED_BY, len(columns))))}"
    )
    known_at = asked.known_at.isoformat() if asked.known_at else "infinity"
    values = {"period": str(asked.period), "known_at": known_at, "street": ctx.street_code, **bound}
    return [tuple(row) for row in connection.execute(text(statement), values)]


def _place(district: District, where: str | None, view: str, kinds: dict[str, str]) -> tuple[list[str], dict[str, Any]]:
    """The condition that keeps a unit's or courtyard's rows alone."""
    if where is None or where == district.office.street_code:
        return [], {}
    if where not in district.unit_by_code and where not in district.courtyard_by_code:
        raise UsageError(
            f"The pack has no unit or courtyard '{where}'.", "Give a code from units.csv or courtyards.csv."
        )
    place = next((name for name in _PLACES if name in kinds), None)
    if place is None:
        raise UsageError(f"'{view}' does not say where.", "Leave --where out.")
    if place == "community_code" and where not in {u.code for u in district.units if u.kind == "community"}:
        raise UsageError(f"'{view}' counts nothing below a community.", "Give a community's code with --where.")
    return [f"{place} = ANY(:within)"], {"within": sorted(set(_within(district, where)))}


def _within(district: District, code: str) -> Iterator[str]:
    """A unit or courtyard and all below it."""
    yield code
    for unit in district.children_of(code):
        yield from _within(district, unit.code)
    yield from (courtyard.code for courtyard in district.courtyards if courtyard.micro_grid_code == code)


def as_csv(found: Answer) -> str:
    """The rows as CSV with a header; a text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows([_cell(value) for value in row] for row in found.rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    cell = _text(value)
    return f"'{cell}" if isinstance(value, str) and cell[:1] in tuple("=+-@\t\r") else cell


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case list():
            return " ".join(map(str, value))
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def show(console: Console, found: Answer) -> None:
    """The first rows and how many there are."""
    asked = found.asked
    known = f"{asked.known_at:%Y-%m-%d}当日已知" if asked.known_at else "现在已知"
    table = Table(title=f"{asked.view} {asked.period}（{asked.period.last_day}，{known}）")
    shown = [n for n, name in enumerate(found.columns) if name != "street_code"]
    for n in shown:
        table.add_column(escape(found.columns[n]), overflow="fold")
    for row in found.rows[:SHOWN]:
        table.add_row(*(escape(_FRACTION.sub("", _text(row[n]))) for n in shown))
    console.print(table)
    more = f"，只列出前 {SHOWN} 行；用 --json 或 --csv 看全部" if len(found.rows) > SHOWN else ""
    console.print(f"共 {len(found.rows):,} 行{more}。", highlight=False)
    if found.hidden:
        console.print(
            f"未显示个人信息：{'、'.join(found.hidden)}。确需查看请加 --show-personal，每次查看都会记入审计。",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
