"""The daily reports: which quarters and periods; what residents sent: when it waits, and with which quarter it is taken in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from tests.deliveries import Delivery, stage

from courtyard import actions, reports, stages
from courtyard.district import load_district
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.reports import publishing
from courtyard.settings import Settings


@pytest.fixture
def looked_at(monkeypatch):
    """Quarter -> until which day reports are published, as a run on a day finds them."""
    office = SimpleNamespace(first_quarter="2025Q4")

    def run_these(ctx, steps):
        *_, publish = steps
        yield publish.name, publish.work(ctx)

    monkeypatch.setattr(
        actions, "context", lambda period, **_: SimpleNamespace(district=SimpleNamespace(office=office))
    )
    monkeypatch.setattr(stages, "run_these", run_these)
    monkeypatch.setattr(reports, "publish", lambda _ctx, until: until)

    def run(quarter: str, day: str) -> dict[str, date]:
        at = datetime.fromisoformat(f"{day}T07:30:00").replace(tzinfo=SHANGHAI)
        return {quarter: done["publish"] for quarter, done in actions.report(quarter, holder="t", at=at).items()}

    return run


@pytest.mark.parametrize(
    ("quarter", "day", "quarters"),
    [
        ("2026Q3", "2026-08-20", ["2026Q3"]),
        ("2026Q4", "2026-10-03", ["2026Q3", "2026Q4"]),  # September's register comes on the third
        ("2026Q4", "2026-10-31", ["2026Q3", "2026Q4"]),
        ("2026Q4", "2026-11-01", ["2026Q4"]),
        ("2025Q4", "2025-10-03", ["2025Q4"]),  # before the office's first quarter there is nothing
    ],
)
def test_late_deliveries_of_the_last_quarter_are_looked_for_during_a_month(looked_at, quarter, day, quarters):
    assert looked_at(quarter, day) == dict.fromkeys(quarters, date.fromisoformat(day))


def test_only_what_is_counted_for_a_past_day_is_due():
    settings = Settings.from_env({})
    ctx = SimpleNamespace(district=load_district(settings.district_path), period=Period.quarter("2026Q3"))
    due = [str(period) for spec, period in publishing.due(ctx, date(2026, 8, 31)) if spec.report == "dibao_roster"]
    assert due == ["2026-07"]  # August is counted for its last day, which is not past yet
    whole = [str(period) for spec, period in publishing.due(ctx) if spec.report == "dibao_roster"]
    assert whole == ["2026-07", "2026-08", "2026-09"]


REPORT = {"request_id": "R1", "status": "open", "service_code": "light", "description": "灯", "requested_at": "2026-09-30T23:59:59+08:00"}  # fmt: skip


@pytest.fixture
def residents(settings, warehouse_url, monkeypatch):
    """Two reports on their way: one of the last second of a quarter, one of the next quarter; and what would be run."""
    keys.create(settings.keys)
    own = replace(settings, warehouse_url=warehouse_url)
    monkeypatch.setattr(
        actions, "context", lambda period, **more: stages.context(period, holder="t", settings=own, connection=None)
    )
    monkeypatch.setattr(stages, "run_these", lambda ctx, steps: ((step.name, str(ctx.period)) for step in steps))
    ctx = stages.context("2026Q3", holder="t", settings=own)
    late = Delivery("resident_reports", [REPORT], "2026-09")
    stage(ctx, late, Delivery("resident_reports", [REPORT | {"request_id": "R2"}], "2026-10"))

    def becomes(status: str, month: str) -> None:
        with ctx.engine().begin() as connection:
            values = {"status": status, "period": month}
            connection.execute(text("UPDATE quality.batch SET status = :status WHERE period = :period"), values)

    return becomes


def test_what_residents_sent_waits_until_it_is_merged_or_given_up(residents):
    assert actions.reports_wait("2026Q3", holder="t")
    residents("linked", "2026-09")
    assert actions.reports_wait("2026Q3", holder="t")
    residents("merged", "2026-09")
    assert not actions.reports_wait("2026Q3", holder="t")
    assert actions.reports_wait("2026Q4", holder="t")
    residents("rejected", "2026-10")
    assert not actions.reports_wait("2026Q4", holder="t")


def test_a_report_of_a_quarters_last_second_is_taken_in_with_its_own_quarter(residents):
    done = actions.take_in_reports("2026Q4", holder="t")
    assert {quarter: list(steps) for quarter, steps in done.items()} == {
        "2026Q3": list(stages.TAKEN_IN),
        "2026Q4": list(stages.TAKEN_IN),
    }
    residents("merged", "2026-09")
    assert list(actions.take_in_reports("2026Q4", holder="t")) == ["2026Q4"]
