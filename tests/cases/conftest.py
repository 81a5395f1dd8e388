"""A context over the real pack and an empty warehouse, and cases put into it as `opening` leaves them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from tests.cases.stories import opening, shanghai

from courtyard.cases import ledger, machine
from courtyard.cases.event import Case
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings

_REPORT = text("""
INSERT INTO cases.report (street_code, dataset, record_key, case_no, reported_at, channel, how)
VALUES (:street, 'resident_reports', :key, :case_no, :at, :channel, 'opened')
""")


@pytest.fixture
def ctx(warehouse_url: str, settings: Settings) -> Context:
    return Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.quarter("2026Q4"),
        url=warehouse_url,
        keys=KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        connection=None,  # type: ignore[arg-type]  # nothing here fetches
        holder="test",
    )


@pytest.fixture
def open_case(ctx: Context) -> Callable[..., Case]:
    """Put a case into the ledger, with the report that opened it."""

    def put(case_no: str = "261126-AAAAA", at: str = "2026-11-26 10:00", *, report: str = "R1", **data) -> Case:
        channel = data.pop("channel", "page")
        event = opening(shanghai(at), **data)
        case = machine.opened(Rules.of(ctx.district), case_no=case_no, event=event)
        with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
            ledger.append(connection, ctx.street_code, [(event, case)])
            bound = {"street": ctx.street_code, "key": report, "case_no": case_no, "at": event.at, "channel": channel}
            connection.execute(_REPORT, bound)
        return case

    return put
