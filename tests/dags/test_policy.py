"""What every DAG of the project keeps to. Each failure says how to comply."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from courtyard import stages

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dags"
FILES = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
SOURCES = {
    path.stem: keys
    for path in ROOT.glob("include/districts/shaocheng/sources/*.yaml")
    if (keys := yaml.safe_load(path.read_text("utf-8")))["transport"] != "desk"  # nobody is asked
}
PARSE_SECONDS = 0.3
MOST_LINES = 100

_MEASURE = """
import runpy, sys, time
from airflow.sdk import DAG, BaseNotifier, Connection, CronDataIntervalTimetable, Param, get_current_context, task
import airflow.sdk.exceptions
sys.path.insert(0, {folder!r})
for path in {files!r}:
    sys.modules.pop("_courtyard_schedule", None)
    sys.modules.pop("_courtyard_task", None)
    sys.modules.pop("_courtyard_alert", None)
    since = time.process_time()
    runpy.run_path(path)
    print(path, time.process_time() - since, sep="\\t")
print("heavy:", *sorted({{"pandas", "great_expectations", "sqlalchemy", "openpyxl", "courtyard.stages"}} & {{
    name for name in sys.modules if name in ("pandas", "great_expectations", "openpyxl", "courtyard.stages")}}))
"""


@pytest.fixture(scope="module")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(FOLDER))


@pytest.fixture(scope="module")
def dags(bag):
    assert bag.dags, f"No DAG was loaded from {FOLDER}: the other checks would pass on nothing."
    return bag.dags


def test_the_folder_loads_without_errors(bag, dags):
    assert not bag.import_errors, f"Make these importable: {bag.import_errors}"


def dag_of(name: str, keys: dict) -> str:
    if keys.get("is_submitted"):
        return f"courtyard_submissions_{name}"
    return f"courtyard_{name}" if keys["transport"] == "georeport" else f"courtyard_ingest_{name}"


def test_there_is_a_dag_for_the_quarter_the_grid_cycle_the_residents_and_every_source(dags):
    expected = {
        "courtyard_quarter",
        "courtyard_open_quarter",
        "courtyard_reminders",
        "courtyard_reports",
        "courtyard_residents",
        "courtyard_cases",
        "courtyard_sign_off",
        "courtyard_watch",
    }
    expected |= {dag_of(name, keys) for name, keys in SOURCES.items()}
    assert set(dags) == expected, "A source file of the pack makes its own DAG; DAG ids start with courtyard_."


def test_every_dag_says_what_it_is_for(dags):
    for dag in dags.values():
        assert dag.doc_md and len(dag.doc_md) > 100, f"{dag.dag_id}: write a docstring and pass doc_md=__doc__."
        assert any("\u4e00" <= letter <= "\u9fff" for letter in dag.dag_display_name), (
            f"{dag.dag_id}: give dag_display_name a Chinese name for the office."
        )


def test_every_dag_has_tags_and_every_task_an_owner_and_a_document(dags):
    for dag in dags.values():
        assert "courtyard" in dag.tags and len(dag.tags) > 1, f"{dag.dag_id}: tags=['courtyard', …]."
        for task in dag.tasks:
            assert task.owner == "courtyard", f"{dag.dag_id}.{task.task_id}: pass **schedule.dag_settings()."
            assert task.doc_md, f"{dag.dag_id}.{task.task_id}: write a docstring, or doc_md where it is mapped."


def test_every_task_that_works_is_tried_again(dags):
    for dag in dags.values():
        for task in dag.tasks:
            if task.task_id != "watch":
                assert task.retries >= 1, (
                    f"{dag.dag_id}.{task.task_id}: retries at least 1 (schedule.dag_settings has it)."
                )


def test_every_task_that_fails_for_good_is_told_and_that_it_works_again(dags):
    for dag in dags.values():
        for task in dag.tasks:
            if (dag.dag_id, task.task_id) == ("courtyard_quarter", "watch"):
                assert not task.on_failure_callback, "It repeats what fetch and publish were told for."
                continue
            called = [
                [type(each).__name__ for each in callbacks]
                for callbacks in (task.on_failure_callback, task.on_success_callback)
            ]
            assert called == [["AlertNotifier"], ["AlertNotifier"]], (
                f"{dag.dag_id}.{task.task_id}: pass **schedule.dag_settings()."
            )


def test_no_dag_catches_up_or_overlaps_itself(dags):
    for dag in dags.values():
        assert dag.catchup is False, f"{dag.dag_id}: catchup=False; past quarters are backfilled on purpose."
        assert dag.max_active_runs == 1, f"{dag.dag_id}: max_active_runs=1."


def test_schedules_are_the_packs_in_shanghai(dags):
    assert dags["courtyard_quarter"].timetable.expression == "0 0 1 1,4,7,10 *"
    for name, keys in SOURCES.items():
        dag = dags[dag_of(name, keys)]
        assert dag.timetable.expression == keys["schedule"], (
            f"{dag.dag_id}: schedule=schedule.timetable(source.schedule)."
        )
    for dag in dags.values():
        for timetable in getattr(dag.timetable, "timetables", [dag.timetable]):
            zone = str(timetable.timezone)
            assert "Asia/Shanghai" in zone, (
                f"{dag.dag_id}: use schedule.timetable, which sets the time zone, not {zone}."
            )


def test_what_residents_send_is_landed_in_time_whatever_else_runs(dags):
    """At most two minutes from sending to landing: a task of its own, no lease, no waiting for what is taken in."""
    landing = [dag_of(name, keys) for name, keys in SOURCES.items() if keys["transport"] == "georeport"]
    assert len(landing) == 3, "Reports, replies and photos."
    for dag_id in landing:
        assert [task.task_id for task in dags[dag_id].tasks] == ["land"], f"{dag_id}: land only, take in elsewhere."
        assert dags[dag_id].timetable.expression in ("* * * * *", "*/2 * * * *"), (
            f"{dag_id}: at least every two minutes."
        )
    assert dags["courtyard_resident_reports"].timetable.expression == "* * * * *", (
        "A run that begins late has time left."
    )
    residents = dags["courtyard_residents"]
    assert {t.task_id: t.downstream_task_ids for t in residents.tasks} == {
        "wait": {"take_in"},
        "take_in": {"tell"},
        "tell": set(),
    }
    assert residents.timetable.expression == "*/2 * * * *"


def test_the_quarter_has_the_stages_of_the_library_in_order(dags):
    chain = [stage.name for stage in stages.STAGES]
    quarter = dags["courtyard_quarter"]
    beside = {"watch", "due", "follow_on"}
    assert {task.task_id for task in quarter.tasks} == {*chain, *beside}, "One task a stage of courtyard.stages.STAGES."
    for earlier, later in itertools.pairwise(chain):
        assert later in quarter.get_task(earlier).downstream_task_ids, f"{later} must follow {earlier}."


def test_what_a_run_has_made_due_is_triggered_by_the_run_and_once_more_by_the_daily_one(dags):
    for dag_id, after in (("courtyard_quarter", {"archive", "publish"}), ("courtyard_reports", {"deliver"})):
        due, trigger = dags[dag_id].get_task("due"), dags[dag_id].get_task("follow_on")
        assert due.upstream_task_ids == after and trigger.upstream_task_ids == {"due"}
        assert due.trigger_rule == "all_done_min_one_success", "A held report keeps no other quarter waiting."
        assert trigger.is_mapped and trigger.partial_kwargs["max_active_tis_per_dagrun"] == 1, (
            "In the order of quarters."
        )


def test_a_quarter_is_run_for_a_reason(dags):
    assert {"quarter", "reason"} <= set(dags["courtyard_quarter"].params)


def test_mapped_tasks_carry_a_label(dags):
    for dag in dags.values():
        for task in dag.tasks:
            if task.is_mapped:
                assert task.partial_kwargs.get("map_index_template"), (
                    f"{dag.dag_id}.{task.task_id}: map_index_template tells the operator which is which."
                )


def test_files_are_short():
    assert FILES
    for path in FILES:
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= MOST_LINES, f"{path.name} has {lines} lines: move what works into include/courtyard."


def test_files_parse_fast_and_load_nothing_heavy():
    code = _MEASURE.format(folder=str(FOLDER), files=[str(path) for path in FILES])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT / "include", check=True
    )
    *timed, heavy = [line for line in done.stdout.splitlines() if "\t" in line or line.startswith("heavy:")]
    assert heavy == "heavy:", f"Import inside the task, not at the top of the file: {heavy}"
    assert len(timed) == len(FILES)
    for line in timed:
        path, seconds = line.split("\t")
        assert float(seconds) < PARSE_SECONDS, f"{Path(path).name} takes {seconds} s to parse: no work at top level."
