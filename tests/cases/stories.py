"""Literal moments and events that the tests of cases start from."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text

from courtyard.cases import ledger
from courtyard.cases.event import Event
from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.store.tables import delivery

COURTYARD = "5101050050020002"
GRID, COMMUNITY, STREET = "510105005002001", "510105005002", "510105005"
GRID_POST, COMMUNITY_POST, STREET_POST = f"{GRID}/网格员", f"{COMMUNITY}/社区书记", f"{STREET}/社治办主任"
REVIEWER = "街道办事处审核岗"


def shanghai(written: str) -> datetime:
    """`2026-11-26 10:00` in Asia/Shanghai."""
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def opening(at: datetime, **data: Any) -> Event:
    """The event that opens a normal case of public lighting in the courtyard, told to its grid."""
    given = {
        "category": "light", "confidence": 0.9, "urgency": "normal", "courtyard_code": COURTYARD, "level": "courtyard",
        "unit_code": GRID, **data,
    }  # fmt: skip
    return Event("opened", at, "reporter", "report/resident_reports/R1", None, given)


def timeline(ctx: Context, case_no: str) -> list[str]:
    """The kinds of a case's events, in order."""
    with ctx.engine().connect() as connection:
        return [event.kind for event in ledger.events(connection, ctx.street_code, case_no)]


def landed(ctx: Context) -> list[Row]:
    with ctx.engine().connect() as connection:
        return list(connection.execute(select(delivery).where(delivery.c.source == "case_desk")))


def merged(ctx: Context, dataset: str, *rows: dict[str, Any]) -> None:
    """Rows of a dataset as merging leaves them, their key the first column."""
    insert = text("""
    INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, recorded_at, is_current, valid_to,
                                  delivery_id, sheet, row_no, row_hash, is_active, attrs)
    VALUES (:street, :dataset, :key, '2026-10-01', '2026-11-26', true, 'infinity', 'd', '', 1, md5('')::uuid, true, :attrs)
    """)
    with ctx.engine().begin() as connection:
        for row in rows:
            bound = {"street": ctx.street_code, "dataset": dataset, "key": next(iter(row.values()))}
            connection.execute(insert, {**bound, "attrs": json.dumps(row)})
