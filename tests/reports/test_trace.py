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
        "anchor": "J8",
        "kind": "花名册的一格",
        "column": "月保障金额(元)",
        "definition": "全家当月保障金额",
        "rule": {
            "basis": "最低生活保障审核确认办法（民发〔2021〕57号）",
            "file": "reports/dibao_roster.yaml",
            "sql": "reports/sql/dibao_roster.sql",
            "datasets": ["dibao_register"],
            "lookups": [],
            "as_of": "2026-07-31",
            "known_at": "2026-07-03T09:00:00+08:00",
        },
        "count": 1,
        "files": [
            {
                "delivery_id": "civil_affairs:0000000000000001",
                "source": "civil_affairs",
                "name": "dibao_register_2026-07_1",
                "sheet": "",
                "rows": 1,
            }
        ],
        "rows": [
            {
                "delivery_id": "civil_affairs:0000000000000001",
                "source": "civil_affairs",
                "name": "dibao_register_2026-07_1",
                "sheet": "",
                "row_no": 5,
                "dataset": "dibao_register",
                "record": "2026-07/k4",
                "valid_from": "2026-07-01",
                "recorded_at": "2026-07-03T09:00:00+08:00",
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
        (("dibao_roster", "2026-07", "A40"), "不在表内"),
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


@pytest.mark.parametrize(
    ("cell", "anchor", "kind", "said"),
    [
        ("C1", "A1", "表头表尾的文字", "街道简称（district.yaml 的 short_name）；报表所属期"),
        ("L2", "L2", "表头表尾的文字", "审核的岗位（district.yaml 的 reviewer）"),
        ("F3", "F3", "表头表尾的文字", "填表日期：报表所依据的最后一份交付收到的日期"),
        ("J4", "J4", "表头", "栏目“月保障金额(元)”：全家当月保障金额"),
        ("D10", "A10", "附注", "附注第1条：表内没有算入或需要说明的情况"),
        ("L11", "L11", "表头表尾的文字", "表式上的固定文字，由填报人签署"),
    ],
)
def test_what_is_no_value_is_said_to_be_what_it_is(dibao, cell, anchor, kind, said):
    reports.publish(dibao.only("dibao_roster").ctx)
    found = reports.trace(dibao.ctx, "dibao_roster", "2026-07", cell)
    assert (found["anchor"], found["kind"], found["definition"]) == (anchor, kind, said)
    assert (found["count"], found["rows"]) == (0, [])


def test_a_merged_cell_leads_where_its_first_cell_does(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    found = reports.trace(dibao.ctx, "dibao_roster", "2026-07", "J7")
    assert (found["anchor"], [row["row_no"] for row in found["rows"]]) == ("J5", [3])


def test_of_many_rows_the_first_are_named_and_all_are_counted(dibao):
    reports.publish(dibao.only("dibao_statistics").ctx)
    found = reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "C8", most=2)
    assert (found["count"], [row["row_no"] for row in found["rows"]]) == (4, [2, 3])
    assert [file["rows"] for file in found["files"]] == [4]


def test_a_two_row_header_is_that_of_its_column(dibao):
    reports.publish(dibao.only("dibao_statistics").ctx)
    found = reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "F5")
    assert found["definition"] == "栏目“其中：成年人”：当月对象中截止日满18周岁不满60周岁的人数"
    assert reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "C8")["kind"] == "合计数"
    rule = reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "J6")["rule"]
    assert (rule["measures"], rule["facts"]) == (["month_amount", "persons"], "reports/sql/dibao_statistics_facts.sql")


def test_tracing_does_not_run_the_query_again(dibao, monkeypatch):
    reports.publish(dibao.only("dibao_statistics").ctx)
    monkeypatch.setattr("courtyard.reports.query.make_facts", lambda *_: pytest.fail("ran the query"))
    assert reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "C8")["count"] == 4


def test_a_revision_leads_to_its_rows_also_after_a_register_changed(dibao):
    """What a community's figure was made of stays said, though its courtyard is another community's since."""
    reports.publish(dibao.only("dibao_statistics").ctx)
    before = reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "C6")["rows"]
    dibao.execute("UPDATE warehouse.courtyard SET community_code = '510105005003' WHERE courtyard_code = 'C1'")
    assert reports.trace(dibao.ctx, "dibao_statistics", "2026-08", "C6")["rows"] == before
