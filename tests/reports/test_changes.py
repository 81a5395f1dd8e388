"""A new revision holds a comparison sheet that leads each changed cell to the delivery behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from courtyard import reports
from courtyard.period import Period
from courtyard.reports import changes, facts
from courtyard.reports.job import Job

LATE = "2026-09-20T10:00:00+08:00"


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lines(world, folder):
    """The comparison sheet's lines without their number: [变动, cell, old cell, row, column, before, after, cause]."""
    (path,) = (world.ctx.settings.published / folder).glob("*对照表.xlsx")
    assert path.stat().st_mode & 0o777 == 0o600
    sheet = load_workbook(BytesIO(path.read_bytes())).active
    assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    return [[cell.value for cell in row][1:] for row in sheet.iter_rows(min_row=5)]


def correct(world, key, attrs, received=LATE):
    delivery = world.batch("dibao_register", "2026-07", received)
    world.replace(delivery, "dibao_register", f"2026-07/{key}", attrs)
    return f"低保信息系统2026年7月数据（dibao_register_2026-07_{int(delivery[-4:], 16)}，2026-09-20 10:00收到）"


def test_a_corrected_value_is_one_line_with_its_delivery_and_row(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    delivery = correct(dibao, "k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    assert lines(dibao, "2026-07/dibao_roster/r2") == [
        ["数值变动", "J8", None, "赵样例", "月保障金额(元)", 930, 940, f"{delivery}第5行"]
    ]
    assert [p.name for p in (dibao.ctx.settings.published / "2026-08/dibao_roster").iterdir()] == ["r1"]


def test_a_merged_cell_is_one_changed_cell(dibao):
    """The household's amount stands on each member's row and once in the form."""
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    delivery = dibao.batch("dibao_register", "2026-07", LATE)
    for key in ("k1", "k2", "k3"):
        dibao.replace(delivery, "dibao_register", f"2026-07/{key}", {"monthly_amount": "1900"})
    reports.publish(dibao.ctx)
    assert [line[1:7] for line in lines(dibao, "2026-07/dibao_roster/r2")] == [
        ["J5", None, "王样例", "月保障金额(元)", 1860.5, 1900]
    ]
    dibao.replace(
        dibao.batch("dibao_register", "2026-07", "2026-09-21T10:00:00+08:00"),
        "dibao_register", "2026-07/k2", {"monthly_amount": "1800"},
    )  # fmt: skip
    reports.publish(dibao.ctx)
    assert [line[1:7] for line in lines(dibao, "2026-07/dibao_roster/r3")] == [
        ["J6", None, "李样例", "月保障金额(元)", 1900, 1800]
    ]


def test_a_figure_names_only_the_rows_that_changed_it(dibao):
    """k1 is written anew without a new amount: it stands behind the total, and did not change it."""
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    delivery = dibao.batch("dibao_register", "2026-07", LATE)
    for key, attrs in (("k4", {"monthly_amount": "940"}), ("k1", {"cause": "因残"})):
        dibao.replace(delivery, "dibao_register", f"2026-07/{key}", attrs)
    reports.publish(dibao.ctx)
    name = f"低保信息系统2026年7月数据（dibao_register_2026-07_{int(delivery[-4:], 16)}，2026-09-20 10:00收到）第5行"
    assert lines(dibao, "2026-07/dibao_statistics/r2") == [
        ["数值变动", cell, None, area, column, before, after, name]
        for area, row in (("商业街社区", 7), ("合计", 8))
        for cell, column, before, after in {
            7: [("H7", "当月资金支出(万元)", 0.093, 0.094), ("I7", "累计资金支出(元)", 930, 940),
                ("J7", "当月人均补助水平(元)", 930, 940)],
            8: [("H8", "当月资金支出(万元)", 0.2791, 0.2801), ("I8", "累计资金支出(元)", 2790.5, 2800.5),
                ("J8", "当月人均补助水平(元)", 697.63, 700.13)],
        }[row]
    ]  # fmt: skip
    # August's year to date holds July, so it changed too, in the two cells that do.
    assert [line[1] for line in lines(dibao, "2026-08/dibao_statistics/r2")] == ["I7", "I8"]


def test_a_new_person_is_one_added_row(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    delivery = dibao.batch("dibao_register", "2026-07", LATE)
    dibao.record(
        delivery, "k0", {"benefit_no": "A001", "head_name": "周样例", "name": "周样例", "relation": "0",
                         "household_size": 1, "covered_persons": 1, "category": "dibao", "monthly_amount": "100",
                         "address": "四道街2号院1栋1单元102"},
        courtyard="C1", row_no=9,
    )  # fmt: skip
    reports.publish(dibao.ctx)
    found = lines(dibao, "2026-07/dibao_roster/r2")
    assert [(line[0], line[1]) for line in found] == [("新增一行", "A5:O5"), ("序号变动", "A6"), ("附注变动", "A11")]
    assert found[0][-1].endswith("收到）第9行")
    assert "序号 1；户主姓名 周样例；" in found[0][-2]


def test_a_changed_standard_has_no_delivery_behind_it_and_the_old_value_comes_from_the_file(dibao):
    dibao = dibao.only("dibao_statistics")
    reports.publish(dibao.ctx)
    office = dibao.ctx.district.office.model_copy(update={"dibao_standard_yuan": 980})
    ctx = replace(dibao.ctx, district=dibao.ctx.district.model_copy(update={"office": office}))
    delivery = correct(dibao, "k4", {"monthly_amount": "940"})
    reports.publish(ctx)
    none = "没有新的交付：报表的定义、口径，或单位、院落等登记有改动"
    july, august = (lines(dibao, f"2026-0{month}/dibao_statistics/r2") for month in (7, 8))
    standard = [line for line in (*july, *august) if line[4] == "低保标准(元)"]
    assert [(line[1], line[5], line[6]) for line in standard] == [(f"K{row}", 930, 980) for row in (6, 7, 8)] * 2
    assert {line[-1] for line in standard} == {none}
    assert {line[-1] for line in (*july, *august) if line not in standard} == {f"{delivery}第5行"}


def test_a_birth_date_from_another_source_is_found_as_the_cause(dibao):
    dibao = dibao.only("dibao_statistics")
    told = dibao.batch("population", "2026Q2", "2026-07-01T08:00:00+08:00")
    dibao.record(told, "p4", {"birth_date": "1990-01-01"}, person="P4", row_no=7)
    reports.publish(dibao.ctx)
    later = dibao.batch("population", "2026Q2", LATE)
    dibao.replace(later, "population", "p4", {"birth_date": "1950-01-01"})
    reports.publish(dibao.ctx)
    found = lines(dibao, "2026-07/dibao_statistics/r2")
    assert [line[1] for line in found] == ["E7", "F7", "E8", "F8"]
    assert all(
        "实有人口库2026年第二季度数据（population_2026Q2_" in line[-1] and line[-1].endswith("第7行") for line in found
    )


def test_values_are_kept_sealed_and_the_rest_in_the_clear(dibao):
    dibao = dibao.only("dibao_roster")
    reports.publish(dibao.ctx)
    correct(dibao, "k4", {"monthly_amount": "940", "head_name": "赵改名"})
    reports.publish(dibao.ctx)
    kept = dibao.rows("SELECT * FROM publish.change")
    assert [(row["kind"], row["cell"], row["column_name"]) for row in kept] == [
        ("cell", "B8", "head_name"), ("cell", "J8", "monthly_amount"),
    ]  # fmt: skip
    assert "赵" not in json.dumps(kept, default=str, ensure_ascii=False)
    (spec,) = dibao.ctx.district.reports.values()
    with dibao.ctx.engine("publisher").begin() as connection:
        job = Job(dibao.ctx, spec, spec.periods(dibao.ctx.period)[0], connection)
        entries = changes.kept(job, 2)
    assert [(e.change.label, e.change.before, e.change.after) for e in entries] == [
        ("赵样例", "赵样例", "赵改名"), ("赵样例", Decimal("930.00"), Decimal("940.00")),
    ]  # fmt: skip


@pytest.mark.parametrize("report", ["dibao_roster", "dibao_statistics"])
def test_a_lost_second_revision_is_made_again_byte_for_byte(dibao, report):
    dibao = dibao.only(report)
    reports.publish(dibao.ctx)
    correct(dibao, "k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    folder = dibao.ctx.settings.published / f"2026-07/{report}/r2"
    before = files(folder)
    assert sum("对照表" in name for name in before) == 1
    next(folder.glob("*对照表.xlsx")).unlink()
    assert reports.publish(dibao.ctx)["published"] == []
    assert files(folder) == before


def test_facts_of_revisions_that_were_published_before_facts_were_kept_are_made_up_for(dibao, monkeypatch):
    dibao = dibao.only("dibao_statistics")
    with monkeypatch.context() as patch:
        patch.setattr(facts, "keep", lambda *_: None)
        reports.publish(dibao.ctx)
    assert dibao.rows("SELECT * FROM publish.cell_fact") == []
    delivery = correct(dibao, "k4", {"monthly_amount": "940"})
    reports.publish(dibao.ctx)
    assert {line[-1] for line in lines(dibao, "2026-07/dibao_statistics/r2")} == {f"{delivery}第5行"}


def test_a_record_that_was_only_written_anew_is_no_cause(world):
    """Two entries of one person: one gets another birth date, of the other only the end after the report's day changed."""
    ctx = replace(world.only("activist_ledger").ctx, period=Period.quarter("2026Q2"))
    register = world.batch("population", "2026Q2", "2026-07-01T08:00:00+08:00")
    world.record(register, "pA", {"birth_date": "1990-01-01"}, person="P1", row_no=7)
    world.record(register, "pB", {}, person="P1", row_no=8)
    listed = world.batch("grid_activists", "2026Q2", "2026-07-02T08:00:00+08:00", unit="510105005002001")
    world.record(listed, "a1", {"name": "王样例"}, courtyard="C1", person="P1", row_no=4)
    reports.publish(ctx)
    world.batch("population", "2026Q2", "2026-09-01T00:00:00+08:00")
    world.execute(
        """WITH old AS (UPDATE warehouse.record SET is_current = false, superseded_at = '2026-09-01T00:00:00+08:00'
                         WHERE record_key = 'pB' RETURNING *)
           INSERT INTO warehouse.record (street_code, dataset, record_key, valid_from, valid_to, recorded_at, is_current,
               delivery_id, sheet, row_no, row_hash, is_active, attrs, sealed, person_id)
           SELECT street_code, dataset, record_key, valid_from, '2026-07-01', '2026-09-01T00:00:00+08:00', true, delivery_id, sheet,
                  row_no, row_hash, is_active, attrs, sealed, person_id FROM old"""
    )
    later = world.batch("population", "2026Q2", LATE)
    world.replace(later, "population", "pA", {"birth_date": "1950-01-01"})
    reports.publish(ctx)
    (line,) = lines(world, "2026Q2/activist_ledger/r2")
    assert (line[1], line[5], line[6]) == ("C5", 36, 76)
    assert line[-1].startswith("实有人口库") and line[-1].endswith("第7行") and "\n" not in line[-1]
