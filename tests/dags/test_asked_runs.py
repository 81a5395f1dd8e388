"""How a run of the quarter DAG came about, which quarter it is, and what a backfill between two moments covers."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.sdk.exceptions import DagRunTriggerException

import _courtyard_follow as follow
import _courtyard_schedule as schedule
import _courtyard_task as house
from courtyard import actions
from courtyard.period import Period

FOLDER = Path(__file__).resolve().parents[2] / "dags"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def run(run_type: str, run_id: str = "r", user: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(run_type=run_type, run_id=run_id, triggering_user_name=user)


@pytest.mark.parametrize(
    ("dag_run", "params", "asked"),
    [
        (run("scheduled", "s"), {"reason": "不算"}, ("scheduled", "", "s")),
        (run("manual", "m", "street01"), {"reason": " 补报 "}, ("manual", "补报", "street01")),
        (run("manual", "m"), {}, ("manual", "", "m")),
        (run(DagRunType("backfill"), "b", "admin"), {"reason": "补报"}, ("backfill", "补报", "admin")),
        (run("operator_triggered", "o"), {"reason": "补报"}, ("manual", "补报", "o")),
        (
            run("operator_triggered", "follow_on__2026Q1__after_2025Q4__7", "admin"),
            {"reason": "更正续算"},
            ("follow_on", "更正续算", "follow_on__2026Q1__after_2025Q4__7"),
        ),
    ],
)
def test_kind_reason_and_asker_of_a_run(monkeypatch, dag_run, params, asked):
    monkeypatch.setattr(follow, "get_current_context", lambda: {"dag_run": dag_run, "params": params})
    found = follow.asked()
    assert (found["kind"], found["reason"], found["requested_by"]) == asked


def test_what_is_due_is_asked_of_the_library_at_the_moment_of_the_task(monkeypatch):
    asked = {}
    context = {"dag_run": SimpleNamespace(dag_id="d", run_id="r"), "ti": SimpleNamespace(xcom_push=lambda **_: None)}
    monkeypatch.setattr(house, "get_current_context", lambda: context)
    monkeypatch.setitem(actions.ACTIONS, "due", lambda period, **given: asked.update(given, period=period) or [])
    assert house.act_now("due", "2026Q1", again=True) == []
    assert (asked["period"], asked["again"], asked["at"].utcoffset()) == ("2026Q1", True, timedelta(hours=8))


def test_a_run_that_follows_is_started_once_however_often_it_is_asked_for():
    conf = {"quarter": "2026Q1", "reason": "更正续算：…"}
    with pytest.raises(DagRunTriggerException) as raised:
        follow.trigger_run("follow_on__2026Q1__after_2025Q4__7", conf)
    told = raised.value
    assert (told.trigger_dag_id, told.dag_run_id, told.conf) == (
        "courtyard_quarter",
        "follow_on__2026Q1__after_2025Q4__7",
        conf,
    )
    assert told.skip_when_already_exists and not told.reset_dag_run and not told.wait_for_completion


@pytest.mark.parametrize(
    ("start", "quarter"),
    [
        ("2024-12-31T16:00+00:00", "2025Q1"),
        ("2024-12-31T15:59+00:00", "2024Q4"),
        ("2025-01-01T00:00+08:00", "2025Q1"),
        ("2025-01-01T00:00+00:00", "2025Q1"),
        ("2024-12-31T23:59+08:00", "2024Q4"),
        ("2025-03-31T16:00+00:00", "2025Q2"),
        ("2025-12-31T11:00-05:00", "2026Q1"),
    ],
)
def test_the_quarter_of_a_run_in_whatever_zone_its_interval_is_written(start, quarter):
    assert schedule.quarter_of({"quarter": ""}, moment(start)) == quarter


@pytest.fixture(scope="module")
def covered():
    """The quarters that `airflow backfill create` covers between two moments: Airflow's own reckoning, ended by now."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.backfill import _get_info_list
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(str(FOLDER / "quarter.py"))
    dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(bag.dags["courtyard_quarter"]))

    def between(from_date: str, to_date: str) -> list[str]:
        infos = _get_info_list(from_date=moment(from_date), to_date=moment(to_date), reverse=False, dag=dag)
        return [schedule.quarter_of({"quarter": ""}, info.data_interval.start) for info in infos]

    return between


@pytest.mark.parametrize(
    ("from_date", "to_date", "quarters"),
    [
        ("2024-12-31T16:00+00:00", "2025-06-30T00:00+08:00", ["2025Q1", "2025Q2"]),
        ("2025-01-01T00:00+08:00", "2025-06-30T00:00+08:00", ["2025Q1", "2025Q2"]),
        ("2025-01-01T00:00+00:00", "2025-06-30T00:00+08:00", ["2025Q2"]),  # eight hours too late for 2025Q1
        ("2025-10-01T00:00+08:00", "2026-04-01T00:00+08:00", ["2025Q4", "2026Q1", "2026Q2"]),
        ("2025-10-01T00:00+08:00", "2026-03-31T23:59+08:00", ["2025Q4", "2026Q1"]),
        ("2025-10-01T00:00+08:00", "2025-10-01T00:00+08:00", ["2025Q4"]),
    ],
)
def test_a_backfill_across_years_and_zones_covers_the_quarters_that_begin_between_its_moments(
    covered, from_date, to_date, quarters
):
    assert covered(from_date, to_date) == quarters


def test_a_backfill_leaves_out_a_quarter_that_has_not_ended(covered):
    running = Period.of("quarter", datetime.now().astimezone())
    until = (running.end_at + timedelta(days=200)).isoformat()
    assert covered(running.previous().start_at.isoformat(), until) == [str(running.previous())]
