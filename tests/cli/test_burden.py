"""Catalogue, bulletin, burden, admissions and meetings on the command line."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from courtyard.cli import application
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.privacy import keys

CIVIL = ("--source", "青羊区民政局")
MEETING = (
    "--day",
    "2026-09-15",
    *CIVIL,
    "--matter",
    "核对会",
    "--people",
    "12",
    "--hours",
    "1.5",
    "--post",
    "社治办主任",
)


@pytest.fixture
def courtyard(settings, warehouse_url, monkeypatch):
    keys.create(settings.keys)
    monkeypatch.setenv("COURTYARD_VAR", str(settings.var))
    monkeypatch.setenv("COURTYARD_KEYS", str(settings.keys))
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", warehouse_url)
    return lambda *words: CliRunner().invoke(application(), list(words))


@pytest.fixture
def blank(tmp_path):
    book = Workbook()
    book.active.append(["独居老人关爱表"])
    book.active.append(["姓名", "自理能力", "银行卡号"])
    book.save(tmp_path / "blank.xlsx")
    return str(tmp_path / "blank.xlsx")


def told(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_an_office_without_data_has_a_catalogue_all_the_same(courtyard, settings):
    page = told(courtyard("catalogue", "--json"))["page"]
    assert page == str(settings.published / "catalogue/index.html")
    assert "未到期" in (settings.published / "catalogue/index.html").read_text("utf-8")


def test_a_form_is_checked_and_a_decision_kept(courtyard, blank):
    found = told(courtyard("admit", blank, *CIVIL, "--json"))
    assert (found["advised"], found["decided"]) == ("refused", None)
    shown = courtyard("admit", blank, *CIVIL, "--decide", "退回", "--reason", "不得采集", "--post", "社治办主任")
    assert "已记录决定：退回（社治办主任）。" in shown.output and "意见：退回" in shown.output
    year = str(datetime.now(SHANGHAI).year)
    (kept,) = told(courtyard("burden", year, "--json"))["admissions"]
    assert (kept["title"], kept["verdict"], kept["reason"]) == ("独居老人关爱表", "refused", "不得采集")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--decide", "大概可以"), "没有“大概可以”这种决定"),
        (("--decide", "准入", "--reason", "要得急", "--post", "社治办主任"), "不能直接准入"),
        (("--decide", "退回"), "没有写明理由或岗位"),
    ],
)
def test_a_wrong_decision_is_one_sentence(courtyard, blank, more, words):
    done = courtyard("admit", blank, *CIVIL, *more)
    assert isinstance(done.exception, UsageError) and words in str(done.exception)


def test_meetings_are_told_and_stand_in_the_year(courtyard, tmp_path):
    told(courtyard("meetings", "add", *MEETING, "--json"))
    (meeting,) = told(courtyard("meetings", "list", "2026", "--json"))
    assert (meeting["day"], meeting["people"], meeting["hours"]) == ("2026-09-15", 12, "1.5")
    assert told(courtyard("meetings", "list", "2025", "--json")) == []
    out = tmp_path / "year.xlsx"
    year = told(courtyard("burden", "2026", "--xlsx", str(out), "--json"))
    assert (year["total"]["meetings"], year["total"]["asked"]) == (1, 0)
    assert load_workbook(out)["少开的会"]["C4"].value == "核对会"
    done = courtyard("meetings", "add", *MEETING[:1], "九月", *MEETING[2:])
    assert isinstance(done.exception, UsageError) and "“九月”不是日期" in str(done.exception)


def test_a_bulletin_needs_an_archive(courtyard):
    done = courtyard("bulletin", "2026Q3")
    assert isinstance(done.exception, UsageError) and "2026Q3 还没有院落档案" in str(done.exception)
