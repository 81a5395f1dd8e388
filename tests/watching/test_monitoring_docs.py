"""docs/monitoring.md is true: its commands exist, and its tables name every kind and every stage of a wait."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from courtyard.cli import application
from courtyard.watching.cause import TITLES

PAGE = (Path(__file__).resolve().parents[2] / "docs/monitoring.md").read_text("utf-8")


def test_every_command_exists_with_its_options():
    known = typer.main.get_command(application()).commands
    lines = [line.partition("#")[0].split() for line in re.findall(r"^courtyard .*$", PAGE, re.MULTILINE)]
    assert len(lines) >= 4
    for _, name, *words in lines:
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, name


def test_every_kind_but_tasks_and_deadlines_has_a_line_in_the_table():
    watch = PAGE.partition("\n## Watch\n")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `(\w+)` \|", watch, re.MULTILINE))
    assert listed == set(TITLES) - {"task", "deadline", "overdue"}


def test_every_stage_of_a_wait_is_told():
    source = Path(__file__).resolve().parents[2] / "include/courtyard/watching/deadlines.py"
    stages = set(re.findall(r'Waits\("(\w+)"', source.read_text("utf-8")))
    assert stages == {"unpublished", "held", "unsigned", "returned", "undelivered"}
    assert all(f"`{stage}`" in PAGE for stage in stages)
