"""The commands of a quarter's collection, each for people and for programs."""

import json

import pytest
from typer.testing import CliRunner

from courtyard.cli import application
from courtyard.privacy import keys


@pytest.fixture
def courtyard(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)

    def run(*words):
        return CliRunner().invoke(application(), list(words))

    return run


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_quarter_is_closed_with_a_reason_and_given_back(courtyard):
    assert told(courtyard("cycle", "2026Q3", "--json"))["due_on"] == "2026-10-05"
    closed = told(courtyard("close", "2026Q3", "--reason", "数据已送审", "--json"))
    assert (closed["state"], closed["takes"]) == ("closed", False) and "数据已送审" in closed["why"]
    assert "已关闭" in courtyard("cycle", "2026Q3").stdout
    assert told(courtyard("reopen", "2026Q3", "--reason", "补报", "--json"))["state"] != "closed"
    assert "reason" in courtyard("close", "2026Q3").output.lower(), "a lock needs a reason"


def test_an_empty_quarter_has_no_submissions_and_a_calendar(courtyard):
    assert told(courtyard("submissions", "2026Q3", "--json")) == []
    found = told(courtyard("status", "2026Q3", "--json"))
    assert found["cycle"]["frozen_on"] == "2026-10-10" and found["board"] == []


@pytest.mark.parametrize("command", ["cycle", "close", "reopen", "submissions", "status"])
def test_each_command_explains_itself(courtyard, command):
    assert "--json" in courtyard(command, "--help").output
