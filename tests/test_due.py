"""What the DAGs trigger after a correction: a run each for what is due, in order, once a cause, once more a day when it is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from courtyard import actions, runnable
from courtyard.warehouse import follow_on
from courtyard.warehouse.follow_on import Due

AT = datetime(2026, 11, 3, 1, tzinfo=UTC)


@pytest.fixture
def due(monkeypatch):
    """`actions.due` over these due quarters; `closed` are quarters that a post has closed."""
    monkeypatch.setattr(actions, "context", lambda *_, **__: None)

    def ask(*found: Due, again: bool = False, closed: str = "") -> list[dict]:
        monkeypatch.setattr(follow_on, "due", lambda _: list(found))
        monkeypatch.setattr(runnable, "closed", lambda _ctx, period, _at: "已关闭。" if str(period) == closed else "")
        return actions.due("2026Q4", holder="t", at=AT, again=again)

    return ask


def one(quarter: str, number: int, hours: float = 1) -> Due:
    since = AT - timedelta(hours=hours)
    return Due(quarter, number, since, ("2025Q4",), ("civil_rosters:ab", "civil_rosters:cd", "grid:ef"), ("老人名册",))


def test_each_due_quarter_has_a_run_that_names_quarter_cause_and_deliveries(due):
    reason = "更正续算：2025Q4 收到 老人名册（delivery civil_rosters:ab、civil_rosters:cd等）"
    assert due(one("2026Q1", 7), one("2026Q2", 8)) == [
        {"run_id": "follow_on__2026Q1__after_2025Q4__7", "conf": {"quarter": "2026Q1", "reason": reason}},
        {"run_id": "follow_on__2026Q2__after_2025Q4__8", "conf": {"quarter": "2026Q2", "reason": reason}},
    ]


def test_only_the_daily_one_triggers_again_what_was_lost_and_once_a_day(due):
    lost = one("2026Q1", 7, hours=7)
    assert [run["run_id"] for run in due(lost)] == ["follow_on__2026Q1__after_2025Q4__7"]
    daily = due(lost, one("2026Q2", 8), again=True)
    assert [run["run_id"] for run in daily] == [
        "follow_on__2026Q1__after_2025Q4__7__20261103",
        "follow_on__2026Q2__after_2025Q4__8",
    ]


def test_a_closed_quarter_waits_until_it_is_opened_again(due, caplog):
    assert [run["conf"]["quarter"] for run in due(one("2026Q1", 7), one("2026Q2", 8), closed="2026Q1")] == ["2026Q2"]
    assert "2026Q1 待续算：已关闭。" in caplog.text
