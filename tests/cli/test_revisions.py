"""Revisions on the command line: compare, recalls, closing, trace."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from tests.reports.conftest import dibao, world  # noqa: F401  (fixtures)
from typer.testing import CliRunner

from courtyard import reports
from courtyard.cli import application
from courtyard.cli.base import console
from courtyard.errors import UsageError

POST = ("--post", "街道办事处审核岗")


@pytest.fixture
def courtyard(dibao, warehouse_url, monkeypatch):  # noqa: F811
    """Both low-income forms of July in their second revision, and a command line that sees them."""
    both = dibao.only("dibao_roster", "dibao_statistics")
    reports.publish(both.ctx)
    both.sent()
    delivery = both.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    both.replace(delivery, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(both.ctx)
    settings = both.ctx.settings
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    monkeypatch.setattr(console, "_width", 250)

    def run(*words, fails=None):
        done = CliRunner().invoke(application(), [*words])
        if fails:
            assert isinstance(done.exception, UsageError) and fails in str(done.exception), done.output
        else:
            assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    return run


def test_compare_prints_the_changes_of_an_aggregate(courtyard):
    told = courtyard("compare", "dibao_statistics", "2026-07")
    assert "城市低保统计表 2026-07：第1版 → 第2版，6处变动。" in told
    assert "H7" in told and "0.0940" in told and "低保信息系统" in told
    found = json.loads(courtyard("compare", "dibao_statistics", "2026-07", "--from", "1", "--to", "2", "--json"))
    assert [(c["cell"], c["before"], c["after"]) for c in found["changes"]][:2] == [
        ("H7", "0.0930", "0.0940"),
        ("I7", "930.00", "940.00"),
    ]


def test_a_rosters_values_are_shown_only_when_asked_for(courtyard):
    hidden, shown = (courtyard("compare", "dibao_roster", "2026-07", *more) for more in ((), ("--show-values",)))
    assert "赵样例" not in hidden and "940.00" not in hidden and "J8" in hidden
    assert "赵样例" in shown and "940.00" in shown


def test_there_is_nothing_to_compare_with_the_first_revision(courtyard):
    courtyard("compare", "dibao_roster", "2026-08", fails="只发布过第 1 版")
    courtyard("compare", "dibao_roster", "2026-07", "--from", "2", fails="已发布第 1 至 2 版")
    courtyard("compare", "no_such", "2026-07", fails="没有报表")


def test_recalls_from_waiting_to_acknowledged(courtyard):
    assert "更正函3份，待确认3份" in courtyard("recalls")
    courtyard("recalls", "sent", "dibao_roster", "2026-07", "--recipient", "青羊区民政局")
    done = courtyard("recalls", "acknowledge", "dibao_roster", "2026-07", "--by", "青羊区民政局救助科")
    assert "已确认：dibao_roster 2026-07 第1版，青羊区民政局（青羊区民政局救助科）。" in done
    found = {(r["report"], r["period"]): r for r in json.loads(courtyard("recalls", "--json"))}
    assert found["dibao_roster", "2026-07"]["state"] == "已确认"
    assert found["dibao_statistics", "2026-07"]["state"] == "待发"
    courtyard("recalls", "acknowledge", "dibao_roster", "2026-07", "--by", "又一次", fails="没有待确认的更正函")


def test_a_report_is_closed_and_opened_again(courtyard):
    told = courtyard("close-report", "dibao_roster", "2026-07", "--reason", "已报市局汇总", *POST)
    assert "已关闭，不再出新版：已报市局汇总（街道办事处审核岗）" in told
    courtyard("close-report", "dibao_roster", "2026-07", "--reason", "再关", *POST, fails="已经关闭")
    assert "已重新开放" in courtyard("reopen-report", "dibao_roster", "2026-07", "--reason", "市局同意更正", *POST)


def test_trace_says_what_a_cell_is_by_which_rule_and_out_of_which_rows(courtyard):
    told = courtyard("trace", "dibao_roster", "2026-07", "J7")
    assert "J7（合并单元格，值在 J5）：花名册的一格“月保障金额(元)”" in told
    assert "口径：全家当月保障金额" in told and "reports/sql/dibao_roster.sql" in told
    assert "2026-07/k1" in told and "dibao_register_2026-07_1" in told
    assert "表头表尾的文字" in courtyard("trace", "dibao_roster", "2026-07", "A2", "--revision", "1")


def test_the_commands_of_the_guide_run_one_after_the_other(courtyard):
    guide = (Path(__file__).resolve().parents[2] / "docs/revisions.md").read_text("utf-8")
    commands = [line for body in re.findall(r"^```bash\n(.*?)^```$", guide, re.M | re.S) for line in body.splitlines()]
    assert len(commands) == 10
    for line in commands:
        program, *words = shlex.split(line)
        assert program == "courtyard"
        courtyard(*words)
