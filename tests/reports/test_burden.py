"""The burden ledger: cells asked and filled, hours by the stated formula, facts asked twice, meetings as told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy.exc import DBAPIError

from courtyard import reports
from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import UsageError
from courtyard.reports.burden import counting, ledger, stock, workbook
from courtyard.reports.burden.counting import CellCount
from courtyard.reports.burden.facts import asked_by
from courtyard.reports.content import DASH, Content

AT = datetime(2026, 9, 20, 2, tzinfo=UTC)


def spec(*columns: dict, **more) -> ReportSpec:
    """A form over the low-income register."""
    said = {
        "report": "asked", "title": "低保情况表", "recipient": "青羊区民政局", "basis": "样例", "frequency": "month",
        "kind": "roster", "datasets": ("dibao_register",), "sql": "dibao_roster.sql", "first_row": 5, "metadata": {},
    }  # fmt: skip
    return ReportSpec(**{**said, "columns": tuple(ReportColumn(**c) for c in columns), **more})


def content(rows, groups=None) -> Content:
    return Content("", {}, tuple(map(tuple, rows)), tuple(groups or [None] * len(rows)), (), (), "", AT)


def told(**more) -> ledger.Meeting:
    said = ledger.Meeting(0, date(2026, 9, 15), "青羊区民政局", "低保数据核对会", 12, Decimal("1.5"), "社治办主任", AT)
    return replace(said, **more)


def test_a_merged_cell_is_asked_once_and_an_empty_one_is_not_filled(world):
    form = spec(
        {"name": "head_name", "header": "户主姓名"},
        {"name": "name", "header": "成员姓名"},
        {"name": "cause", "header": "致困原因"},
        merge_by="benefit_no",
        merge_columns=("head_name",),
    )
    rows = [("王", "王", None), ("王", "李", "因病"), ("赵", "赵", ""), ("赵", "赵", None)]
    assert counting.count(world.ctx.district, form, content(rows, ["D1", "D1", "D2", "D3"])) == [
        CellCount("head_name", "户主姓名", "dibao_register.head_name", 3, 3, 0),
        CellCount("name", "成员姓名", "person.name", 4, 4, 0),
        CellCount("cause", "致困原因", "dibao_register.cause", 4, 1, 0),
    ]


def test_a_dash_and_a_counted_zero_are_answers(world):
    form = spec({"name": "per_person", "header": "人均"}, kind="aggregate", facts="x.sql")
    assert counting.count(world.ctx.district, form, content([(0,), (DASH,), (None,)])) == [
        CellCount("per_person", "人均", "dibao_register.per_person", 3, 2, 0)
    ]


def test_what_no_source_fills_is_left_for_a_person(world):
    form = spec(
        {"name": "opinion", "header": "街道意见", "by_hand": True},
        {"name": "mood", "header": "心情"},
        {"name": "height", "header": "身高"},
        {"name": "number", "header": "序号"},
    )
    counts = counting.count(world.ctx.district, form, content([(None, None, None, 1), ("同意", None, 170, 2)]))
    assert [(c.header, c.fact, c.filled, c.by_hand) for c in counts] == [
        ("街道意见", "dibao_register.opinion", 1, 1),  # declared
        ("心情", "dibao_register.mood", 0, 2),  # found: no contract has it and nothing fills it
        ("身高", "dibao_register.height", 1, 0),  # the SQL computes it
        ("序号", "", 2, 0),
    ]


def test_one_fact_has_one_name_whatever_a_form_calls_it(world):
    district = world.ctx.district
    phones = {
        (name, column.header): asked_by(district, column, district.reports[name]).fact
        for name in ("dibao_roster", "activist_ledger")
        for column in district.reports[name].columns
        if "电话" in column.header
    }
    assert phones == {("dibao_roster", "联系电话"): "person.phone", ("activist_ledger", "电话"): "person.phone"}
    said = ReportColumn(name="anything", header="手机", fact="person.phone")
    assert asked_by(district, said, district.reports["dibao_roster"]).fact == "person.phone"


def test_publishing_counts_what_the_form_asked(dibao):
    reports.publish(dibao.only("dibao_roster").ctx)
    july = dibao.rows(
        "SELECT header, asked, filled, by_hand FROM publish.cell_count WHERE period = '2026-07' ORDER BY position"
    )
    assert {row["header"]: (row["asked"], row["filled"], row["by_hand"]) for row in july} == {
        "序号": (3, 3, 0), "户主姓名": (3, 3, 0), "身份证号": (5, 2, 0), "家庭人口": (3, 3, 0), "保障人数": (3, 3, 0),
        "成员姓名": (5, 5, 0), "与户主关系": (5, 5, 0), "保障类别": (5, 5, 0), "施保类别": (5, 3, 0),
        "月保障金额(元)": (3, 3, 0), "起始年月": (5, 5, 0), "致困原因": (5, 3, 0), "居住地址": (3, 3, 0),
        "联系电话": (5, 2, 0), "备注": (5, 1, 0),
    }  # fmt: skip


def test_the_year_counts_each_period_by_its_newest_revision(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    correction = dibao.batch("dibao_register", "2026-07", "2026-09-20T10:00:00+08:00")
    dibao.replace(correction, "dibao_register", "2026-07/k4", {"cause": "因残"})
    reports.publish(dibao.ctx)
    with dibao.ctx.engine("publisher").connect() as connection:
        year = ledger.read(connection, dibao.ctx, 2026)
        assert ledger.read(connection, dibao.ctx, 2025).forms == ()
    (form,) = year.forms
    assert (form.title, form.periods, form.rows) == ("低保对象花名册", 2, 9)
    assert (form.asked, form.filled, form.by_hand, form.not_known) == (111, 89, 0, 22)
    assert year.uncounted == 0


def test_hours_follow_the_stated_formula(world):
    rules = world.ctx.district.burden
    stated = rules.model_copy(
        update={
            "seconds_per_cell_typed": rules.seconds_per_cell_typed.model_copy(update={"value": 10}),
            "seconds_per_cell_checked": rules.seconds_per_cell_checked.model_copy(update={"value": 1}),
            "minutes_per_visit": rules.minutes_per_visit.model_copy(update={"value": 30}),
            "share_of_rows_visited": rules.share_of_rows_visited.model_copy(update={"value": 0.5}),
        }
    )
    assert ledger.hours(stated, filled=400, person_rows=0) == 1.0  # 400 cells of 9 seconds
    assert ledger.hours(stated, filled=0, person_rows=8) == 2.0  # 4 visits of half an hour
    assert ledger.hours(stated, filled=400, person_rows=8) == 3.0
    assert all("估计" in estimate.basis for _, estimate in ledger.estimates(rules))


def test_what_was_published_before_there_was_a_count_is_counted_from_the_warehouse(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    counted = "SELECT period, position, asked, filled, by_hand FROM publish.cell_count ORDER BY 1, 2"
    before = dibao.rows(counted)
    with dibao.ctx.engine().connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.exec_driver_sql("DELETE FROM publish.cell_count")
    _as_owner(dibao, "DELETE FROM publish.cell_count WHERE period = '2026-07'")
    with dibao.ctx.engine("publisher").connect() as connection:
        assert ledger.read(connection, dibao.ctx, 2026).uncounted == 1
    assert stock.take(dibao.ctx) == (1, 0)
    assert dibao.rows(counted) == before
    assert stock.take(dibao.ctx) == (0, 0)


def _as_owner(world, statement: str) -> None:
    import psycopg

    with psycopg.connect(world.ctx.url) as connection:
        connection.execute(statement)


def test_a_fact_is_asked_twice_when_two_departments_ask_it(dibao):
    delivery = dibao.batch("grid_activists", "2026Q3", "2026-09-28T09:00:00+08:00", unit="510105005002001")
    dibao.record(delivery, "a1", {"name": "孙样例", "sex": "1", "courtyard": "四道街2号院", "political_status": "01",
                                  "activist_kind": "volunteer"}, sealed={"phone": "13800000009"}, person="P9", courtyard="C1")  # fmt: skip
    both = dibao.only("dibao_roster", "activist_ledger")
    reports.publish(both.ctx)
    with both.ctx.engine("publisher").connect() as connection:
        year = ledger.read(connection, both.ctx, 2026)
    assert [(f.fact, f.recipients, f.times, f.report_titles) for f in year.asked_by_several] == [
        ("person.name", 2, 3, ("低保对象花名册", "居民骨干台账")),
        ("person.phone", 2, 3, ("低保对象花名册", "居民骨干台账")),
    ]
    assert [source.name for source in year.sources] == ["青羊区民政局", "青羊区委社区发展治理委员会"]
    assert year.total.asked == sum(form.asked for form in year.forms)


def test_meetings_are_what_people_told_and_are_never_changed(world):
    engine = world.ctx.engine("publisher")
    with engine.connect() as connection:
        assert ledger.meetings(connection, world.ctx) == ()
    with engine.begin() as connection:
        ledger.add_meeting(connection, world.ctx, told())
        ledger.add_meeting(connection, world.ctx, told(day=date(2025, 12, 30), people=3))
    with engine.connect() as connection:
        year = ledger.read(connection, world.ctx, 2026)
        assert [(m.day, m.people, m.hours, m.post) for m in year.meetings] == [
            (date(2026, 9, 15), 12, Decimal("1.5"), "社治办主任")
        ]
        assert (year.total.meetings, year.total.meeting_hours, year.total.hours) == (1, 18.0, 0)
    for change in ("UPDATE publish.meeting_avoided SET people = 99", "DELETE FROM publish.meeting_avoided"):
        with engine.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
            connection.exec_driver_sql(change)


@pytest.mark.parametrize(
    "wrong",
    [{"people": 0}, {"people": 20_000}, {"hours": Decimal(0)}, {"hours": Decimal(25)}, {"post": " "}, {"matter": ""}],
)
def test_a_meeting_that_cannot_be_is_refused(world, wrong):
    with world.ctx.engine("publisher").begin() as connection, pytest.raises(UsageError):
        ledger.add_meeting(connection, world.ctx, told(**wrong))


def test_the_yearly_workbook_holds_values_and_the_same_bytes(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    with dibao.ctx.engine("publisher").begin() as connection:
        ledger.add_meeting(connection, dibao.ctx, told())
        year = ledger.read(connection, dibao.ctx, 2026)
    body = workbook.book(dibao.ctx.district, year)
    assert body == workbook.book(dibao.ctx.district, year)
    book = load_workbook(BytesIO(body))
    assert book.sheetnames == ["按部门", "按报表", "一数多问", "少开的会", "报表准入", "口径"]
    assert [cell.value for cell in book["按部门"][4]] == ["青羊区民政局", 1, 2, 111, 88, 0, 23, 0.4, 1, 18]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert "估计" in book["口径"]["D4"].value
