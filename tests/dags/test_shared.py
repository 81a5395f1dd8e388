"""Which quarter and which period a run works on, and what a broken source file costs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

import _courtyard_schedule as pack
import _courtyard_task as house
from courtyard import errors, stages

GOOD = """
source: {name}
title: 来源
department: 部门
transport: sql
cadence: month
schedule: "0 6 3 * *"
"""


def source(cadence: str, schedule: str) -> pack.Source:
    return pack.Source("s", "来源", "部门", "sql", cadence, schedule)


@pytest.mark.parametrize(
    ("start", "quarter"),
    [
        (datetime(2025, 12, 31, 16, tzinfo=UTC), "2026Q1"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025Q4"),
        (datetime(2026, 6, 30, 16, tzinfo=UTC), "2026Q3"),
    ],
)
def test_an_interval_belongs_to_the_quarter_of_shanghai(start, quarter):
    assert pack.quarter_of({"quarter": ""}, start) == quarter


def test_the_parameter_wins_over_the_interval():
    assert pack.quarter_of({"quarter": "2026Q3"}, datetime(2026, 1, 1, tzinfo=UTC)) == "2026Q3"


def test_a_manual_run_without_a_quarter_is_told_to_give_one():
    with pytest.raises(AirflowFailException, match="2026Q3"):
        pack.quarter_of({"quarter": ""}, None)


@pytest.mark.parametrize(
    ("cadence", "schedule", "end", "period"),
    [
        ("month", "0 6 3 * *", datetime(2026, 8, 2, 22, tzinfo=UTC), "2026-07"),
        ("quarter", "0 5 1 1,4,7,10 *", datetime(2026, 9, 30, 21, tzinfo=UTC), "2026Q3"),
        ("quarter", "0 * * * *", datetime(2026, 9, 28, 2, tzinfo=UTC), "2026Q3"),
        ("month", "*/2 * * * *", datetime(2026, 7, 31, 16, tzinfo=UTC), "2026-08"),
    ],
)
def test_a_source_is_asked_for_its_last_finished_period_or_the_running_one(cadence, schedule, end, period):
    assert pack.period_to_land(source(cadence, schedule), {"period": ""}, end) == period


@pytest.mark.parametrize(
    ("end", "periods"),
    [
        (datetime(2026, 7, 31, 15, 59, tzinfo=UTC), ["2026-07"]),
        (datetime(2026, 7, 31, 16, 0, tzinfo=UTC), ["2026-08", "2026-07"]),
        (datetime(2026, 8, 3, 15, 59, tzinfo=UTC), ["2026-08", "2026-07"]),
        (datetime(2026, 8, 3, 16, 0, tzinfo=UTC), ["2026-08"]),
        (datetime(2026, 12, 31, 16, 1, tzinfo=UTC), ["2027-01", "2026-12"]),
    ],
)
def test_a_month_that_has_ended_is_still_looked_at_for_some_days(end, periods):
    assert pack.periods_to_land(source("month", "*/2 * * * *"), {"period": ""}, end) == periods
    assert pack.periods_to_land(source("month", "*/2 * * * *"), {"period": "2026-05"}, end) == ["2026-05"]


@pytest.mark.parametrize(
    ("moment", "quarter"),
    [
        (datetime(2026, 9, 14, 15, 59, tzinfo=UTC), "2026Q2"),  # 14 September, 23:59 in Shanghai
        (datetime(2026, 9, 14, 16, 0, tzinfo=UTC), "2026Q3"),  # the day of issue: 15 days before 30 September
        (datetime(2026, 10, 20, tzinfo=UTC), "2026Q3"),
        (datetime(2026, 12, 16, tzinfo=UTC), "2026Q4"),
    ],
)
def test_submissions_are_collected_for_the_quarter_issued_last(moment, quarter):
    assert pack.quarter_collected({"quarter": ""}, moment) == quarter


def test_workbooks_are_issued_fifteen_days_before_each_quarter_ends():
    assert pack.issue_days() == ("0 8 16 3 *", "0 8 15 6 *", "0 8 15 9 *", "0 8 16 12 *")


def test_collecting_without_a_day_asks_for_the_quarter():
    with pytest.raises(AirflowFailException, match="2026Q3"):
        pack.quarter_collected({"quarter": ""}, None)


@pytest.mark.parametrize(
    "broken", ["source: [", "source: b\n", GOOD.format(name="b").replace("0 6 3 * *", "every day")]
)
def test_a_broken_source_file_disables_its_own_dag_and_is_named(tmp_path: Path, monkeypatch, caplog, broken):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/a.yaml").write_text(GOOD.format(name="a"), "utf-8")
    (tmp_path / "sources/b.yaml").write_text(broken, "utf-8")
    monkeypatch.setattr(pack, "PACK", tmp_path)
    with caplog.at_level(logging.ERROR, logger="courtyard.dags"):
        found = pack.sources()
    assert [known.source for known in found] == ["a"]
    assert "b.yaml" in caplog.text


@pytest.fixture
def failing(monkeypatch):
    """A stage that raises what it is given, run as a task of run r of DAG d."""
    from types import SimpleNamespace

    def run(stage: str, error: Exception) -> None:
        def run_stage(*_arguments, **_options):
            raise error

        ti = SimpleNamespace(xcom_push=lambda key, value: None)
        context = {"dag_run": SimpleNamespace(dag_id="d", run_id="r"), "ti": ti}
        monkeypatch.setattr(house, "get_current_context", lambda: context)
        monkeypatch.setattr(stages, "run_stage", run_stage)
        house.run(stage, "2026Q3")

    return run


@pytest.mark.parametrize(
    ("stage", "error"),
    [("fetch", errors.SourceError("来源连不上。")), ("open", errors.HeldError("2026Q3 is being worked on."))],
)
def test_what_may_pass_by_itself_is_tried_again(failing, stage, error):
    with pytest.raises(AirflowException, match=str(error)[:4]) as raised:
        failing(stage, error)
    assert not isinstance(raised.value, AirflowFailException)


@pytest.mark.parametrize(
    ("stage", "error"),
    [
        ("fetch", errors.UsageError("连接没有设置。")),
        ("merge", errors.LeaseLost("The lease was lost.")),
        ("publish", errors.HeldError("1 report(s) held.")),
        ("parse", errors.PackError("sources/x.yaml line 3.")),
    ],
)
def test_what_needs_a_person_fails_at_once_in_one_line(failing, stage, error):
    with pytest.raises(AirflowFailException) as raised:
        failing(stage, error)
    assert str(raised.value) == str(error)
    assert raised.value.__suppress_context__


def test_an_unexpected_error_is_not_disguised(failing):
    with pytest.raises(ZeroDivisionError):
        failing("merge", ZeroDivisionError())
