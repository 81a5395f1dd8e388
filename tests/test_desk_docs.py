"""What docs/desk.md tells works: its commands run one after the other, its rules are what the pack takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from deliveries import Delivery
from sqlalchemy import text
from tests.warehouse.quarter import child, entry
from typer.testing import CliRunner

from courtyard import stages
from courtyard.cli import application
from courtyard.desk import queue
from courtyard.district.models import Authority
from courtyard.identity import link
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.warehouse import merge

GUIDE = (Path(__file__).resolve().parents[1] / "docs/desk.md").read_text("utf-8")
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(GUIDE) if kind == language]


@pytest.fixture
def ctx(settings, warehouse_url, monkeypatch):
    """A quarter in which sources disagree about a name, and the register about an ID number."""
    from deliveries import stage

    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    ctx = stages.context("2026Q3", holder="test", settings=Settings.from_env())
    alike = entry("3", id_number="ID-2", name="样二", household_no="H2")
    people = [entry("1", birth_date="2021-01-01"), entry("2"), alike]
    listed = [child("1", name="样改", birth_date="2021-01-01")]
    grid = Delivery("grid_school_age", listed, "2026Q3", unit_code="510105005002001")
    stage(ctx, Delivery("population", people, "2026Q3"), grid)
    link(ctx)
    merge(ctx)
    return ctx


def test_the_commands_run_one_after_the_other(ctx, tmp_path):
    with ctx.engine().connect() as connection:
        found = {entry["kind"]: entry["id"] for entry in queue.listing(connection, ctx)}
    file = tmp_path / "decisions.csv"
    file.write_text(f"id,verdict,value,reason,post\n{found['claim']},1,,电话核实,街道办事处审核岗\n", "utf-8")
    places = {"$ID": found["claim"], "$PAIR": found["same_person"], "$FILE": str(file)}
    commands = [line for body in blocks("bash") for line in body.splitlines()]
    assert len(commands) == 10
    for line in commands:
        program, *words = [places.get(word, word) for word in shlex.split(line)]
        done = CliRunner().invoke(application(), words)
        assert (program, done.exit_code) == ("courtyard", 0), (line, done.output, done.exception)


def test_the_rules_are_what_the_pack_takes():
    (body,) = blocks("yaml")
    assert [Authority.model_validate(e).weigh for e in yaml.safe_load(body)] == ["rank", "newest", "rank"]


def test_the_kinds_are_those_of_the_queue_and_the_functions_exist(ctx):
    listed = set(re.findall(r"^\| `(\w+)`", GUIDE, re.MULTILINE))
    assert listed | {queue.DUPLICATE} == set(queue.KINDS)
    with ctx.engine().connect() as connection:
        for query in re.findall(r"`(SELECT [^`]+)`", GUIDE):
            connection.execute(text(query))
