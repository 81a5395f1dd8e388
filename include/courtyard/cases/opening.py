"""Reports become cases: where, what, how urgent; a new case, or one more report of an open one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from courtyard.cases import alerts, at_source, ledger, numbering
from courtyard.cases.lot import Link, Lot
from courtyard.cases.reported import Report, of_record
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.store import database, statements

_SQL = statements.load("courtyard.cases", "reports.sql")
_LINK = (
    "street_code", "dataset", "record_key", "case_no", "reported_at", "channel", "how", "source_status",
)  # fmt: skip


def take_up(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Open cases for reports that were merged and belong to none yet, or join them to open ones.

    All in one transaction, in the order in which they were reported. Then what became of earlier ones at their source.
    Returns counts: opened, joined, held (of the opened), closed_there (of the opened), turned (cases that their source
    moved). Running it again changes nothing.
    """
    rules = Rules.of(ctx.district)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        reports = sorted(_waiting(connection, ctx), key=lambda report: report.order)
        lot = _lot(connection, ctx, rules, reports, at)
        for report in reports:
            lot.take(report)
        ledger.append(connection, ctx.street_code, lot.steps)
        _keep(connection, ctx.street_code, lot.links)
        turned = at_source.follow(connection, ctx, rules, at)
        ledger.append(connection, ctx.street_code, turned)
        alerts.queue(connection, ctx, [*lot.steps, *turned])
    how = Counter(link.how for link in lot.links)
    return {
        "opened": how["opened"],
        "joined": how["joined"],
        "held": sum(case.status == "held" for event, case in lot.steps if event.kind == "opened"),
        "closed_there": sum(event.kind == "source_closed" for event, _ in lot.steps),
        "turned": len(turned),
    }


def _waiting(connection: Connection, ctx: Context) -> Iterator[Report]:
    """Current records that are reports and belong to no case."""
    for source in ctx.district.cases.sources:
        values = {"street": ctx.street_code, "dataset": source.dataset}
        contract = ctx.district.contracts[source.dataset]
        for record_key, attrs, courtyard_code in connection.execute(_SQL["waiting"], values):
            yield of_record(source, contract, record_key, attrs, courtyard_code)


def _lot(connection: Connection, ctx: Context, rules: Rules, reports: list[Report], at: datetime) -> Lot:
    """What arrives together, and all that is known about it: open cases near, cases named, numbers taken."""
    street, sources = ctx.street_code, {source.dataset: source for source in ctx.district.cases.sources}
    lot = Lot(rules, ctx.keys, at)
    codes = sorted({report.courtyard_code for report in reports if report.courtyard_code})
    for row in connection.execute(_SQL["near"], {"street": street, "courtyards": codes}).mappings():
        if source := sources.get(row["dataset"]):
            lot.know(ledger.of_row(row), source, row["attrs"], row["reported_at"])
    for dataset in sources:
        numbers = sorted({r.duplicate_of for r in reports if r.dataset == dataset and r.duplicate_of})
        values = {"street": street, "dataset": dataset, "numbers": numbers}
        for row in connection.execute(_SQL["named"], values).mappings() if numbers else ():
            lot.know_named((dataset, row["record_key"]), ledger.of_row(row))
    stems = [numbering.stem(ctx.keys, lot.subject(report), lot.first_minute(report)) for report in reports]
    lot.taken.update(connection.scalars(_SQL["taken"], {"street": street, "stems": stems}))
    return lot


def _keep(connection: Connection, street_code: str, links: Iterable[Link]) -> None:
    rows = (
        (street_code, *link.report.key, link.case_no, link.report.reported_at, link.report.channel, link.how, link.report.status)
        for link in links
    )  # fmt: skip
    database.copy_rows(connection, "cases.report", _LINK, rows)
