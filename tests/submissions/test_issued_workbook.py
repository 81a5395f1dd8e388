"""The issued workbook: what is open and what is locked, what it says of itself, and that it reads back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from courtyard import parsing
from courtyard.parsing.seal import COLUMNS, Sealer
from courtyard.period import SHANGHAI, Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.submissions import workbook
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.form import Form
from courtyard.submissions.prefill import Content, Line

from .lists import GRID, ID, OTHER_GRID, OTHER_ID, PHONE

RING = KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
AT = datetime(2026, 9, 16, 9, tzinfo=SHANGHAI)
PERIOD = Period.quarter("2026Q3")
MEMBER = {
    "name": "样甲", "sex": "男", "id_number": ID, "ethnicity": "汉族", "party_org": "四道街社区第一党支部",
    "member_kind": "正式党员", "joined_date": "2001-07", "courtyard": "四道街2号院", "phone": PHONE, "change_kind": "无变化",
}  # fmt: skip
QUESTION = {
    "question_ref": "0123456789abcdef", "person": "样甲（党组织成员）", "place": "四道街2号院", "matter": "性别",
    "claim_a": "男", "claim_b": "女", "claimed_by": "甲：实有人口（2026-06-30）；乙：党组织成员（2026-06-28）",
}  # fmt: skip


@pytest.fixture
def issue(district):
    lines = [
        Line("key-1", MEMBER, "P1", None),
        Line("key-2", {**MEMBER, "name": "样乙", "id_number": OTHER_ID}, "P2", None),
    ]
    content = Content({"grid_party_members": lines}, [QUESTION])
    unit = district.unit_by_code[GRID]
    cycle = Cycle.of(PERIOD, district.office.grid_cycle)
    return workbook.Issue(district, Form.of(district), unit, cycle, content, 2, AT, RING)


@pytest.fixture
def book(issue):
    return load_workbook(BytesIO(workbook.build(issue)))


def read(issue, data, unit=GRID, name=f"{GRID}_2026Q3.xlsx"):
    """Dataset -> the parsed table with its staging rows as dicts."""
    contracts = [*issue.form.groups, issue.form.questions]
    found = {}
    for table in parsing.parse_file(data, name, contracts, issue.district.codes, as_of=PERIOD.last_day):
        sealer = Sealer(issue.district.contracts[table.dataset], RING, "b", "2026Q3", unit)
        staged = [dict(zip(COLUMNS, row, strict=True)) for row in sealer.rows(table.sheet, table)]
        found[table.dataset] = table, staged
    return found


def saved(book):
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def test_sheets_in_their_order_two_of_them_put_away(book):
    assert book.sheetnames == [
        "填报说明", "居民骨干", "党组织成员", "低保户", "适龄儿童", "待核实", "_选项", "_courtyard",
    ]  # fmt: skip
    assert [book[name].sheet_state for name in book.sheetnames] == ["visible"] * 6 + ["veryHidden"] * 2
    assert all(book[name].protection.sheet and not book[name].protection.password for name in book.sheetnames)


def test_it_says_whose_it_is_and_signs_it(book):
    said = dict(book["_courtyard"].iter_rows(values_only=True))
    signed = RING.token(f"issue/510105005/{GRID}/2026Q3/2")[:32]
    assert said == {
        "form": "grid", "version": "2026.1", "street": "510105005", "unit": GRID, "period": "2026Q3", "issue_no": "2",
        "signature": signed,
    }  # fmt: skip


def test_a_group_sheet_is_laid_out_as_the_form_says(book):
    sheet = book["党组织成员"]
    assert sheet["A1"].value == "少城街道2026年第三季度党组织成员信息采集表"
    texts = [cell.value for cell in sheet[2] if cell.value]
    assert texts[0] == f"填报单位：四道街社区第1网格（{GRID}）" and texts[-1] == "统计截止日：2026-09-30"
    assert [t for t in texts if t.endswith("：")] == ["填报人：", "审核人：", "填表日期："]
    assert sheet["A3"].value == "本表情况：" and not any(cell.value for cell in sheet[3][1:])
    contract = [cell.value for cell in sheet[4]]
    assert contract[0] == "序号" and contract[-1] == "系统编号"
    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.page_setup.orientation) == ("C5", "$4:$4", "landscape")


def test_entry_cells_are_open_text_and_the_reference_is_hidden_and_locked(book):
    sheet = book["党组织成员"]
    row = sheet[5]
    assert [cell.protection.locked for cell in row] == [False] * 14 + [True]
    assert {cell.number_format for cell in row[1:14]} == {"@"}
    assert (
        sheet.column_dimensions["O"].hidden
        and row[14].value == f"key-1.{RING.token(f'grid_party_members/{GRID}/key-1/{row[1].value}')[:8]}"
    )
    assert all(
        cell.value is None and not cell.protection.locked for cell in sheet[46][:14]
    )  # the last of 40 blank rows
    assert sheet.column_dimensions["B"].protection.locked is False  # and what lies below them
    allowed = sheet.protection
    assert (allowed.insertRows, allowed.autoFilter, allowed.formatCells, allowed.sort) == (False, False, False, True)


def test_codes_are_chosen_from_lists_that_the_pack_gives(book):
    rules = {str(rule.sqref).split(":")[0]: rule for rule in book["党组织成员"].data_validations.dataValidation}
    assert (rules["C5"].formula1, rules["L5"].formula1, rules["C3"].formula1) == (
        "list_sex",
        "list_change_kind",
        "list_sheet_state",
    )
    lists = {column[0].value: [c.value for c in column[1:] if c.value] for column in book["_选项"].iter_cols()}
    assert lists["change_kind"] == ["无变化", "新增", "信息变更", "迁出", "死亡", "退出"]
    assert lists["sheet_state"] == ["有变化", "无变化", "本季度无"] and lists["yes_no"] == ["是", "否"]
    assert lists["answer_choice"] == ["以甲为准", "以乙为准", "都不对", "查不清"]
    target = book.defined_names["list_change_kind"].attr_text
    assert target.startswith("'_选项'!$") and target.endswith("$7")
    assert "18位" in rules["D5"].prompt and rules["D5"].type is None


def test_only_the_answer_of_a_question_is_open(book):
    row = book["待核实"][5]
    assert [cell.value for cell in row] == [*QUESTION.values(), None, None, None]
    assert [cell.protection.locked for cell in row] == [True] * 7 + [False] * 3


def test_equal_content_gives_equal_bytes(issue):
    assert workbook.build(issue) == workbook.build(issue) != workbook.build(replace(issue, issue_no=3))


def test_an_issued_workbook_reads_back_as_the_records_it_was_made_of(issue):
    found = read(issue, workbook.build(issue))
    table, staged = found["grid_party_members"]
    assert (table.period, table.unit_code, table.problems, table.remarks) == ("2026Q3", GRID, [], [])
    assert [row["record_key"] for row in staged] == ["key-1", "key-2"]
    assert table.columns["id_number"] == [ID, OTHER_ID] and table.columns["joined_date"] == ["2001-07"] * 2
    assert "record_ref" not in staged[0]["attrs"] and '"change_kind":"unchanged"' in staged[0]["attrs"]
    assert table.metadata["issue"]["signature"] == RING.token(f"issue/510105005/{GRID}/2026Q3/2")[:32]
    answers, asked = found["grid_answers"]
    assert [row["record_key"] for row in asked] == ["0123456789abcdef"] and answers.problems == []
    assert asked[0]["attrs"] == '{"question_ref":"0123456789abcdef"}'


def test_empty_sheets_hold_no_rows_and_raise_no_remarks(issue):
    found = read(issue, workbook.build(replace(issue, content=Content())))
    assert {name: (t.landed, t.problems, t.remarks, t.rejected) for name, (t, _) in found.items()} == {
        c.dataset: (0, [], [], None) for c in [*issue.form.groups, issue.form.questions]
    }


def test_a_corrected_id_number_stays_the_same_record(issue, book):
    book["党组织成员"]["D5"] = "510105198001010037"
    table, staged = read(issue, saved(book))["grid_party_members"]
    assert staged[0]["record_key"] == "key-1" and table.columns["id_number"][0] == "510105198001010037"


def test_a_reference_of_another_grid_counts_for_nothing(issue):
    _, staged = read(issue, workbook.build(issue), unit=OTHER_GRID)["grid_party_members"]
    assert {row["record_key"] for row in staged}.isdisjoint({"key-1", "key-2"})
    assert all("record.ref_invalid" in row["problems"] for row in staged)


def test_the_cover_tells_a_correction(issue, book):
    cover = book["填报说明"]
    at = next(cell for row in cover.iter_rows() for cell in row if cell.value == "报送性质：")
    cover.cell(at.row, at.column + 1).value = "更正"
    table, _ = read(issue, saved(book))["grid_party_members"]
    assert table.metadata["nature"] == "更正"
