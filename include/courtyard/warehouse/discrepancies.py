"""Where sources disagree: every claim with its source, which one is believed and why, and who settles it until when.

A conflict is looked at on the last day of each quarter. What settles it (an answer of a grid, a decision at the
desk) holds for the claims as they were, their `basis`; when a source changes its claim the question is open again.
Everything is a function of observations, answers and decisions, so their order plays no part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import Contract, District
from courtyard.identity.persons import anchor
from courtyard.period import Period
from courtyard.store import database, statements
from courtyard.warehouse import answers, quarters

PLACE = "courtyard_code"  # the one attribute that linkage adds to every row about a person
LISTED_BY, PRESENCE = "grid", "presence"  # what two_grids and gone are about
TITLES = {PLACE: "现住院落", LISTED_BY: "由哪个网格登记", PRESENCE: "是否仍在本网格"}
"""What no column is the title of."""
_SQL = statements.load("courtyard.warehouse", "discrepancies.sql")
_CLAIMS = ("say_attributes", "say_register", "say_two_grids", "say_gone", "date_claims")


def find(connection: Connection, ctx: Context, moved_from: date | None) -> tuple[int, list[str]]:
    """Bring the discrepancies in step with what is believed, answered and decided.

    `moved_from` is the first day of records that the merge took along to another person. Returns how many of the
    run's quarters are open, and the later quarters in which another value is believed now.
    """
    affected = quarters.affected(connection, ctx, moved_from)
    names = {"street": ctx.street_code, "periods": [str(quarter) for quarter in affected]}
    _prepare(connection, ctx)
    for quarter in affected:
        _look_at(connection, ctx, quarter)
    connection.execute(_SQL["add_other_quarters"], names)
    connection.execute(text("CREATE INDEX ON _found (subject, attribute); ANALYZE _found"))
    answers.settlements(connection, ctx)
    connection.execute(_SQL["settle"])
    _settle_by_feeds(connection, ctx)
    decided: list[str] = []
    if learned := connection.scalar(_SQL["learned"], names):
        decided = list(connection.scalars(_SQL["decided_otherwise"], {**names, "quarter": str(ctx.period)}))
        for step in ("find_same", "never_known", "supersede", "believe"):
            connection.execute(_SQL[step], {**names, "learned": learned})
    return connection.scalar(_SQL["standing"], names), decided


def asks(contract: Contract, attribute: str) -> bool:
    """Whether a list asks for an attribute: by a column of that name, or by a place for where somebody lives."""
    if attribute == PLACE:
        return bool(contract.role("address") or contract.role("courtyard_name"))
    return any(column.name == attribute for column in contract.columns)


def title(contract: Contract, attribute: str) -> str | None:
    """What a dataset calls an attribute, None where it has no such column."""
    return TITLES.get(attribute) or next((c.header for c in contract.columns if c.name == attribute), None)


def _prepare(connection: Connection, ctx: Context) -> None:
    """The temporary tables of the run, and what the pack says of datasets and due days."""
    for step in ("make_found", "make_said"):
        connection.execute(_SQL[step])
    connection.execute(
        text("""
        CREATE TEMP TABLE _source (dataset text, source text, is_submitted boolean) ON COMMIT DROP;
        CREATE TEMP TABLE _asks (kind text, dataset text, attribute text) ON COMMIT DROP;
        CREATE TEMP TABLE _due (owner_kind text, since date, due_on date) ON COMMIT DROP
        """)
    )
    having = {d: ctx.district.source_of(d) for d in ctx.district.contracts}
    sources = ((d, s.source, s.is_submitted) for d, s in having.items() if s)
    database.copy_rows(connection, "pg_temp._source", ("dataset", "source", "is_submitted"), sources)
    database.copy_rows(connection, "pg_temp._asks", ("kind", "dataset", "attribute"), _asks(ctx.district))


def _lists(district: District) -> list[Contract]:
    """The contracts of what units hand in about persons."""
    submitted = [district.contracts[d] for s in district.sources.values() if s.is_submitted for d in s.datasets]
    return [contract for contract in submitted if contract.subject == "person"]


def _asks(district: District) -> Iterator[tuple[str, str, str]]:
    for contract in _lists(district):
        yield "gone", contract.dataset, PRESENCE
        for authority in district.authority:
            if asks(contract, authority.attribute):
                yield "claim", contract.dataset, authority.attribute


def _gone(district: District) -> list[dict[str, Any]]:
    """What contradicts a place on a list: the `not_listed` rules of its contract, with the other dataset's words."""
    return [
        {
            "list": contract.dataset,
            "shown": contract.active.column if contract.active else "",
            "dataset": rule.dataset,
            "column": column,
            "values": list(values),
        }
        for contract in _lists(district)
        for rule in contract.reference_rules
        if rule.check == "not_listed" and district.contracts[rule.dataset].active
        for column, values in rule.where.items()
    ]


def _look_at(connection: Connection, ctx: Context, quarter: Period) -> None:
    """Put the conflicts of a quarter into `_found`, weighed, with who settles them and until when."""
    register = ctx.district.contracts.get(anchor(ctx.district))
    relation = next((c.name for c in register.columns if c.codes == "relation"), "") if register else ""
    names = {
        "street": ctx.street_code,
        "anchor": anchor(ctx.district),
        "period": str(quarter),
        "day": quarter.last_day,
        "next_day": quarter.next().last_day,
        "id_column": (register and register.role("id_number")) or "",
        "relation_column": relation,
        "gone": json.dumps(_gone(ctx.district)),
    }
    for step in _CLAIMS:
        connection.execute(_SQL[step], names)
    connection.execute(text("ANALYZE _said"))
    for step in ("weigh", "ask", "clear_said"):
        connection.execute(_SQL[step], names)
    _set_due(connection, ctx, quarter)


def _set_due(connection: Connection, ctx: Context, quarter: Period) -> None:
    """A grid answers with the next quarter's workbook; a department has its working days."""
    office = ctx.district.office
    grids = quarter.next().last_day + timedelta(days=office.grid_cycle.due_after)
    days = connection.scalars(_SQL["department_days"]).all()
    rows = [("grid", quarter.last_day, grids), *(("department", day, office.settle_by(day)) for day in days)]
    connection.execute(text("TRUNCATE _due"))
    database.copy_rows(connection, "pg_temp._due", ("owner_kind", "since", "due_on"), rows)
    connection.execute(_SQL["set_due"], {"day": quarter.last_day})


def _settle_by_feeds(connection: Connection, ctx: Context) -> None:
    """Conflicts that the next quarter's deliveries ended, from the newest quarter backwards."""
    known = quarters.known(connection, ctx)
    for quarter in _backwards(known):
        names = {
            "street": ctx.street_code,
            "period": str(quarter),
            "day": quarter.last_day,
            "next": str(quarter.next()),
            "next_day": quarter.next().last_day,
        }
        for step in ("settle_with_next", "settle_agreed", "settle_lists"):
            connection.execute(_SQL[step], names)


def _backwards(known: Sequence[Period]) -> list[Period]:
    """The quarters after which another one is known, the newest first."""
    return [quarter for quarter in sorted(known, reverse=True) if quarter.next() in known]
