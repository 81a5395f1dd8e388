"""减负账: the year's figures, a department's own part beside the totals, the formula said, years that there are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from tests.boards.conftest import Open
from tests.boards.pages import words

from courtyard import stages
from courtyard.context import Context
from courtyard.reports.burden import counting, ledger
from courtyard.reports.burden.counting import CellCount
from courtyard.settings import Settings

_PUBLISHED = text("""
INSERT INTO publish.publication (street_code, report, period, revision, folder, rows, content_hash, as_known_at, manifest)
VALUES (:street, :report, :period, 0, '', 10, 'x', :at, jsonb_build_object('recipient', CAST(:to AS text), 'title', CAST(:title AS text)))
""")
AT = datetime(2026, 9, 20, 2, tzinfo=UTC)


@pytest.fixture
def told(as_user: Open, settings: Settings, warehouse_url: str) -> Context:
    """Two forms of two departments in two quarters and one of the year before, and a meeting."""
    ctx = stages.context("2026Q3", holder="test", settings=replace(settings, warehouse_url=warehouse_url))
    phone = CellCount("phone", "联系电话", "person.phone", 100, 80, 0)
    rows = CellCount("note", "备注", "", 40, 0, 30)
    forms = [
        ("dibao", "2026-01", "青羊区民政局", "低保情况表", [phone, rows]),
        ("dibao", "2026-07", "青羊区民政局", "低保情况表", [phone, rows]),
        ("people", "2026Q3", "青羊区统计局", "人口统计表", [phone]),
        ("people", "2025Q3", "青羊区统计局", "人口统计表", [phone]),
    ]
    with ctx.engine("publisher").begin() as connection:
        for report, period, to, title, counts in forms:
            where = {"street": ctx.street_code, "report": report, "period": period}
            connection.execute(_PUBLISHED, {**where, "to": to, "title": title, "at": AT})
            counting.record(connection, ctx, where, 0, counts)
        meeting = ledger.Meeting(0, date(2026, 9, 15), "青羊区民政局", "核对会", 12, Decimal("1.5"), "社治办主任", AT)
        ledger.add_meeting(connection, ctx, meeting)
    return ctx


def test_the_year_in_figures_with_the_formula_and_its_estimates(as_user: Open, told: Context) -> None:
    answer = as_user("viewer01").get("/burden")
    shown = words(answer)
    assert "2026年减负账" in shown and "380 格被要求填写" in shown and "240 格由档案自动填出" in shown
    assert "60 格仍须手填" in shown and "80 格档案未掌握" in shown and "1 场会议少开" in shown
    assert "工时是估计，不是实测" in shown and ledger.FORMULA in shown and "rules/burden.yaml" in shown
    assert answer.text.count("<svg") == 2 and "<script" not in answer.text
    assert "联系电话 2 2 3 300 青羊区民政局、青羊区统计局" in shown
    assert "2026 380 240 63% 60 80" in shown and "2025 100 80 80% 0 20" in shown  # year to year
    assert "报表准入" not in shown


def test_a_department_sees_its_own_part_and_the_totals(as_user: Open, told: Context) -> None:
    shown = words(as_user("department01").get("/burden/2026"))
    assert "低保情况表" in shown and "人口统计表" not in shown and "青羊区统计局" not in shown
    assert "全街道合计 2 3 380" in shown and "青羊区民政局 1 2 280 160 60 60" in shown and "报表准入" in shown
    shown = words(as_user("department02").get("/burden/2026"))
    assert "人口统计表" in shown and "低保情况表" not in shown


def test_years_that_there_are_not(as_user: Open, told: Context) -> None:
    client = as_user("street01")
    assert "2025年减负账" in client.get("/burden/2025").text
    gone = client.get("/burden/2019")
    assert gone.status_code == 404 and "减负账里没有2019年" in gone.text and "2026年、2025年" in gone.text
    assert client.get("/burden/abc").status_code == 400


def test_a_street_that_has_published_nothing(as_user: Open) -> None:
    shown = words(as_user("street01").get("/burden"))
    assert "2026年减负账" in shown and "这一年还没有发布报表" in shown
