"""What stands now, as gauges: over literal rows, and when a source counts as late."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import create_engine, insert, make_url
from sqlalchemy.pool import NullPool

from courtyard import measuring, stages
from courtyard.district import load_district
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.store import tables
from courtyard.watching import lateness

STREET = "510105005"
AT = datetime(2026, 10, 31, 6, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("after", "landed", "hours"),
    [
        (-1, "2026-08", 0),  # not late yet
        (0, "2026-08", 0),
        (25, "2026-08", 25),
        (25, "2026-09", 0),
    ],
)
def test_a_source_is_late_from_when_the_watch_calls_it_late(settings: Settings, after, landed, hours) -> None:
    district = load_district(settings.district_path)
    (september, *_) = lateness.due(district, district.sources["civil_affairs"], datetime(2026, 10, 31, tzinfo=SHANGHAI))
    at = september.late_at + timedelta(hours=after)
    assert str(september.period) == "2026-09"
    assert measuring.late_hours(district, {("civil_affairs", landed)}, at)["civil_affairs"] == hours


def test_what_keeps_coming_and_what_nobody_asks_for_is_never_late(settings: Settings) -> None:
    found = measuring.late_hours(load_district(settings.district_path), set(), AT)
    assert found.keys() & {"grid", "resident_reports", "desk"} == set() and found["population"] > 0


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
    assert found["source.civil_affairs.late_hours"] == 0 and found["source.justice.late_hours"] > 0
    assert (found["reports.held"], found["reports.unsigned"], found["reports.undelivered"]) == (1, 0, 0)
    assert (found["cases.open"], found["cases.overdue"]) == (0, 0)
    named = {name.format(source=source) for source in ctx.district.sources for name in measuring.NAMES}
    assert set(found) <= named, "measuring.NAMES lists every name."
