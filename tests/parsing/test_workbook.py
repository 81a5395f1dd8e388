"""Workbooks as people fill them in (DOMAIN 4: 1-9, 11, 15, 16, 36, 39)."""

from datetime import date, datetime

import pytest

from courtyard.parsing.cells import Typed
from courtyard.parsing.xlsx_cells import style

from .made import (  # fmt: skip
    ACTIVIST,
    ID,
    META,
    SHEETS,
    TITLE,
    activists,
    book,
    by_hand,
    codes,
    contract,
    headers,
    line,
    parsed,
    rows_xml,
    table,
)

DIBAO = {
    "head_name": "张三", "household_size": 2, "covered_persons": 2, "address": "宽巷子12号院1-1-101",
    "name": "张三", "relation": "本人", "change_kind": "无变化",
}  # fmt: skip


def activist(data):
    return table(data, "grid_activists")


def remarks(parsed_table):
    return [(r.code, r.cell, r.detail) for r in parsed_table.remarks]


def test_title_and_metadata_lines_say_period_and_unit():
    found = activist(activists({}))
    assert (found.period, found.unit_code, found.landed, found.structural) == ("2026Q3", "510105005002001", 1, 3)
    assert found.metadata == {
        "title": TITLE, "填报单位": "四道街第1网格([数字])", "填报人": "已填", "审核人": "已填",
        "填表日期": "2026-09-25", "统计截止日": "2026-09-30", "notes": [],
    }  # fmt: skip


def test_metadata_values_may_stand_in_the_next_cell():
    above = [
        ("居民骨干台账",),
        ("填报单位：", "甲网格（510105005002001）", "报告期：", "2026年第3季度", "填表日期：", "2026.9.25"),
    ]
    found = activist(activists({}, above=above))
    assert (found.period, found.unit_code, found.metadata["填表日期"]) == ("2026Q3", "510105005002001", "2026-09-25")


@pytest.mark.parametrize(
    ("title", "period"),
    [("2026年第三季度表", "2026Q3"), ("2026年三季度表", "2026Q3"), ("2026年第3季度", "2026Q3"), ("2026Q3骨干", "2026Q3"),
     ("2026年度第四季度表", "2026Q4"), ("2026年9月表", "2026-09"), ("2026年上半年表", "2026H1"), ("骨干台账", None)],
)  # fmt: skip
def test_the_title_names_the_period(title, period):
    assert activist(activists({}, above=[(title,)])).period == period


def test_blank_rows_and_many_title_rows_above_the_header():
    above = [("少城街道",), (), (TITLE,), ("内部资料", None, None, "注意保管"), (), (META,), ()]
    found = activist(activists({"name": "甲"}, above=above))
    assert found.columns["name"] == ["甲"] and found.row_nos == [9] and found.structural == 5


def test_headers_by_synonyms_with_blanks_marks_and_zero_width():
    spelled = list(headers("grid_activists"))
    spelled[1], spelled[2], spelled[3] = "*骨干 姓名", "性\n别\u200b", "公民身份号码（18位）"
    found = activist(book(("居民骨干", [spelled, line("grid_activists", 1, ACTIVIST | {"id_number": ID})])))
    assert (found.columns["name"], found.columns["id_number"], found.remarks) == (["王小明"], [ID], [])


def test_a_magnitude_in_the_header_of_a_column_without_unit_makes_it_another_column():
    spelled = [
        h.replace("特长", "特长（项）").replace("参与事项", "参与事项（百项）") for h in headers("grid_activists")
    ]
    found = activist(book(("居民骨干", [spelled, line("grid_activists", 1, ACTIVIST | {"skill": "书法"})])))
    assert found.columns["skill"] == ["书法"] and "matters" not in found.columns
    assert remarks(found) == [("header.unknown_column", "J1", "参与事项（百项）")]


def test_a_line_that_names_somebody_is_no_title():
    found = activist(activists({}, above=[("网格员张三 13800001234",), (TITLE,)]))
    assert found.metadata["title"] == TITLE and "张三" not in str(found.metadata)


def test_two_header_rows_are_joined():
    upper = [
        "序号",
        "居民",
        None,
        None,
        "政治面貌",
        "院落",
        "骨干类型",
        "特长",
        "联系电话",
        "参与事项",
        "变动",
        None,
        "备注",
    ]
    lower = [None, "姓名", "性别", "身份证号", None, None, None, None, None, None, "情况", "日期", None]

    def merge(made):
        for where in ("A1:A2", "B1:D1", "E1:E2", "F1:F2", "G1:G2", "H1:H2", "I1:I2", "J1:J2", "K1:L1", "M1:M2"):
            made.active.merge_cells(where)

    found = activist(book(("居民骨干", [upper, lower, line("grid_activists", 1, ACTIVIST)]), change=merge))
    assert found.columns["change_kind"] == ["unchanged"] and found.row_nos == [3] and found.structural == 2
    expected = {c.name for c in contract("grid_activists").columns} - {"row_number", "record_ref"}
    assert not found.remarks and set(found.columns) == expected


def test_a_column_too_many_is_named_where_its_text_stands_in_either_header_row():
    upper = [*list(headers("grid_activists"))[:3], "证件", *list(headers("grid_activists"))[4:], "星座", None]
    lower = [*[None] * 3, "身份证号", *[None] * (len(upper) - 5), "血型"]
    found = activist(book(("居民骨干", [upper, lower, line("grid_activists", 1, ACTIVIST)])))
    named = [r for r in remarks(found) if r[0] == "header.unknown_column"]
    assert named == [("header.unknown_column", "O1", "星座"), ("header.unknown_column", "P2", "血型")]


def test_a_two_row_header_nobody_can_map_is_refused_by_name():
    found = activist(book(("居民骨干", [["基本", "情况"], ["甲", "乙"], ["1", "2"]])))
    assert found.rejected == ("header.missing", "") and found.reason.startswith("找不到表头")


def household(made):
    for column in "ABCDE":
        made["低保户"].merge_cells(f"{column}2:{column}3")


def test_a_households_merged_cells_fill_its_rows_and_no_others():
    second = {"name": "李四", "relation": "配偶", "change_kind": "无变化"}
    third = {"name": "王五", "relation": "本人", "change_kind": "无变化"}
    rows = [headers("grid_dibao"), *(line("grid_dibao", n, v) for n, v in ((1, DIBAO), (None, second), (None, third)))]
    found = table(book(("低保户", rows), change=household), "grid_dibao")
    assert found.columns["head_name"] == ["张三", "张三", None]
    assert found.columns["household_size"] == [2, 2, None]
    assert found.columns["name"] == ["张三", "李四", "王五"]


def test_other_merged_cells_are_not_filled_but_said():
    rows = [
        headers("grid_dibao"),
        line("grid_dibao", 1, DIBAO | {"phone": "13800001234"}),
        line("grid_dibao", 2, DIBAO | {"phone": None}),
    ]
    found = table(book(("低保户", rows), change=lambda made: made.active.merge_cells("I2:I3")), "grid_dibao")
    assert found.columns["phone"] == ["13800001234", None]
    assert [(r.code, r.cell) for r in found.remarks] == [("household.merge_outside", "I2")]


@pytest.mark.parametrize(
    "total",
    [
        ["合计", "2人"],
        ["合 计", 2],
        ["合计：2人"],
        ["小计", "2"],
        ["总计", None, "共2名"],
        [None, "合计", 2],
        ["共计2人"],
    ],
)
def test_total_rows_are_no_data_and_agree_in_silence(total):
    found = activist(activists({"name": "甲"}, {"name": "乙"}, below=[total]))
    assert (found.landed, found.structural, found.remarks) == (2, 4, [])


def test_a_total_that_says_something_else_is_a_warning_at_its_cell():
    found = activist(activists({}, below=[["合计", "3人"]]))
    assert remarks(found) == [("total.mismatch", "A5", "写的是3，数据行为1")]


def test_totals_may_sum_a_column_or_count_households():
    rows = [
        headers("grid_dibao"),
        line("grid_dibao", 1, DIBAO),
        line("grid_dibao", None, {"name": "李四", "relation": "配偶", "change_kind": "无变化"}),
    ]
    right = ["合计", "1户", 2, 2]
    assert table(book(("低保户", [*rows, right]), change=household), "grid_dibao").remarks == []
    wrong = ["合计", "1户", 3, 2]
    assert remarks(table(book(("低保户", [*rows, wrong]), change=household), "grid_dibao"))[0][0] == "total.mismatch"


def test_subtotals_speak_of_the_rows_since_the_last_one():
    body = [line("grid_activists", n, ACTIVIST) for n in (1, 2, 3)]
    rows = [headers("grid_activists"), *body[:2], ["小计", "2人"], body[2], ["小计", "1人"], ["合计", "3人"]]
    found = activist(book(("居民骨干", rows)))
    assert (found.landed, found.remarks, found.row_nos) == (3, [], [2, 3, 5])


def test_notes_and_signatures_are_kept_apart_by_their_place():
    below = [
        ["合计", "1人"],
        ["注：1.统计截止日为本季度最后一日。"],
        ["填报人签字：", None, None, "审核人签字："],
        ["说明：以上属实"],
    ]
    found = activist(activists({}, below=below))
    assert (found.landed, found.structural, found.metadata["notes"]) == (1, 7, ["A6", "A7", "A8"])


def test_a_row_that_is_nearly_empty_is_still_data():
    found = activist(activists({}, below=[[2, "李四"]]))
    assert (found.landed, found.columns["name"]) == (2, ["王小明", "李四"])


def test_prefilled_row_numbers_alone_are_no_data():
    found = activist(activists({}, below=[[2], [3], [4]]))
    assert (found.landed, found.structural) == (1, 6)


def test_the_templates_sample_row_goes_only_when_it_equals_it():
    sample = {"name": "张三（示例）", "sex": "男", "courtyard": "示例院落"}
    edited = sample | {"courtyard": "宽巷子12号院"}
    rows = [headers("grid_activists"), *(line("grid_activists", None, v) for v in (sample, edited))]
    found = activist(book(("居民骨干", rows)))
    assert (found.landed, found.structural, found.columns["courtyard"]) == (1, 2, ["宽巷子12号院"])


def test_sheets_are_mapped_by_their_headers_and_the_unused_ones_are_named():
    sheets = [(f"表{n}", [headers(d)]) for n, d in enumerate(SHEETS.values())]
    found = parsed(book(("说明", [["请如实填写"]]), *reversed(sheets)), *SHEETS.values())
    assert [(t.dataset, t.sheet) for t in found] == [(d, f"表{n}") for n, d in enumerate(SHEETS.values())]
    assert ("sheet.unused", None, "说明") in remarks(found[0])
    assert all(("sheet.wrong_name", None, "") in remarks(t) for t in found)


def test_a_missing_sheet_refuses_its_dataset_and_no_other():
    found = parsed(activists({}), "grid_activists", "grid_dibao")
    assert [t.rejected for t in found] == [None, ("sheet.missing", "低保户")]
    assert found[1].reason.startswith("缺少工作表“低保户”")


def test_hidden_rows_columns_and_sheets_are_read_and_said():
    def hide(made):
        made.active.row_dimensions[5].hidden = True
        made.active.column_dimensions["I"].hidden = True

    found = activist(activists({"name": "甲"}, {"name": "乙"}, change=hide))
    assert found.columns["name"] == ["甲", "乙"]
    assert [(p.row_no, p.column, p.code) for p in found.problems] == [(5, None, "row.hidden")]
    assert remarks(found) == [("column.hidden", "I3", "")]

    def hide_sheet(made):
        made.create_sheet("x")
        made["居民骨干"].sheet_state = "hidden"

    assert ("sheet.hidden", None, "") in remarks(activist(activists({}, change=hide_sheet)))


def test_nil_is_said_and_is_no_row():
    found = activist(book(("居民骨干", [[TITLE], headers("grid_activists"), ["本季度无"], ["合计", "0人"]])))
    assert (found.is_nil, found.landed, found.structural, found.remarks) == (True, 0, 4, [])


def test_an_empty_sheet_is_not_nil():
    found = activist(book(("居民骨干", [[TITLE], headers("grid_activists")])))
    assert (found.is_nil, found.landed) == (False, 0)


def test_nil_beside_data_is_a_contradiction():
    rows = [headers("grid_activists"), ["本季度无"], line("grid_activists", 1, ACTIVIST)]
    found = activist(book(("居民骨干", rows)))
    assert (found.is_nil, found.landed, remarks(found)) == (False, 1, [("nil.contradicted", "A2", "")])


def test_an_id_number_stored_as_a_number_is_found_at_its_cell():
    found = activist(activists({"id_number": 510105198001011234}))
    assert codes(found) == [("D4", "id.numeric_cell")] and found.columns["id_number"] == [None]


def test_formulas_without_a_result_and_error_values_are_found_at_their_cells():
    found = activist(activists({"phone": "=VLOOKUP(A1,X:Y,2,0)"}, {"remark": "=1/0"}))
    assert codes(found) == [("I4", "cell.formula_without_value"), ("M5", "cell.formula_without_value")]
    cells = (
        ['t="e"', "<f>#REF!A1</f><v>#REF!</v>"],
        ['t="str"', "<f>A1</f><v>李四</v>"],
        ['t="str"', "<f>A1</f><v></v>"],
    )
    row = [None, tuple(cells[1]), "男", None, "群众", "院", "楼栋长", tuple(cells[0]), tuple(cells[2]), None, "新增"]
    found = activist(by_hand(row))
    assert codes(found) == [("H2", "cell.error_value")]
    assert (found.columns["name"], found.columns["phone"]) == (["李四"], [None])


def test_missing_unknown_and_repeated_columns_are_named():
    shorter = [h for h in headers("grid_activists") if h != "性别"] + ["星座"]
    found = activist(book(("居民骨干", [shorter, [1, "甲"]])))
    assert remarks(found) == [("header.missing_column", None, ""), ("header.unknown_column", "N1", "星座")]
    assert found.missing == ["sex"] and found.landed == 1
    twice = [*headers("grid_activists"), "姓名"]
    found = activist(book(("居民骨干", [twice, [1, "甲"], [2, "乙"]])))
    assert (found.rejected, found.landed) == (("header.duplicate", "姓名"), 2)


def test_date_cells_keep_what_their_format_shows():
    def formats(made):
        for at, code in (("L4", "yyyy-mm-dd"), ("L5", 'yyyy"年"m"月"'), ("L6", "General"), ("L7", 'm"月"d"日"')):
            made.active[at].number_format = code

    days = [date(2026, 8, 2), date(2026, 8, 1), 2026.8, datetime(2026, 8, 2)]
    found = activist(activists(*({"change_date": day} for day in days), change=formats))
    assert found.columns["change_date"] == ["2026-08-02", "2026-08", "2026-08", "2026-08-02"]


def test_2024_10_as_a_number_is_read_when_its_format_shows_it_and_quarantined_when_not():
    def formats(made):
        made.active["L4"].number_format = "0.00"

    found = activist(activists({"change_date": 2024.10}, {"change_date": 2024.10}, change=formats))
    assert found.columns["change_date"] == ["2024-10", None]
    assert codes(found) == [("L4", "date.imprecise_kept"), ("L5", "date.float_month")]


def test_a_workbook_that_counts_from_1904():
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    def mac(made):
        made.epoch = CALENDAR_MAC_1904

    found = activist(activists({"change_date": datetime(2026, 8, 2)}, {"change_date": 44774}, change=mac))
    assert found.columns["change_date"] == ["2026-08-02", "2026-08-02"]


@pytest.mark.parametrize("serial", ["60", "0", "-5", "3000000"])
def test_day_numbers_that_are_no_day(serial):
    look = "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>"
    row = [None, "甲", "男", None, "群众", "院", "楼栋长", None, None, None, "新增", ('s="1"', f"<v>{serial}</v>")]
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{kinds}/styles" Target="styles.xml"/></Relationships>'
    )
    found = activist(
        by_hand(row, xl__styles_xml="", **{"xl/_rels/workbook.xml.rels": relations, "xl/styles.xml": look})
    )
    assert codes(found) == [("L2", "date.impossible")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("yyyy-mm-dd", "date"), ('yyyy"年"m"月"d"日"', "date"), ('[$-804]yyyy"年"m"月"', "month"), ("yyyy/mm", "month"),
     ("mmm-yy", "month"), ("h:mm:ss", "time"), ("[h]:mm", "time"), ("General", ""), ("0.00", 2), ("#,##0.00", 2), ("@", ""),
     ('0"元"', ""), ("[Red]0;[Blue]-0", ""), ("yyyy-mm-dd hh:mm", "date"), ("m/d", "date")],
)  # fmt: skip
def test_number_formats(code, expected):
    assert style(code) == expected


def test_phonetic_guides_and_rich_text_are_read_as_the_text_alone():
    inner = "<is><r><t>王</t></r><r><t>小明</t></r><rPh><t>wang</t></rPh></is>"
    row = [None, ('t="inlineStr"', inner), "男", None, "群众", "院", "楼栋长", None, None, None, "新增"]
    assert activist(by_hand(row)).columns["name"] == ["王小明"]


def test_prefixed_namespaces_and_rows_without_numbers_are_read():
    from .made import package, parts

    named = parts(
        rows_xml(headers("grid_activists"), [None, "甲", "男", None, "群众", "院", "楼栋长", None, None, None, "新增"])
    )
    sheet = named["xl/worksheets/sheet1.xml"]
    for tag in ("worksheet", "sheetData", "row", "c ", "is", "t ", "t>"):
        sheet = sheet.replace(f"<{tag}", f"<x:{tag}").replace(f"</{tag.strip()}", f"</x:{tag.strip()}")
    sheet = sheet.replace("xmlns=", "xmlns:x=").replace("</x:t>>", "</x:t>").replace("<row r=", "<row q=")
    named["xl/worksheets/sheet1.xml"] = sheet.replace("</c>", "</x:c>")
    assert activist(package(named)).columns["name"] == ["甲"]


def test_a_number_in_a_text_column_reads_as_it_is_shown():
    found = activist(activists({"skill": 501, "matters": 0.1, "remark": True}))
    assert (found.columns["skill"], found.columns["matters"]) == (["501"], ["0.1"])
    assert Typed("number", "501").is_number
