"""Which periods of a report are due in a quarter, and for what day each is counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from courtyard.district import load_district
from courtyard.district.models import ReportSpec
from courtyard.period import Period

SPEC = load_district(Path(__file__).resolve().parents[2] / "include/districts/shaocheng").reports[
    "population_statistics"
]


def of(frequency: str, cutoff: str | None = None) -> ReportSpec:
    return ReportSpec.model_validate({**SPEC.model_dump(), "frequency": frequency, "cutoff": cutoff})


@pytest.mark.parametrize(
    ("frequency", "cutoff", "quarter", "due"),
    [
        ("month", None, "2026Q3", ["2026-07", "2026-08", "2026-09"]),
        ("quarter", None, "2026Q3", ["2026Q3"]),
        ("half", None, "2026Q2", ["2026H1"]),
        ("half", None, "2026Q3", []),
        ("year", None, "2025Q4", ["2025"]),
        ("year", None, "2026Q3", []),
        ("year", "05-31", "2026Q2", ["2026"]),
        ("year", "05-31", "2026Q4", []),
        ("week", None, "2026Q1", [f"2026-W{n:02d}" for n in range(1, 14)]),
    ],
)
def test_due(frequency: str, cutoff: str | None, quarter: str, due: list[str]) -> None:
    assert [str(p) for p in of(frequency, cutoff).periods(Period.parse(quarter))] == due


def test_every_period_is_due_in_one_quarter() -> None:
    quarters = [Period(year, index, "quarter") for year in (2025, 2026) for index in range(1, 5)]
    for spec in (of("week"), of("month"), of("half"), of("year", "05-31")):
        due = [p for q in quarters for p in spec.periods(q)]
        assert due == sorted(set(due))


def test_counted_for_the_cutoff() -> None:
    assert of("year", "05-31").as_of(Period.parse("2026")) == date(2026, 5, 31)
    assert of("half").as_of(Period.parse("2026H1")) == date(2026, 6, 30)


@pytest.mark.parametrize(("frequency", "cutoff"), [("month", "05-31"), ("year", "02-29"), ("year", "04-31")])
def test_impossible_cutoff(frequency: str, cutoff: str) -> None:
    with pytest.raises(ValidationError):
        of(frequency, cutoff)
