"""The README lists every DAG as the bag has it, and nothing of the bag fails to import."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- DAGs: as tests/dags/test_readme_table.py prints them -->", "<!-- end of DAGs -->"
HEADS = ("DAG", "Name", "When (Asia/Shanghai)", "Owner", "Tags", "What it is for")


@pytest.fixture(scope="module")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


def when(timetable) -> str:
    """A timetable as its cron lines; one that only somebody or something else starts says so."""
    crons = [each.expression for each in getattr(timetable, "timetables", [timetable]) if hasattr(each, "expression")]
    return ", ".join(f"`{cron}`" for cron in crons) or "when asked for"


def purpose(dag) -> str:
    """What the heading of a DAG's document says behind its Chinese name."""
    return dag.doc_md.strip().splitlines()[0].split("·")[-1].strip()


def table(dags) -> str:
    """The table as the README has it, a line a DAG."""
    lines = [f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS)]
    for dag_id, dag in sorted(dags.items()):
        owners = ", ".join(sorted({task.owner for task in dag.tasks}))
        cells = (
            f"`{dag_id}`",
            dag.dag_display_name,
            when(dag.timetable),
            owners,
            ", ".join(sorted(dag.tags)),
            purpose(dag),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_readme_lists_every_dag_as_it_is(bag):
    assert len(bag.dags) > 20 and not bag.import_errors
    readme = (ROOT / "README.md").read_text("utf-8")
    listed = readme.partition(BEGIN)[2].partition(END)[0].strip()
    expected = table(bag.dags)
    assert listed == expected, f"Between its two marks the README should have:\n\n{expected}\n"


def test_every_dag_says_in_its_heading_what_it_is_for(bag):
    for dag in bag.dags.values():
        heading = dag.doc_md.strip().splitlines()[0]
        assert heading.startswith("### ") and "·" in heading, f"{dag.dag_id}: begin with '### 名称 · what it is for'."


@pytest.mark.slow
def test_airflow_lists_no_import_errors(tmp_path: Path):
    env = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "PYTHONPATH": f"{ROOT / 'include'}{os.pathsep}{ROOT / 'dags'}",
        "COURTYARD_VAR": str(tmp_path / "var"),
    }
    command = [sys.executable, "-m", "airflow"]
    subprocess.run([*command, "db", "migrate"], env=env, check=True, capture_output=True, timeout=600)
    done = subprocess.run(
        [*command, "dags", "list-import-errors", "--local", "--output", "json"],
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "No data found" in done.stdout or done.stdout.strip().endswith("[]"), done.stdout
