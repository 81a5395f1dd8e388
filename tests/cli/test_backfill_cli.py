"""`courtyard backfill` on the command line: the plan, and every refusal as one line that starts nothing."""

from __future__ import annotations

import json

import pytest
from tests.backfill.conftest import office  # noqa: F401  (fixtures)
from tests.reports.conftest import dibao, world  # noqa: F401  (fixtures)
from typer.testing import CliRunner

from courtyard.cli import application, backfill
from courtyard.cli.base import console
from courtyard.errors import CourtyardError


@pytest.fixture
def courtyard(office, warehouse_url, monkeypatch):  # noqa: F811
    settings = office.ctx.settings
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    monkeypatch.setattr(console, "_width", 200)

    def run(*words, fails=None):
        done = CliRunner().invoke(application(), ["backfill", *words])
        if fails:
            assert isinstance(done.exception, CourtyardError), (done.output, done.exception)
            assert fails in done.exception.message and done.exception.remedy
        return done

    run.office = office
    return run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2026Q3"], "回填必须写明原因。"),
        ([], "没有写要回填哪个季度。"),
        (["2026Q5", "--dry-run"], "“2026Q5”不是一个季度。"),
        (["2026Q3..2026Q1", "--dry-run"], "起止颠倒：2026Q3 晚于 2026Q1。"),
        (["2026Q3", "--from-date", "2026-07-01", "--dry-run"], "季度和日期只能写一种。"),
        (["--from-date", "2026-07-01", "--dry-run"], "--from-date 和 --to-date 要一起写。"),
        (["--from-date", "2026-07-02", "--to-date", "2026-08-01", "--dry-run"], "没有季度开始"),
    ],
)
def test_what_means_nothing_is_refused_before_anything_is_started(monkeypatch, words, said):
    monkeypatch.setattr(backfill, "services", lambda *_, **__: pytest.fail("nothing may be started"))
    done = CliRunner().invoke(application(), ["backfill", *words])
    assert isinstance(done.exception, CourtyardError) and said in done.exception.message and done.exception.remedy


def test_quarters_that_may_not_run_are_refused(courtyard):
    courtyard("2025Q3", "--reason", "补报", fails="2025Q4")
    courtyard("2030Q1", "--reason", "补报", fails="还没有开始")
    courtyard("2025Q3", "--trial", fails="2025Q4")


def test_the_plan_as_a_stranger_reads_it(courtyard):
    delivery = courtyard.office.arrives("dibao_register", "2026-07")
    done = courtyard("--from-date", "2026-05-05", "--to-date", "2026-07-01", "--dry-run")
    told = done.output
    assert done.exit_code == 0, told
    assert "起点落在2026年第二季度中间，这一季不含在内" in told
    assert "会用到·更正  民政低保台账" in told or delivery in told
    assert "可能出新版" in told and "2026年7月《城市低保统计表》" in told
    assert "可能：收件部门青羊区民政局：收到过的版次会被替代，须发更正函并收回确认" in told
    assert "--from-date 2026-07-01T00:00:00+08:00 --to-date 2026-07-01T00:00:00+08:00" in told
    assert "/api/v2/backfills" in told


def test_the_plan_as_json(courtyard):
    plan = json.loads(courtyard("2026Q3", "--dry-run", "--json").output)
    assert plan["may_run"] is True and plan["steps"][0]["quarter"] == "2026Q3"
    assert plan["how"][0]["body"]["dag_run_conf"] == {"reason": "原因"}


def test_without_airflow_the_stages_run_here_in_order_with_the_reason(courtyard, monkeypatch):
    from courtyard import stages

    ran = []

    def run_quarter(ctx):
        ran.append((str(ctx.period), ctx.asked and (ctx.asked.kind, ctx.asked.reason)))
        yield "publish", {"published": [], "unchanged": [], "held": []}

    monkeypatch.setattr(stages, "run_quarter", run_quarter)
    monkeypatch.setattr("courtyard.runtime.supervisor._start_intake", lambda *_: {})
    done = courtyard("2025Q4..2026Q1", "--backwards", "--reason", "补报", "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    assert ran == [("2026Q1", ("backfill", "补报")), ("2025Q4", ("backfill", "补报"))]
