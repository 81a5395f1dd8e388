import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import Workbook

from courtyard import cli
from courtyard.cli import base

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def courtyard(tmp_path):
    """Run a command line that needs no server, in folders of this test alone."""
    env = {**os.environ, "COURTYARD_VAR": str(tmp_path / "var"), "COURTYARD_KEYS": str(tmp_path / "keys")}

    def run(*words):
        words = [sys.executable, "-m", "courtyard", *map(str, words)]
        return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env={**env, "PYTHONPATH": "include"})

    return run


@pytest.fixture
def workbook(tmp_path):
    """A grid workbook of one sheet; `rows` stand below the header."""

    def make(name, *rows):
        book = Workbook()
        sheet = book.active
        sheet.title = "居民骨干"
        sheet.append(["少城街道2026年第三季度居民骨干信息采集表"])
        sheet.append(
            [
                "序号",
                "姓名",
                "性别",
                "身份证号",
                "政治面貌",
                "院落",
                "骨干类型",
                "特长",
                "联系电话",
                "参与事项",
                "变动情况",
                "变动日期",
                "备注",
            ]
        )
        for row in rows:
            sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return make


GOOD = [1, "样例甲", "男", None, "群众", "君平街63号", "楼栋长", None, "15400000000", None, "无变化", None, None]
BAD_ID = [
    2,
    "样例乙",
    "女",
    "110105194912310021",
    "群众",
    "君平街63号",
    "楼栋长",
    None,
    None,
    None,
    "无变化",
    None,
    None,
]


def test_help_lists_every_command(courtyard):
    out = courtyard("--help").stdout
    assert all(
        word in out
        for word in ("init", "sample", "run", "check", "status", "trace", "url", "ledger", "up", "down", "demo")
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "2026Q5"), "没有“2026Q5”这个季度"),
        (("run", "2026-07"), "没有“2026-07”这个季度"),
        (("check", "nowhere.xlsx"), "There is no file nowhere.xlsx"),
        (("status", "x"), "'x' is not a period"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_2(courtyard, words, told):
    done = courtyard(*words)
    assert done.returncode == 2
    assert told in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_clean_submission_passes_the_check(courtyard, workbook):
    done = courtyard("check", workbook("a.xlsx", GOOD), "--dataset", "grid_activists", "--json")
    receipt = json.loads(done.stdout)
    assert (done.returncode, receipt["status"], receipt["period"]) == (0, "accepted", "2026Q3")
    assert receipt["rows"] == {"read": 1, "accepted": 1, "quarantined": 0}


def test_a_wrong_id_is_named_by_cell_and_its_value_is_not_shown(courtyard, workbook):
    done = courtyard("check", workbook("a.xlsx", GOOD, BAD_ID), "--dataset", "grid_activists", "--json")
    receipt = json.loads(done.stdout)
    assert (done.returncode, receipt["status"]) == (1, "partly_accepted")
    assert [(f["sheet"], f["cell"], f["code"]) for f in receipt["findings"]] == [("居民骨干", "D4", "id.checksum")]
    assert "110105194912310021" not in done.stdout + done.stderr


def test_a_file_that_is_no_workbook_gets_a_receipt_and_no_traceback(courtyard, tmp_path):
    (tmp_path / "510105005002001_x_2026Q3.xlsx").write_text("<html><table></table></html>")
    done = courtyard("check", tmp_path / "510105005002001_x_2026Q3.xlsx", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == "rejected"


def test_an_unexpected_error_keeps_its_stack_but_not_its_text(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COURTYARD_VAR", str(tmp_path / "var"))

    planted = "11010519491231002X"

    def broken():
        raise ValueError(planted)

    cli.application()  # the commands put themselves into the real one
    monkeypatch.setattr(base, "app", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    noted = (tmp_path / "var/run/unexpected.txt").read_text("utf-8")
    assert ended.value.code == 2
    assert "in broken" in noted
    assert planted not in noted + capsys.readouterr().err
