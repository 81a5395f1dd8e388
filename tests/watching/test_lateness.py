"""When a source is late, by its calendar and the office's working days; when residents are silent for too long."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from watched import PACK

from courtyard.district import load_district
from courtyard.district.watch import Silence
from courtyard.period import SHANGHAI
from courtyard.watching import lateness

RULES = Silence(times=3, least_hours=72, history_days=90, least_reports=4, reason="节假日也有三天没有上报")
START = datetime(2026, 7, 1, 9, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def district():
    return load_district(PACK)


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("source", "moment", "newest"),
    [
        ("civil_affairs", at("2026-08-03"), "2026-06"),  # July is fetched on 3 August, late two working days after
        ("civil_affairs", at("2026-08-05", 16), "2026-06"),
        ("civil_affairs", at("2026-08-05", 17), "2026-07"),
        ("population", at("2026-07-03", 16), "2026Q1"),
        ("population", at("2026-07-03", 17), "2026Q2"),
        # 1 October, National Day: the tolerance begins to run after the holiday.
        ("population", at("2026-10-08"), "2026Q2"),
        ("population", at("2026-10-09", 17), "2026Q3"),
    ],
)
def test_the_last_period_that_should_be_there(district, source, moment, newest):
    assert str(lateness.due(district, district.sources[source], moment)[0].period) == newest


def test_nothing_is_due_before_the_offices_first_quarter(district):
    assert lateness.due(district, district.sources["population"], at("2026-01-02")) == []
    due = lateness.due(district, district.sources["civil_affairs"], at("2026-01-20"))
    assert [str(one.period) for one in due] == ["2025-12", "2025-11", "2025-10"]


@pytest.mark.parametrize("source", ["grid", "resident_reports", "desk"])
def test_what_keeps_coming_or_is_decided_here_is_never_due(district, source):
    assert lateness.due(district, district.sources[source], at("2026-10-20")) == []


def daily(count: int, hours: float = 24) -> list[datetime]:
    return [START + timedelta(hours=hours) * number for number in range(count)]


@pytest.mark.parametrize(
    ("reports", "pause", "is_silent"),
    [
        (daily(10), timedelta(hours=71), False),
        (daily(10), timedelta(hours=73), True),  # three times a day is 72 hours
        (daily(10, 48), timedelta(days=6), False),
        (daily(10, 48), timedelta(days=6, hours=1), True),
        (daily(3), timedelta(days=60), False),  # too few to know
        ([], timedelta(days=60), False),
    ],
)
def test_residents_are_silent_when_they_pause_far_longer_than_ever(reports, pause, is_silent):
    moment = (reports[-1] if reports else START) + pause
    found = lateness.silent(reports, moment, RULES)
    assert (found is not None) == is_silent


def test_silence_is_told_against_the_past():
    found = lateness.silent(daily(10), daily(10)[-1] + timedelta(days=9), RULES)
    assert found.words == "已连续 9 天没有居民上报，此前最长间隔为 24 小时"


def test_a_pause_of_long_ago_makes_nobody_patient():
    reports = [START - timedelta(days=300), *daily(10)]
    assert lateness.silent(reports, daily(10)[-1] + timedelta(hours=73), RULES)
