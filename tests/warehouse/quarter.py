"""Running deliveries through link, merge and archive, and looking at what is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deliveries import Delivery, stage
from sqlalchemy import create_engine, make_url, text

from courtyard.context import Context
from courtyard.identity import link
from courtyard.period import Period
from courtyard.warehouse import archive, merge

HOME, OTHER_HOME = "四道街4号院3栋2单元201", "四道街6号院1栋1单元101"
HOME_CODE, OTHER_CODE = "5101050050020002", "5101050050020003"
LEDGER = {
    "building_no": "LJ1", "courtyard": "四道街4号院", "address": "四道街4号院", "built_year": "1984", "buildings": 3, "households": 38,
    "floor_area": "2960.2", "structure": "4", "ownership": "mixed", "property_mode": "none", "has_committee": False,
    "problems": "外墙脱落",
}  # fmt: skip
FACILITY = {
    "facility_no": "1", "kind": "fire", "facility_name": "样例", "address": "四道街4号院", "quantity": 2, "state": "in_use",
}  # fmt: skip


def at(month: int, day: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, 8, tzinfo=UTC)


def entry(number: str, **values: Any) -> dict[str, Any]:
    """A register entry, complete unless told otherwise."""
    row = {
        "person_no": number,
        "name": f"样{number}",
        "sex": "1",
        "birth_date": "1980-01-01",
        "id_number": f"ID-{number}",
    }
    return {**row, "household_no": "H1", "residence_type": "hukou", "address": HOME, "status": "resident", **values}


def child(number: str, **values: Any) -> dict[str, Any]:
    row = {"name": f"样{number}", "sex": "1", "birth_date": "1980-01-01", "id_number": f"ID-{number}", "address": HOME}
    return {**row, "guardian": "样某", "is_migrant": False, "change_kind": "added", **values}


def benefit(number: str, month: str = "2026-07", **values: Any) -> dict[str, Any]:
    row = {
        "benefit_no": f"B{number}",
        "month": month,
        "head_name": f"样{number}",
        "name": f"样{number}",
        "relation": "0",
    }
    return {**row, "id_number": f"ID-{number}", "category": "dibao", "monthly_amount": "930", "address": HOME, **values}


def quarter_of(delivery: Delivery) -> Period:
    return Period.of("quarter", Period.parse(delivery.fetched_for or delivery.period).start)


def run(ctx: Context, *deliveries: Delivery) -> dict[str, Any]:
    """Stage deliveries of one quarter and run it; returns what merge said."""
    stage(ctx, *deliveries)
    ctx = replace(ctx, period=quarter_of(deliveries[0])) if deliveries else ctx
    link(ctx)
    result = merge(ctx)
    archive(ctx)
    return result


def rows(ctx: Context, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def beliefs(ctx: Context, attribute: str = "phone", dataset: str = "population") -> list[tuple[str, str, str, Any]]:
    """(record key, valid from, valid to, attribute) as believed now."""
    query = f"""SELECT record_key, valid_from::text, valid_to::text, attrs ->> '{attribute}' FROM warehouse.record
                 WHERE is_current AND dataset = :dataset ORDER BY 1, 2"""
    return rows(ctx, query, dataset=dataset)


def ledger_balances(ctx: Context) -> bool:
    return rows(ctx, "SELECT count(*) FROM mart.ledger WHERE residual <> 0") == [(0,)]


def wipe(ctx: Context) -> None:
    """An empty warehouse again, as the administrator."""
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    tables = (
        "landing.delivery, landing.receipt, quality.batch, quality.finding, quality.quarantined_row, staging.row,"
        " staging.link, identity.person, identity.record_person, identity.evidence, identity.review, identity.decision,"
        " warehouse.observation, warehouse.record, warehouse.discrepancy, warehouse.question, warehouse.courtyard_archive,"
        " warehouse.courtyard_tag, warehouse.courtyard_indicator"
    )
    with admin.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    admin.dispose()
