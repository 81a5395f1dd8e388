"""From a cell of a form back to delivery, sheet and row."""

from __future__ import annotations

import psycopg
import pytest

from courtyard import reports
from courtyard.errors import UsageError


def test_a_roster_cell_leads_to_its_delivered_row(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    found = reports.trace(dibao.ctx, "dibao_roster", "2026-07", "j8")
    assert found == {
        "report": "dibao_roster",
        "title": "低保对象花名册",
        "period": "2026-07",
        "revision": 1,
        "cell": "J8",
        "column": "月保障金额(元)",
        "definition": "全家当月保障金额",
        "count": 1,
        "rows": [
            {
                "delivery_id": "civil_affairs:0000000000000001",
                "source": "civil_affairs",
                "name": "dibao_register_2026-07_1",
                "sheet": "",
                "row_no": 5,
            }
        ],
    }


def test_a_figure_leads_to_the_rows_that_it_counts(dibao):
    reports.publish(dibao.only("dibao_statistics").ctx)

    def rows(cell):
        return [(row["name"][:22], row["row_no"]) for row in reports.trace(dibao.ctx, *where, cell)["rows"]]

    where = ("dibao_statistics", "2026-08")
    assert rows("B6") == [("dibao_register_2026-08", 3)]  # the household by its head
    assert rows("C6") == [("dibao_register_2026-08", row) for row in (2, 3, 4)]
    assert rows("C8") == [("dibao_register_2026-08", row) for row in (2, 3, 4, 5)]
    assert rows("I6") == [("dibao_register_2026-07", 3), ("dibao_register_2026-08", 3)]
    assert rows("K6") == []  # the standard is a setting, not a count
    assert reports.trace(dibao.ctx, *where, "K6")["definition"].endswith("dibao_standard_yuan")


def test_an_old_revision_leads_to_the_rows_it_was_made_of(dibao):
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)

    def deliveries(revision):
        found = reports.trace(dibao.ctx, "dibao_statistics", "2026-07", "H7", revision)
        return {row["name"] for row in found["rows"]}

    assert deliveries(1) == {"dibao_register_2026-07_1"}
    assert deliveries(2) == deliveries(None) == {f"dibao_register_2026-07_{int(correction[-2:], 16)}"}


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (("no_such", "2026-07", "A4"), "没有报表"),
        (("dibao_roster", "2026-06", "A4"), "没有发布过"),
        (("dibao_roster", "2026-07", "A1"), "不在表体内"),
        (("dibao_roster", "2026-07", "ZZ4"), "不是这张表的单元格"),
        (("dibao_roster", "2026-07", "四"), "不是这张表的单元格"),
    ],
)
def test_what_cannot_be_traced_is_said_in_one_sentence(dibao, where, said):
    reports.publish(dibao.only("dibao_roster").ctx)
    with pytest.raises(UsageError, match=said):
        reports.trace(dibao.ctx, *where)


def test_every_look_is_audited(dibao, warehouse_url):
    reports.publish(dibao.only("dibao_roster").ctx)
    reports.trace(dibao.ctx, "dibao_roster", "2026-07", "C5")
    with psycopg.connect(warehouse_url) as admin:
        last = admin.execute("SELECT action, object FROM audit.event ORDER BY event_id DESC LIMIT 1").fetchone()
    assert last == ("trace", "2026-07/dibao_roster/r1/C5")
