"""`courtyard intake-keys`: a key is shown once, holds, is replaced and taken away."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from courtyard.cli import application
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.intake import clients
from courtyard.privacy import keys
from courtyard.store import database


@pytest.fixture
def run(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    app = application()

    def run(*words: str):
        done = CliRunner().invoke(app, ["intake-keys", *words], catch_exceptions=True)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


def holder(settings, warehouse_url, key):
    state = SimpleNamespace(district=load_district(settings.district_path), keys=keys.load_intake(settings.keys))
    with database.engine(warehouse_url, "intake").connect() as connection:
        return clients.of_key(connection, state, key)


def test_a_key_holds_until_it_is_replaced_or_revoked(run, settings, warehouse_url):
    first = json.loads(run("add", "city-app", "--json"))["api_key"]
    assert holder(settings, warehouse_url, first) == "city-app"
    second = json.loads(run("add", "city-app", "--json"))["api_key"]
    assert [holder(settings, warehouse_url, key) for key in (first, second)] == [None, "city-app"]
    assert "city-app  有效" in run("list")
    assert "已停用" in run("revoke", "city-app")
    assert holder(settings, warehouse_url, second) is None
    [listed] = json.loads(run("list", "--json"))
    assert (listed["name"], listed["is_active"]) == ("city-app", False) and "digest" not in listed


def test_a_name_that_is_none_and_an_unknown_client_are_told(run):
    with pytest.raises(UsageError, match="不能作为客户名"):
        run("add", "王小明")
    with pytest.raises(UsageError, match="没有名为"):
        run("revoke", "nobody")
    assert "还没有客户" in run("list")
