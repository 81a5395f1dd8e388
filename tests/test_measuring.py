"""What stands now, as gauges: over literal rows, and when a source counts as late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import create_engine, insert, make_url
from sqlalchemy.pool import NullPool

from courtyard import measuring, stages
from courtyard.district import load_district
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.store import tables

STREET = "510105005"
AT = datetime(2026, 10, 4, 6, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("at", "landed", "hours"),
    [
        (datetime(2026, 10, 3, 5, 59), "2026-08", 0),  # fetched at six on the third: September is not due yet
        (datetime(2026, 10, 3, 6, 0), "2026-08", 0),
        (datetime(2026, 10, 4, 6, 0), "2026-08", 24),
        (datetime(2026, 10, 4, 6, 0), "2026-09", 0),
        (datetime(2026, 12, 31, 6, 0), "2026-11", 0),
    ],
)
def test_a_source_is_late_from_the_hour_at_which_it_is_fetched(settings: Settings, at, landed, hours) -> None:
    source = load_district(settings.district_path).sources["civil_affairs"]
    found = measuring.late_hours(source, {("civil_affairs", landed)}, at.replace(tzinfo=SHANGHAI))
    assert found == hours


def test_what_keeps_coming_and_what_nobody_asks_for_is_never_late(settings: Settings) -> None:
    sources = load_district(settings.district_path).sources
    assert [measuring.late_hours(sources[name], set(), AT) for name in ("grid", "resident_reports", "desk")] == [
        None
    ] * 3


def test_rows_reports_and_cases_are_counted(settings: Settings, warehouse_url: str) -> None:
    keys.create(settings.keys)
    ctx = stages.context("2026Q3", holder="test", settings=replace(settings, warehouse_url=warehouse_url))
    engine = create_engine(make_url(warehouse_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    delivery = {
        "delivery_id": "civil_affairs:1", "street_code": STREET, "source": "civil_affairs", "period": "2026-09", "name": "a",
        "sha256": "ab", "size_bytes": 1, "media_type": "text/plain", "version_at": AT, "received_at": AT,
        "sealed_name": "a", "key_id": "landing-1", "wrapped_key": b"k",
    }  # fmt: skip
    batch = {"batch_id": "b", "delivery_id": "civil_affairs:1", "street_code": STREET, "dataset": "dibao_register"}
    counts = {"period": "2026-09", "status": "linked", "landed": 9, "merged": 4, "quarantined": 2, "held": 1}
    hold = {"street_code": STREET, "report": "dibao_roster", "period": "2026-09", "reason": "x"}
    with engine.begin() as connection:
        connection.execute(insert(tables.delivery), [delivery])
        connection.execute(insert(tables.batch), [{**batch, **counts}])
        connection.execute(insert(tables.hold), [hold])
    with ctx.engine("publisher").connect() as connection:
        found = measuring.gauges(connection, ctx, AT)
    expected = {"landed": 9, "merged": 4, "quarantined": 2, "superseded": 0, "held": 1, "residual": 2}
    assert {name: found[f"rows.civil_affairs.{name}"] for name in expected} == expected
    assert (found["source.civil_affairs.late_hours"], found["source.justice.late_hours"]) == (0, 47)
    assert (found["reports.held"], found["reports.unsigned"], found["reports.undelivered"]) == (1, 0, 0)
    assert (found["cases.open"], found["cases.overdue"]) == (0, 0)
    named = {name.format(source=source) for source in ctx.district.sources for name in measuring.NAMES}
    assert set(found) <= named, "measuring.NAMES lists every name."
