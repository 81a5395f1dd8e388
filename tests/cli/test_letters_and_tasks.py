"""The commands of letters, tasks and proposals, for people and for programs."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from street_cases import COMMUNITY, COURTYARD, OFFICE, happen, opened
from typer.testing import CliRunner

from courtyard import stages
from courtyard.cli import application
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings

NO = "260921-AAAAA"
DUE = f"{datetime.now(SHANGHAI).year + 1}-12-31"
TASK = ("--from", "应急局", "--basis", "通知", "--due", DUE, "--courtyards", COURTYARD, "--post", OFFICE)


@pytest.fixture
def ctx(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    for name, value in (("VAR", settings.var), ("KEYS", settings.keys), ("WAREHOUSE_URL", warehouse_url)):
        monkeypatch.setenv(f"COURTYARD_{name}", str(value))
    return stages.context("2026Q4", holder="test", settings=Settings.from_env())


def courtyard(*words: str) -> str:
    done = CliRunner().invoke(application(), list(words))
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_letter_is_written_listed_replied_to_and_shown(ctx):
    opened(ctx)
    said = courtyard(
        "letters", "write", NO, "文体旅局", "--request", "请检修", "--due", "2 working_days", "--post", OFFICE
    )
    assert "已去函青羊区文化体育和旅游局：少城办函〔" in said
    (entry,) = json.loads(courtyard("letters", "--json"))
    assert (entry["letter_no"], entry["state"], entry["is_overdue"]) == (1, "待复函", False)
    assert "区文体旅局" in courtyard("letters") and "0 封逾期未复" in courtyard("letters", "list", NO)
    assert courtyard("letters", "list", "--overdue", "--json") == "[]\n"
    reply = ("letters", "reply", NO, "1", "--text", "不属我局", "--post", OFFICE, "--outcome", "refused")
    assert "建议：区住建局；工单已回到街道" in courtyard(*reply, "--where", "区住建局")
    shown = courtyard("letters", "show", NO, "1")
    assert "请办理：请检修" in shown and "应转：区住建局" in shown and "不予受理" in shown
    with pytest.raises(UsageError, match="看不懂期限“两天”"):
        courtyard("letters", "write", NO, "住建局", "--request", "请检修", "--due", "两天", "--post", OFFICE)


def test_a_task_goes_down_and_comes_back(ctx):
    task = json.loads(courtyard("tasks", "add", "--title", "安全隐患排查", *TASK, "--json"))
    assert (task["admission"], task["unit_name"], task["courtyards"]) == ("allowed", "少城街道", [COURTYARD])
    (part,) = json.loads(courtyard("tasks", "hand-down", task["case_no"], "--post", OFFICE, "--json"))
    assert "已签收" in courtyard("tasks", "acknowledge", part["case_no"], "--post", COMMUNITY)
    (landed,) = json.loads(courtyard("tasks", "--courtyard", COURTYARD, "--json"))
    assert (landed["landed_no"], landed["state"]) == (part["case_no"], "办理中")
    courtyard("tasks", "done", part["case_no"], "--result", "已排查", "--post", COMMUNITY)
    assert [entry["state"] for entry in json.loads(courtyard("tasks", "show", task["case_no"], "--json"))] == [
        "已办结",
        "已办结",
    ]
    assert "1/1" in courtyard("tasks")


def test_a_task_of_the_negative_list_comes_back_with_a_letter(ctx):
    assert "退回：" in courtyard("tasks", "add", "--title", "转发量排名", *TASK, "--letter")
    (entry,) = json.loads(courtyard("letters", "--json"))
    assert entry["kind_title"] == "复函"
    (burden,) = json.loads(courtyard("tasks", "burden", "--json"))
    assert (burden["refused"], float(burden["outside_share"])) == (1, 1.0)
    with pytest.raises(UsageError, match="不能直接接收"):
        courtyard("tasks", "add", "--title", "垃圾分类宣传", *TASK)


def test_a_proposal_is_made_and_decided(ctx):
    opened(ctx)
    happen(ctx, NO, "answered", "2026-09-22 09:00", text="已恢复供电")
    add = ("proposals", "add", NO, "facilities", "--what", "加装智能充电桩", "--post", OFFICE)
    courtyard(*add, "--set", "kind=充电桩", "--set", "名称=智能充电桩")
    assert "待审核" in courtyard("proposals")
    assert "已采纳" in courtyard("proposals", "accept", "1", "--post", COMMUNITY)
    (entry,) = json.loads(courtyard("proposals", "list", "--json"))
    assert (entry["verdict"], entry["decided_by"]) == ("accepted", COMMUNITY)
    with pytest.raises(UsageError, match="看不懂“kind”"):
        courtyard(*add, "--set", "kind")
