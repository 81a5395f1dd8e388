"""What docs/cases.md tells is so: the limits of the pack, the actions and what they need, the commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from courtyard.cases import alerts, doings, machine
from courtyard.cli import application
from courtyard.district import load_district
from courtyard.district.cases import LEVELS
from courtyard.settings import Settings

GUIDE = (Path(__file__).resolve().parents[1] / "docs/cases.md").read_text("utf-8")
RULES = load_district(Settings.from_env({}).district_path).cases
COMMANDS = {
    "acknowledge": "acknowledged", "measure": "measured", "extend": "extended", "hand-back": "handed_back",
    "raise": "raised", "supervise": "supervised", "answer": "answered", "refuse": "refused", "release": "released",
    "classify": "classified", "place": "placed", "join": "joined", "follow-up": "followed_up", "note": "noted",
}  # fmt: skip


def rows(heading):
    """The cells of the first table behind a heading."""
    lines = GUIDE.split(heading)[1].splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            return table
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


@pytest.mark.parametrize("terms", RULES.terms, ids=lambda terms: terms.urgency)
def test_the_limits_are_the_packs(terms):
    (found,) = [row for row in rows("one entry an urgency") if row[0] == f"`{terms.urgency}`"]
    told = [f"{one.acknowledge} / {one.solve}" if (one := terms.levels.get(level)) else "–" for level in LEVELS]
    assert found[1:] == [*told, terms.total]


def test_the_table_of_actions_has_every_command_and_who_may():
    found = {row[0].split("`")[1]: row[1] for row in rows("## Who may do what")}
    assert set(found) == set(COMMANDS)
    for command, who in found.items():
        assert who.startswith("above") == (doings.DOINGS[COMMANDS[command]].who == "above"), command


def test_every_command_of_the_guide_exists():
    names = set(re.findall(r"^courtyard cases ([\w-]+)", GUIDE, re.MULTILINE))
    group = typer.main.get_command(application()).commands["cases"]  # type: ignore[attr-defined]
    assert names and names <= set(group.commands)
    assert set(COMMANDS) <= set(group.commands)
    for line in re.findall(r"^courtyard cases .*$", GUIDE, re.MULTILINE):
        told = CliRunner().invoke(application(), ["cases", line.split()[2], "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"(?<!\S)--[\w-]+", line):
            assert option in told, line


def test_every_event_is_told_to_somebody_or_named_as_silent():
    told = alerts.TO_ALL | alerts.TO_NEAR | alerts.IF_MOVED | {"acknowledged", "noted"}
    assert told == set(machine.TITLES)
