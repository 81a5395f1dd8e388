"""`courtyard cases`: the table of a period, ratings of few left out, root causes and their confirmation."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from tests.reports.case_world import Desk, moment
from tests.reports.conftest import world  # noqa: F401  (a fixture)
from typer.testing import CliRunner

from courtyard.cli import application, base, case_figures
from courtyard.errors import UsageError


@pytest.fixture
def desk(world, monkeypatch) -> Desk:  # noqa: F811
    @contextmanager
    def at_the_desk():
        yield world.ctx

    monkeypatch.setattr(case_figures, "office", at_the_desk)
    monkeypatch.setattr(base, "now", lambda: moment("2026-12-01 09:00"))
    return Desk(world)


def ask(*words: str) -> str:
    done = CliRunner().invoke(application(), ["cases", *words], env={"COLUMNS": "250"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_figures_of_a_quarter_leave_out_what_few_said(desk):
    desk.solve(desk.open("2026-07-01 09:00"), "2026-07-01 11:00", "2026-07-01 12:00", "satisfied")
    rows = json.loads(ask("figures", "2026Q3", "--json"))
    assert [(row["unit_name"], row["received"], row["solved_courtyard"], row["rated"]) for row in rows] == [
        ("少城街道", 1, 1, "*"), ("四道街社区", 1, 1, "*"),
    ]  # fmt: skip
    printed = ask("figures", "2026Q3")
    assert "工单统计（现在的结果）" in printed
    assert "*：评价人数少" in printed


@pytest.mark.parametrize("words", [("figures", "2026-W30"), ("figures", "2026Q3", "--level", "building")])
def test_what_makes_no_sense_is_told(desk, words):
    with pytest.raises(UsageError):
        ask(*words)


def test_a_root_cause_is_found_and_confirmed(desk):
    for day in ("01", "02", "03"):
        desk.open(f"2026-11-{day} 09:00", "leak", no=f"A{day}")
    assert "A01  C1  漏水堵塞  3件（2026-11-01至2026-11-03）：A01、A02、A03" in ask("root-causes")
    post = desk.world.ctx.district.office.preparer
    made = json.loads(ask("confirm-root-cause", "A01", "--post", post, "--text", "主管道老化", "--json"))
    assert made["unit"] == "510105005"
    assert json.loads(ask("root-causes", "--json")) == []
    (row,) = desk.world.rows('SELECT count(*) AS cases FROM mart."case" WHERE parent_no = :no', no=made["case_no"])
    assert row["cases"] == 3
