"""docs/backfill.md: its commands are commands, and what it names exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from courtyard.backfill import choosing
from courtyard.backfill.planned import ARRIVALS, OUTCOMES
from courtyard.backfill.trial import DATABASE
from courtyard.period import Period
from courtyard.runtime.backfills import Order

TEXT = (Path(__file__).resolve().parents[2] / "docs/backfill.md").read_text("utf-8")
COMMANDS = re.findall(r"courtyard backfill [^\n`]+", TEXT)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_mean_quarters_that_exist(command):
    words = shlex.split(command)[2:]
    options = {"--reason", "--from-date", "--to-date"}
    named = [w for i, w in enumerate(words) if not w.startswith("--") and (i == 0 or words[i - 1] not in options)]
    if named:
        assert choosing.named(named).quarters
    else:
        assert choosing.dated(words[words.index("--from-date") + 1], words[words.index("--to-date") + 1]).quarters


def test_airflows_command_is_the_one_that_is_printed():
    (written,) = re.findall(r"courtyard airflow backfill create.*?\n```", TEXT, re.S)
    order = Order(Period.quarter("2025Q4"), Period.quarter("2026Q2"), "补报民政数据")
    assert shlex.split(written.removesuffix("```").replace("\\\n", " ")) == shlex.split(order.command())


def test_its_words_are_those_of_the_plan():
    assert all(word in TEXT for word in (*OUTCOMES.values(), *ARRIVALS.values(), DATABASE))
