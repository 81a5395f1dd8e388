"""A street with literal cases, reports and photos, for tests of what leaves the street and what comes down to it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine, make_url, text

from courtyard.cases import handlers, ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.landing import ledger as landed
from courtyard.landing import vault
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings

STREET, COURTYARD = "510105005", "5101050050020002"
OFFICE = "街道社区发展治理办公室"
GRID, COMMUNITY = "510105005002001/网格员", "510105005002/社区书记"


def context(url: str, settings: Settings) -> Context:
    """A context over the real pack and an empty warehouse, with keys of the tests' own."""
    return Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.quarter("2026Q3"),
        url=url,
        keys=KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        connection=None,  # type: ignore[arg-type]  # nothing here fetches
        holder="test",
    )


def at(written: str) -> datetime:
    """`2026-09-21 09:30` in Shanghai."""
    return datetime.fromisoformat(f"{written}+08:00")


def opened(ctx: Context, case_no: str = "260921-AAAAA", when: str = "2026-09-21 09:00", **data: Any) -> Case:
    """A case that was reported at the courtyard; more of its `opened` event by keyword."""
    about = {"level": "courtyard", "unit_code": "510105005002001", "courtyard_code": COURTYARD}
    about |= {"category": "equipment_hazard", "urgency": "urgent", "confidence": 1, **data}
    event = Event("opened", at(when), "reporter", f"report/resident_reports/{case_no}", None, about)
    case = machine.opened(Rules.of(ctx.district), case_no=case_no, event=event)
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        ledger.append(connection, ctx.street_code, [(event, case)])
    return case


def happen(ctx: Context, case_no: str, kind: str, when: str, post: str = GRID, **data: Any) -> Case:
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        case = ledger.find(connection, ctx.street_code, case_no)
        event = Event(kind, at(when), post, f"action/{kind}/{when}", None, data)
        return ledger.happen(connection, ctx.street_code, Rules.of(ctx.district), case, event)


def carry_out(ctx: Context, doing: Any) -> Case:
    """Do a landed action as taking it up does."""
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        return handlers.carry_out(connection, ctx, doing)


def forget_cases(ctx: Context) -> None:
    """What a rebuild begins with: no case, no letter, no number, no task, no notice."""
    admin = create_engine(make_url(ctx.url).set(drivername="postgresql+psycopg"))
    tables = "cases.case, cases.event, cases.letter, cases.task, publish.letter_number, notices.notice"
    with admin.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables}"))
    admin.dispose()


def reported(ctx: Context, case_no: str, request_id: str, when: str, **attrs: Any) -> None:
    """A merged report that belongs to a case."""
    values = {"street": STREET, "key": request_id, "case_no": case_no, "at": at(when), "attrs": json.dumps(attrs)}
    with ctx.engine().begin() as connection:
        connection.execute(
            text("""
            INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, valid_to, recorded_at, is_current,
                   delivery_id, sheet, row_no, row_hash, is_active, attrs)
            VALUES (:street, 'resident_reports', :key, '2026-09-21', 'infinity', :at, true, 'd', '', 1,
                    md5(:key)::uuid, true, CAST(:attrs AS jsonb))
            """),
            values,
        )
        connection.execute(
            text("""
            INSERT INTO cases.report (street_code, dataset, record_key, case_no, reported_at, channel, how)
            VALUES (:street, 'resident_reports', :key, :case_no, :at, 'page', 'opened')
            """),
            values,
        )


def landed_photo(ctx: Context, photo: str, data: bytes) -> None:
    """A photo as a sealed delivery of the source `resident_photos`."""
    sha256 = hashlib.sha256(data).hexdigest()
    delivery = vault.delivery_id("resident_photos", sha256)
    key_id, wrapped = vault.new_key(ctx.keys, delivery)
    moment = at("2026-09-21 09:00")
    header = vault.Header(delivery, STREET, "resident_photos", "2026Q3", None, f"{photo}.jpg", sha256, len(data),
                          "image/jpeg", moment, moment, key_id, wrapped)  # fmt: skip
    vault.write(ctx.settings, ctx.keys, header, data)
    with ctx.engine().begin() as connection:
        landed.record_delivery(connection, {**header.row(), "wrapped_key": wrapped}, "georeport")


def rows(ctx: Context, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with ctx.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]
