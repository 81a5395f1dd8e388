"""What people said to settle a discrepancy: a grid in its workbook, a post at the desk.

A question's reference is a keyed digest of all that it asks, so that an answer finds its question again
after a rebuild, and no answer counts for a question that was never asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations

from sqlalchemy import Connection, Row, text

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.identity.addresses import Gazetteer
from courtyard.parsing.normalise import column_normaliser, normalise
from courtyard.period import Period
from courtyard.store import database, statements

_SQL = statements.load("courtyard.warehouse", "answers.sql")
_REF_DIGITS = 16
_QUESTION = ("question_ref", "street_code", "subject", "attribute", "basis", "first_value", "second_value")


def question_ref(ctx: Context, period: Period | str, unit_code: str, asked: tuple[str, str, str, str, str]) -> str:
    """Names a question to one grid, so that two grids may answer; equal after a rebuild, as the ids of persons are.

    `asked` is the subject, the attribute, the basis and the two values shown, in their order.
    """
    return ctx.keys.token("/".join(("question", ctx.street_code, str(period), unit_code, *asked)))[:_REF_DIGITS]


def settlements(connection: Connection, ctx: Context) -> None:
    """Make `_settlement`: for each subject, attribute and basis the value that somebody gave. Reads `_found`.

    The desk goes before a grid; of several grids the last one counts.
    """
    names = {"street": ctx.street_code, "answers": _dataset(ctx.district)}
    _recover(connection, ctx, names)
    connection.execute(text("CREATE TEMP TABLE _worded (question_ref text, value text) ON COMMIT DROP"))
    written = connection.execute(_SQL["written"], names).all()
    read = ((row.question_ref, value) for row in written if (value := _understood(ctx, row)))
    database.copy_rows(connection, "pg_temp._worded", ("question_ref", "value"), read)
    connection.execute(_SQL["settlements"], names)


def _dataset(district: District) -> str:
    """The dataset of answers: what units may hand in beside their lists."""
    submitted = (district.contracts[d] for s in district.sources.values() if s.is_submitted for d in s.datasets)
    return next((contract.dataset for contract in submitted if contract.optional), "")


def _recover(connection: Connection, ctx: Context, names: dict[str, str]) -> None:
    """Find the questions of answers whose reference is not known here: what could have been asked is tried."""
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in connection.execute(_SQL["unknown_references"], names):
        wanted[row.unit_code, row.period].add(row.question_ref)
    if wanted:
        units = sorted({unit for unit, _ in wanted})
        rows = connection.execute(_SQL["could_be_asked"], {"units": units}).all()
        database.copy_rows(connection, "warehouse.question", _QUESTION, _matching(ctx, wanted, rows))


def _matching(ctx: Context, wanted: dict[tuple[str, str], set[str]], rows: list[Row]) -> Iterator[tuple[str, ...]]:
    for (unit, period), references in wanted.items():
        for row in rows:
            if unit in row.units:
                for pair in permutations(row.values, 2):
                    asked = (row.subject, row.attribute, row.basis, *pair)
                    if (found := question_ref(ctx, period, unit, asked)) in references:
                        yield found, ctx.street_code, *asked


def _understood(ctx: Context, row: Row) -> str | None:
    """The value that a grid wrote by hand as the warehouse keeps it, None where it cannot be told."""
    if row.attribute == "courtyard_code":
        gazetteer = Gazetteer(ctx.district)
        return gazetteer.resolve(row.value, Period.parse(row.period).last_day).courtyard_code
    return understand(ctx, row.attribute, row.value)


def understand(ctx: Context, attribute: str, value: str) -> str | None:
    """A value of an attribute as contracts normalise it."""
    datasets = next((a.datasets for a in ctx.district.authority if a.attribute == attribute), ())
    for dataset in datasets:
        column = ctx.district.contracts[dataset].column(attribute)
        kept, problem = normalise(value, column_normaliser(column, ctx.district.codes))
        return str(kept) if kept is not None and problem in (None, "date.imprecise_kept") else None
    return None
