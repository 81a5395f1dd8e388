"""What is measured is sent as Airflow sends its own metrics, and the example dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import statsd
import yaml
from airflow.sdk._shared.observability.metrics import stats as shared
from airflow.sdk._shared.observability.metrics.statsd_logger import SafeStatsdLogger

import _courtyard_metrics as metrics
from courtyard import measuring
from courtyard.district import load_district

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/monitoring"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
MAPPINGS = yaml.safe_load((FOLDER / "statsd_mapping.yml").read_text("utf-8"))["mappings"]
# As Airflow 3.3.2 names them; the run through a real scheduler (test_signals.py) finds them among what it is sent.
AIRFLOWS = (
    "airflow.dagrun.duration.success.courtyard_quarter",
    "airflow.ti.finish.courtyard_quarter.fetch.success",
    "airflow.scheduler_heartbeat",
    "airflow.dag_processing.import_errors",
    "airflow.executor.open_slots",
    "airflow.executor.queued_tasks",
)
SUFFIXES = re.compile(r"_(sum|count)$")


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A StatsD server on loopback, to which Airflow's own client sends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        client = statsd.StatsClient("127.0.0.1", server.getsockname()[1], "airflow")
        monkeypatch.setattr(shared, "_factory", lambda: SafeStatsdLogger(client))
        monkeypatch.setattr(shared, "_backend", None)
        yield server
        shared._backend = None


def received(server: socket.socket, count: int) -> list[str]:
    return [server.recv(4096).decode() for _ in range(count)]


def test_a_step_sends_its_duration_and_how_it_ended(listener):
    with metrics.timed("merge"):
        pass
    with pytest.raises(ValueError), metrics.timed("publish"):
        raise ValueError("x")
    merged, done, published, failed = received(listener, 4)
    assert re.fullmatch(r"airflow\.courtyard\.step\.merge\.duration:[\d.]+\|ms", merged)
    assert re.fullmatch(r"airflow\.courtyard\.step\.publish\.duration:[\d.]+\|ms", published)
    assert (done, failed) == ("airflow.courtyard.step.merge.done:1|c", "airflow.courtyard.step.publish.failed:1|c")


def test_gauges_are_sent_under_the_projects_name(listener):
    metrics.send({"rows.grid.landed": 3, "cases.open": 0})
    assert received(listener, 2) == ["airflow.courtyard.rows.grid.landed:3|g", "airflow.courtyard.cases.open:0|g"]


def test_nothing_is_measured_while_airflow_sends_nothing():
    assert not metrics.are_on()


def mapped(name: str) -> str | None:
    """The Prometheus name that statsd_exporter makes of a dotted one: the first mapping that matches."""
    for mapping in MAPPINGS:
        if mapping.get("action") == "drop":
            return None
        pattern = re.escape(mapping["match"]).replace(r"\*", r"([^.]*)")
        if re.fullmatch(pattern, name):
            return mapping["name"]
    return None


def sent() -> set[str]:
    """Names as they are sent: gauges of a street with one source, steps, and what the dashboard uses of Airflow's."""
    gauges = [name.format(source="grid") for name in measuring.NAMES]
    steps = [f"step.{step}.{what}" for step in ("fetch", "publish") for what in ("duration", "done", "failed")]
    return {*(f"airflow.courtyard.{name}" for name in (*gauges, *steps)), *AIRFLOWS}


def test_every_metric_of_the_dashboard_is_sent_and_mapped():
    known = {mapped(name) for name in sent()}
    assert None not in known, "Every name that is sent has a mapping."
    expressions = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    asked = {
        SUFFIXES.sub("", name) for text in expressions for name in re.findall(r"\b(?:courtyard|airflow)_\w+", text)
    }
    assert len(asked) > 8 and asked - known == set()


def test_the_labels_of_the_dashboard_are_those_of_the_mapping():
    labels = {mapping["name"]: set(mapping.get("labels", {})) | {"quantile"} for mapping in MAPPINGS}
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            for name, conditions in re.findall(r"\b((?:courtyard|airflow)_\w+)\{(.*?)\}", target["expr"]):
                assert set(re.findall(r"(\w+)=", conditions)) <= labels[SUFFIXES.sub("", name)], target["expr"]


def test_the_dashboard_is_in_chinese_and_its_panels_do_not_overlap():
    places = set()
    for panel in DASHBOARD["panels"]:
        assert any("\u4e00" <= letter <= "\u9fff" for letter in panel["title"]), panel["title"]
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not places & cells and at["x"] + at["w"] <= 24, panel["title"]
        places |= cells


def test_sources_of_the_pack_make_names_that_statsd_can_hold():
    for source in load_district(ROOT / "include/districts/shaocheng").sources:
        assert re.fullmatch(r"[a-z0-9_]+", source)
