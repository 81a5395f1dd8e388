"""A real run: its tasks have their buttons, metrics arrive, and lineage joins sources to reports without personal data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.dags.test_metrics import AIRFLOWS

from courtyard.runtime.api import Api

pytestmark = pytest.mark.airflow_e2e

DAG, QUARTER = "courtyard_quarter", "2025Q4"
ID_NUMBER = re.compile(r"\b\d{17}[\dX]\b")


@pytest.fixture(scope="module")
def run(api: Api) -> Iterator[str]:
    """The quarter run once more through the scheduler, and the gauges measured."""
    runs = {}
    for dag, given in ((DAG, {"quarter": QUARTER, "reason": "试运行"}), ("courtyard_cases", {"quarter": QUARTER})):
        api.pause(dag, False)
        runs[dag] = api.trigger(dag, given)
    yield runs[DAG]


def links(api: Api, run: str, task: str, index: int = -1) -> dict[str, str]:
    path = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/{task}/links?map_index={index}"
    return {title: url for title, url in api._send("GET", path)["extra_links"].items() if url}


def test_each_task_has_its_buttons_and_a_mapped_task_its_own_source(api, run, until):
    until(lambda: api.run(DAG, run)["state"] in ("success", "failed"))
    fetched = [task for task in api.tasks(DAG, run) if task["task_id"] == "fetch"]
    assert len(fetched) > 10
    for task in fetched:
        source = task["rendered_map_index"]
        expected = {"来件": f"/courtyard/deliveries?source={source}&period={QUARTER}"}
        assert links(api, run, "fetch", task["map_index"]) == expected
    assert links(api, run, "validate")["质量报告"] == f"/courtyard/quality/{QUARTER}"
    assert links(api, run, "publish")["运行记录"] == f"/courtyard/runs/{QUARTER}"


def test_metrics_of_airflow_and_of_the_street_arrive(api, run, until, statsd):
    until(lambda: api.run(DAG, run)["state"] in ("success", "failed"))
    expected = {
        *AIRFLOWS,
        "airflow.courtyard.step.fetch.duration",
        "airflow.courtyard.step.publish.done",
        "airflow.courtyard.rows.population.residual",
        "airflow.courtyard.source.population.late_hours",
        "airflow.courtyard.cases.open",
    }
    until(lambda: expected <= statsd.names())


def test_lineage_joins_a_source_to_a_report_and_names_nobody(api, run, until, installed):
    until(lambda: api.run(DAG, run)["state"] in ("success", "failed"))
    file = installed.settings.run_dir / "lineage/events.jsonl"
    until(lambda: "courtyard_quarter.deliver" in file.read_text("utf-8"))
    steps = [(datasets(event, "inputs"), datasets(event, "outputs")) for event in events(file)]
    reached = {name for read, _ in steps for name in read if "dibao_ydhz" in name}
    assert reached, "The register's table is a source."
    for _ in steps:  # until nothing new is reached
        reached |= {name for read, written in steps if reached & read for name in written}
    assert [name for name in reached if "/published/" in name and QUARTER in name]
    assert not ID_NUMBER.search(file.read_text("utf-8"))


def events(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def datasets(event: dict[str, Any], side: str) -> set[str]:
    return {f"{each['namespace']} {each['name']}" for each in event.get(side) or []}
