"""The daily reports: which quarters are looked at, and which periods are published."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace

import pytest

from courtyard import actions, reports, stages
from courtyard.district import load_district
from courtyard.period import SHANGHAI, Period
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
