"""`courtyard issue`: the day it is given, and what it says when it is done."""

from datetime import datetime
from io import StringIO

import pytest
from rich.console import Console

from courtyard.cli import issue
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

DONE = {
    "period": "2026Q3", "folder": "/var/outbox/grid/2026Q3", "due_on": "2026-10-05", "issued": ["1", "2"],
    "unchanged": ["3"], "restored": [], "none": [{"unit": "4", "name": "第4网格", "reason": "2026-08-01起撤销"}],
    "rows": 7906, "questions": 81,
}  # fmt: skip


def shown(done):
    written = StringIO()
    issue.show(Console(file=written, width=200), done)
    return written.getvalue()


def test_a_day_means_the_morning_of_that_day():
    assert issue.moment("2026-09-16") == datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)
    assert issue.moment(None).tzinfo is SHANGHAI


def test_what_is_no_day_is_said():
    with pytest.raises(UsageError, match="“9月16日”不是日期"):
        issue.moment("9月16日")


def test_it_says_how_many_workbooks_where_and_who_gets_none_and_why():
    told = shown(DONE)
    assert "新下发 2 份，内容未变、沿用原表 1 份" in told and "补回" not in told
    assert "预填 7,906 行，待核实 81 项；报送截止日 2026-10-05" in told and "/var/outbox/grid/2026Q3" in told
    assert "未下发：第4网格（4），2026-08-01起撤销" in told


def test_nothing_to_issue_is_said_too():
    assert "没有可下发的网格" in shown({**DONE, "issued": [], "unchanged": []})
