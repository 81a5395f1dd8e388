"""`courtyard views`: what is printed of a publication's files."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from courtyard import reports, stages
from courtyard.cli import application, views

FOUND = {
    "report": "dibao_roster",
    "title": "低保对象花名册",
    "period": "2026-07",
    "revision": 2,
    "folder": "2026-07/dibao_roster/r2",
    "files": [
        {"file": "a.xlsx", "view": "names", "recipients": ["民政局"], "basis": "办法[1]"},
        {"file": "b.xlsx", "view": "masked", "recipients": [], "basis": ""},
    ],
}


@pytest.fixture
def asked(monkeypatch):
    """The command without a warehouse; what it was asked for."""
    seen = []
    monkeypatch.setattr(views, "services", lambda settings: nullcontext())
    monkeypatch.setattr(stages, "context", lambda quarter, **_: quarter)
    monkeypatch.setattr(reports, "entitled", lambda *args: seen.append(args) or FOUND)
    return seen


def test_each_file_with_its_recipients_and_basis(asked, monkeypatch):
    monkeypatch.setattr(views.console, "_width", 120)
    done = CliRunner().invoke(application(), ["views", "dibao_roster", "2026-07"])
    assert done.exit_code == 0 and asked == [("2026Q3", "dibao_roster", "2026-07")]
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.output.splitlines() if "xlsx" in line]
    assert lines == [["a.xlsx", "原表", "民政局", "办法[1]"], ["b.xlsx", "脱敏", "无", ""]]


def test_as_json(asked):
    done = CliRunner().invoke(application(), ["views", "dibao_roster", "2026-07", "--json"])
    assert json.loads(done.output) == FOUND
