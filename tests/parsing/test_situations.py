"""The situations of real submissions, by their numbers: literal cells in, literal rows and findings out.

Those that are a parser's business stand here, in every format that can show them. The others:
17 birth date and sex against the ID number: tests/validation/test_rules.py. 22 former names and variant
characters, 25-28 the spellings of addresses and names of courtyards, 30 people who moved: tests/identity.
29 the same person in two grids, 31 households that split, 38 who is kept though gone: tests/warehouse.
37 the same file again and last quarter's copied: tests/submissions. 40 formulas in free text leave escaped:
tests/reports (that they come in unharmed is tested here).
Of 6, the text of notes stays in the landed bytes, for notes name people; its place is kept.
"""

from datetime import datetime

import pytest

from courtyard.parsing.cells import Typed
from courtyard.parsing.dates import read_date

from .biff import LegacySheet, legacy
from .card import CARD, MEDIA, Card, column
from .made import ID, TITLE, activists, book, codes, csv_of, headers, line, parsed, table

every = pytest.mark.parametrize("medium", MEDIA)
sheets = pytest.mark.parametrize("medium", ["xlsx", "xls"])
lined = pytest.mark.parametrize("medium", ["xlsx", "xls", "csv"])  # where lines may stand around the table


def remarks(found):
    return [(r.code, r.cell, r.detail) for r in found.remarks]


@lined
def test_01_title_rows_above_the_header(medium):
    above = [("少城街道办事处",), ("2026年第三季度登记卡",), ("内部资料", None, "注意保管")]
    found = Card(heads=("序号", "姓名", "电话"), above=above).read(medium, (1, "王一", "13800001234"))
    assert (found.columns["name"], found.row_nos, found.period) == (["王一"], [5], "2026Q3")
    assert (found.landed, found.structural, found.remarks) == (1, 4, [])


@pytest.mark.parametrize("legacy_format", [False, True])
def test_02_two_row_merged_headers(legacy_format):
    rows = [("序号", "居民", None, "备注"), (None, "姓名", "电话", None), (1, "王一", "13800001234", "甲")]
    merges = [(1, 2, 1, 3), (1, 1, 2, 1), (1, 4, 2, 4)]
    if legacy_format:
        data = legacy(LegacySheet("登记卡", rows, merges=merges))
    else:
        data = book(("登记卡", rows), change=lambda made: [made.active.merge_cells(start_row=t, start_column=a, end_row=b, end_column=z) for t, a, b, z in merges])  # fmt: skip
    found = read_card(data)
    assert found.columns == {"name": ["王一"], "phone": ["13800001234"], "remark": ["甲"]}
    assert (found.row_nos, found.structural, found.remarks) == ([3], 2, [])


def read_card(data, contract=CARD):
    from courtyard.parsing import reading

    from .made import AS_OF, pack

    lists = {name: listed.values for name, listed in pack().codes.items()}
    (only,) = reading.whole(reading.job_for([contract], lists, AS_OF), data)
    return only


MEMBER = {"relation": "配偶", "change_kind": "无变化"}
HEAD = {
    "head_name": "张三", "household_size": 2, "covered_persons": 2, "address": "宽巷子12号院1-1-101", "name": "张三",
    "relation": "本人", "change_kind": "无变化", "phone": "13800001234",
}  # fmt: skip


@sheets
def test_03_merged_body_cells_fill_household_columns_inside_the_merge_only(medium):
    body = [line("grid_dibao", 1, HEAD), line("grid_dibao", None, MEMBER | {"name": "李四"}), line("grid_dibao", None, MEMBER | {"name": "王五"})]  # fmt: skip
    rows = [headers("grid_dibao"), *body]
    merges = [(2, c, 3, c) for c in (1, 2, 3, 4, 5, 9)]  # 9 is 联系电话, which is nobody's household's
    if medium == "xls":
        data = legacy(LegacySheet("低保户", rows, merges=merges))
    else:
        data = book(("低保户", rows), change=lambda made: [made.active.merge_cells(start_row=t, start_column=a, end_row=b, end_column=z) for t, a, b, z in merges])  # fmt: skip
    found = table(data, "grid_dibao")
    assert found.columns["head_name"] == ["张三", "张三", None]
    assert found.columns["household_size"] == [2, 2, None]
    assert found.columns["phone"] == ["13800001234", None, None]
    assert [(r.code, r.cell) for r in found.remarks] == [("household.merge_outside", "I2")]


@lined
def test_04_lines_of_unit_and_dates_are_metadata(medium):
    above = [
        ("登记卡",),
        ("填报单位：四道街第1网格（510105005002001）", "填表日期：2026-09-25", "统计截止日：", "2026.9.30"),
    ]
    found = Card(above=above).read(medium, ("王一",))
    assert found.unit_code == "510105005002001"
    assert (found.metadata["填表日期"], found.metadata["统计截止日"]) == ("2026-09-25", "2026-09-30")


@lined
@pytest.mark.parametrize(
    ("total", "found"),
    [(("合计", "2人"), []), (("合 计", 2), []), (("小计", "共2人"), []),
     (("合计", "3人"), [("total.mismatch", "A4", "写的是3，数据行为2")])],
)  # fmt: skip
def test_05_total_rows_go_and_are_reconciled(medium, total, found):
    card = Card(heads=("姓名", "备注"), below=[total])
    made = card.read(medium, ("王一", "甲"), ("王二", "乙"))
    assert (made.columns["name"], made.landed, remarks(made)) == (["王一", "王二"], 2, found)


@lined
def test_05_somebody_with_an_id_number_is_no_total_whatever_the_name(medium):
    made = Card(heads=("姓名", "身份证号")).read(medium, ("王一", "11010519491231002X"), ("小计", "110105194912310038"))
    assert (made.columns["name"], made.landed) == (["王一", "小计"], 2)


def test_05_a_text_file_cut_at_a_rows_end_is_found_by_its_total():
    """Nothing else could tell: the rows that are left are whole."""
    whole = csv_of("population", {"name": "王一"}, {"name": "王二"}).decode("gb18030") + "合计,2人\r\n"
    cut = whole.replace(whole.splitlines(keepends=True)[2], "")
    assert remarks(table(whole.encode("gb18030"), "population")) == []
    assert remarks(table(cut.encode("gb18030"), "population")) == [("total.mismatch", "A3", "写的是2，数据行为1")]


@lined
def test_06_notes_and_signatures_are_no_data_and_their_place_is_kept(medium):
    below = [("注：1.统计截止日为本季度最后一日",), ("填报人签字：", None, "审核人签字："), ("说明：以上属实",)]
    found = Card(heads=("姓名", "电话", "备注"), below=below).read(medium, ("王一", None, "甲"))
    assert (found.landed, found.structural) == (1, 4)
    assert medium == "csv" or found.metadata["notes"] == ["A3", "A4", "A5"]


@lined
def test_07_the_templates_sample_row_goes_only_when_it_equals_it(medium):
    contract = CARD.model_copy(update={"sample_row": {"name": "张三（示例）", "remark": "示例"}})
    card = Card(contract, ("姓名", "备注"))
    found = card.read(medium, ("张三（示例）", "示例"), ("张三（示例）", "住2栋"))
    if medium == "csv":  # samples are the business of forms that people fill in
        assert found.landed == 2
    else:
        assert (found.columns["remark"], found.row_nos, found.structural) == (["住2栋"], [3], 2)


def test_08_sheets_are_mapped_by_their_headers_and_unused_ones_are_named():
    named = [("表一", [headers("grid_dibao")]), ("表二", [headers("grid_activists")]), ("通讯录", [["科室", "电话"]])]
    found = parsed(book(*named), "grid_activists", "grid_dibao")
    assert [(t.dataset, t.sheet) for t in found] == [("grid_activists", "表二"), ("grid_dibao", "表一")]
    assert ("sheet.unused", None, "通讯录") in remarks(found[0])


@sheets
def test_09_hidden_rows_columns_and_filtered_rows_are_read_and_said(medium):
    rows = [("姓名", "电话"), ("王一", "13800001234"), ("王二", None)]
    if medium == "xls":
        data = legacy(LegacySheet("登记卡", rows, hidden_rows=[3], hidden_columns=[2]))
    else:
        data = book(("登记卡", rows), change=filtered)
    found = read_card(data)
    assert found.columns["name"] == ["王一", "王二"]
    assert [(p.row_no, p.code) for p in found.problems] == [(3, "row.hidden")]
    assert remarks(found) == [("column.hidden", "B1", "")]


def filtered(made):
    made.active.auto_filter.ref = "A1:B3"
    made.active.row_dimensions[3].hidden = True
    made.active.column_dimensions["B"].hidden = True


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"<html><table><tr><td>1</td></tr></table></html>", "file.html"), (b"%PDF-1.7", "file.not_a_workbook"),
     (bytes.fromhex("D0CF11E0A1B11AE1") + "EncryptedPackage".encode("utf-16-le"), "file.encrypted"),
     (bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 600, "file.legacy_xls"), ("姓名,电话\n".encode(), "file.not_a_workbook")],
)  # fmt: skip
def test_10_bytes_say_what_a_file_is_and_the_message_how_to_save_it(data, code):
    found = read_card(data)
    assert found.rejected and found.rejected[0] == code
    assert "另存" in found.reason or "密码" in found.reason


def test_10_a_workbook_named_et_is_read_as_what_it_is_inside():
    rows = [("姓名", "电话"), ("王一", "13800001234")]
    for data in (book(("登记卡", rows)), legacy(LegacySheet("登记卡", rows))):
        assert read_card(data).columns["name"] == ["王一"]


@pytest.mark.parametrize("medium", ["xlsx", "xls", "json"])
@pytest.mark.parametrize("number", [510105198001011234, 510105198001010000, 110105194912310020])
def test_11_an_id_number_in_a_number_cell_is_lost_whatever_its_digits(medium, number):
    values, problems = column(medium, "身份证号", number)
    assert values == [None] and [code for _, code in problems] == ["id.numeric_cell"]


def test_11_scientific_notation_in_a_text_file_is_the_same_loss():
    assert column("csv", "身份证号", "5.10105E+17") == ([None], [("B2", "id.numeric_cell")])


@every
@pytest.mark.parametrize(
    "written", [f"'{ID}", ID.lower(), ID.replace("X", "Ｘ"), f" {ID[:6]} {ID[6:14]}\u3000{ID[14:]}", f"\u200b{ID}"]
)
def test_12_apostrophe_small_x_and_blanks_in_an_id_number(medium, written):
    assert column(medium, "身份证号", written) == ([ID], [])


@every
def test_13_full_width_digits_fold_on_codes_and_never_on_text(medium):
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    assert column(medium, "身份证号", ID.translate(wide)) == ([ID], [])
    assert column(medium, "电话", "１３８００００１２３４") == (["13800001234"], [])
    assert column(medium, "备注", "５０㎡，２楼") == (["５０㎡，２楼"], [])


@every
@pytest.mark.parametrize(
    ("written", "value"),
    [("2024.3", "2024-03"), ("24/3/1", "2024-03-01"), ("20240301", "2024-03-01"), ("二〇二四年三月", "2024-03"),
     ("2024年", "2024"), ("2024.3.1", "2024-03-01"), ("202403", "2024-03")],
)  # fmt: skip
def test_14_a_date_keeps_its_precision_and_no_day_is_invented(medium, written, value):
    assert column(medium, "出生日期", written) == ([value], [])


@every
def test_14_a_year_is_not_a_month_where_the_column_needs_a_month(medium):
    values, problems = column(medium, "起始年月", "2024", "2024-03", "2024-03-01")
    assert (values, [code for _, code in problems]) == (["2024", "2024-03", "2024-03-01"], ["date.imprecise_kept"])
    needed = CARD.column("since").model_copy(update={"required": True})
    strict = CARD.model_copy(update={"columns": tuple(needed if c.name == "since" else c for c in CARD.columns)})
    values, problems = column(medium, "起始年月", "2024", "2024-03", contract=strict)
    assert (values, [code for _, code in problems]) == ([None, "2024-03"], ["date.imprecise"])


@every
@pytest.mark.parametrize(("serial", "value"), [(45352, "2024-03-01"), (30061, "1982-04-20")])
def test_15_a_bare_day_number_in_a_date_column_is_its_day(medium, serial, value):
    assert column(medium, "出生日期", serial) == ([value], [])


@sheets
@pytest.mark.parametrize(
    ("serial", "epoch_1904", "value"),
    [(61, False, "1900-03-01"), (59, False, "1900-02-28"), (60, False, None), (0, False, None), (-3, False, None),
     (45352, False, "2024-03-01"), (43890, True, "2024-03-01"), (0, True, "1904-01-01"), (2958466, False, None)],
)  # fmt: skip
def test_15_date_cells_of_both_systems_and_the_day_that_never_was(medium, serial, epoch_1904, value):
    found = read_card(dated(medium, serial, epoch_1904))
    assert found.columns["born"] == [value]
    assert codes(found) == ([] if value else [("B2", "date.impossible")])


def dated(medium, number, epoch_1904=False, code="yyyy-mm-dd"):
    rows = [("姓名", "出生日期"), ("王一", number)]
    if medium == "xls":
        return legacy(LegacySheet("登记卡", rows, {(2, 2): code}), epoch_1904=epoch_1904)
    import zipfile
    from io import BytesIO

    def formats(made):
        made.active["B2"].number_format = code

    data = book(("登记卡", rows), change=formats)
    if not epoch_1904:
        return data
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            part = source.read(name).replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>')
            made.writestr(name, part.replace(b"<workbookPr />", b'<workbookPr date1904="1"/>'))
    return target.getvalue()


@sheets
@pytest.mark.parametrize(
    ("code", "value", "problem"),
    [("General", None, "date.float_month"), ("0.0", None, "date.float_month"), ("0.00", "2024-10", None)],
)
def test_16_a_float_of_2024_1_is_october_only_where_the_cell_shows_it(medium, code, value, problem):
    found = read_card(dated(medium, 2024.10, code=code))
    assert found.columns["born"] == [value]
    assert codes(found) == ([("B2", problem)] if problem else [])


def test_16_in_records_the_digits_as_they_are_sent_decide():
    assert read_date(Typed("number", "2024.10")) == ("2024-10", None)
    assert [code for _, code in column("json", "出生日期", 2024.1)[1]] == ["date.float_month"]
    assert column("csv", "出生日期", "2024.10") == (["2024-10"], [])
    assert column("json", "出生日期", 2024.11) == (["2024-11"], [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_18_text_files_in_the_encoding_that_their_bytes_prove(encoding):
    found = table(csv_of("population", {"name": "张䶮"}, {"name": "𠮷田"}, encoding=encoding), "population")
    assert found.columns["name"] == ["张䶮", "𠮷田"]


@every
@pytest.mark.parametrize("dot", "•‧・．·･")
def test_19_one_kind_of_dot_in_names(medium, dot):
    assert Card().read(medium, (f"阿依{dot}古丽",)).columns["name"] == ["阿依·古丽"]


@every
def test_20_rare_characters_survive_and_what_stands_for_one_is_quarantined(medium):
    found = Card().read(medium, ("张䶮",), ("𠮷田",), ("王\ue000",), ("李?",), ("赵〓",))
    assert found.columns["name"] == ["张䶮", "𠮷田", None, None, None]
    assert [(p.row_no, p.code) for p in found.problems] == [
        (n + (medium != "json"), "name.unreadable") for n in (3, 4, 5)
    ]


@every
def test_21_blanks_inside_han_names_go(medium):
    found = Card().read(medium, ("张 三",), ("张　三",), ("Anna  Smith",))
    assert found.columns["name"] == ["张三", "张三", "Anna Smith"]


@every
@pytest.mark.parametrize(
    ("written", "value"),
    [("138-0000-1234", "13800001234"), ("028-86660000", "02886660000"), ("+86 13800001234", "13800001234"),
     ("13800001234、13900005678", "13800001234、13900005678"), ("13800001234/13900005678", "13800001234、13900005678"),
     ("无", None), ("13800001234（本人）", "13800001234")],
)  # fmt: skip
def test_23_phones_as_people_write_them(medium, written, value):
    assert column(medium, "电话", written) == ([value], [])


@every
def test_24_zero_width_characters_hard_blanks_and_line_breaks(medium):
    found = Card(heads=("\u200b姓\n名", "备 注")).read(medium, ("\u200b王\u00a0一", "第一行\r\n第二行\u200b"))
    assert (found.columns, found.remarks) == ({"name": ["王一"], "remark": ["第一行 第二行"]}, [])


@every
def test_32_yes_and_no_in_their_variants_and_blank_is_not_no(medium):
    values, problems = column(medium, "是否独居", "是", "√", "1", "有", "Y", "否", "×", "无", None, "—")
    assert values == [True, True, True, True, True, False, False, False, None, None] and not problems
    assert [code for _, code in column(medium, "是否独居", "可能")[1]] == ["yes_no.unknown"]


@lined
@pytest.mark.parametrize(
    ("header", "written", "value"),
    [("月保障金额（万元）", "0.093", "930"), ("月保障金额（元）", "930.50", "930.50"), ("月保障金额", "930元", "930"),
     ("月保障金额(万元)", "930元", "930"), ("月保障金额", "0.093万元", "930"), ("月保障金额（单位：千元）", "0.93", "930"),
     ("月保障金额/百元", "9.3", "930"), ("人口（万人）", "1.2", 12000), ("人口", "3人", 3), ("建筑面积（万㎡）", "1.5", "15000"),
     ("建筑面积（平方米）", "88.5", "88.5")],
)  # fmt: skip
def test_33_a_header_declares_its_unit_and_the_values_are_converted_exactly(medium, header, written, value):
    assert column(medium, header, written) == ([value], [])


@lined
def test_33_a_line_above_the_table_declares_the_unit_of_its_kind(medium):
    card = Card(heads=("姓名", "月保障金额", "人口"), above=[("2026年7月登记卡（单位：万元、人）",)])
    found = card.read(medium, ("王一", "0.093", "3"))
    assert (found.columns["amount"], found.columns["people"], found.period) == (["930"], [3], "2026-07")


def test_33_fields_of_records_declare_their_unit_too():
    assert column("json", "月保障金额(角)", 9300) == (["930"], [])
    found = Card(heads=("姓名", "月保障金额(户)")).read("json", ("王一", 930))
    assert "amount" not in found.columns and [r.code for r in found.remarks] == ["header.wrong_unit"]


@lined
@pytest.mark.parametrize(
    ("heads", "above", "cell"),
    [(("姓名", "月保障金额（户）"), (), "B1"), (("姓名", "月保障金额（美元）"), (), "B1"),
     (("姓名", "月保障金额"), (("单位：户",),), "B2")],
)  # fmt: skip
def test_33_a_unit_of_another_kind_refuses_the_column(medium, heads, above, cell):
    found = Card(heads=heads, above=above).read(medium, ("王一", "930"))
    assert "amount" not in found.columns and found.columns["name"] == ["王一"]
    assert [(r.code, r.column, r.cell) for r in found.remarks] == [("header.wrong_unit", "amount", cell)]


@every
def test_34_labels_become_codes_and_unknown_ones_are_not_guessed(medium):
    values, problems = column(medium, "与户主关系", "户主", "妻子", "0", "邻居的表弟")
    assert (values, [code for _, code in problems]) == (["0", "1", "0", None], ["code.unknown"])


@every
def test_35_an_age_keeps_the_day_it_holds_on(medium):
    values, problems = column(medium, "年龄", "35", "35岁", "八十一", "10个月", None, "131", "-1", "三四十")
    assert values == ["35@2026-09-30", "35@2026-09-30", "81@2026-09-30", "0@2026-09-30", None, None, None, None]
    assert [code for _, code in problems] == ["number.out_of_range", "number.out_of_range", "number.unreadable"]


@lined
def test_35_the_sheets_own_closing_date_comes_before_the_periods_end(medium):
    assert column(medium, "年龄", 35, above=[("统计截止日：2026-08-31",)]) == (["35@2026-08-31"], [])


def test_36_formulas_without_a_result_and_error_values_are_found_at_their_cells():
    found = table(activists({"remark": "=A1"}, {"phone": "#REF!"}), "grid_activists")
    assert codes(found) == [("M4", "cell.formula_without_value"), ("I5", "cell.error_value")]
    rows = [("姓名", "电话", "备注"), ("王一", "#REF!", ("formula", 5.0)), ("王二", "#N/A", ("formula", None))]
    found = read_card(legacy(LegacySheet("登记卡", rows)))
    assert codes(found) == [("B2", "cell.error_value"), ("B3", "cell.error_value")]
    assert found.columns["remark"] == ["5", None]  # the old format does not tell a result of empty text from none


@lined
def test_39_nothing_to_report_is_said_and_an_empty_table_says_nothing(medium):
    said = Card(heads=("姓名", "备注"), below=[("本季度无",)]).read(medium)
    silent = Card(heads=("姓名", "备注")).read(medium)
    assert (said.is_nil, said.landed, said.structural) == (True, 0, 2)
    assert (silent.is_nil, silent.landed) == (False, 0)


@every
@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1-1", "-2", "@SUM(A1)", "＝1+1"])
def test_40_formulas_in_free_text_come_in_as_the_text_they_are(medium, text):
    if medium == "xlsx" and text.startswith("="):
        pytest.skip("openpyxl would write it as a formula")
    assert column(medium, "备注", text) == ([text], [])


@every
def test_an_id_number_in_free_text_is_hidden_and_said(medium):
    values, problems = column(medium, "备注", f"监护人{ID}，电话另报", "编号510105005000000001", ID.lower())
    assert values == ["监护人[身份证号]，电话另报", "编号510105005000000001", "[身份证号]"]
    assert [code for _, code in problems] == ["text.id_number", "text.id_number"]


def test_a_date_cell_is_a_day_whatever_the_reader():
    made = book(("登记卡", [("姓名", "出生日期"), ("王一", datetime(2024, 3, 1))]))
    assert read_card(made).columns["born"] == read_card(dated("xls", 45352)).columns["born"] == ["2024-03-01"]


def test_the_title_is_no_row():
    assert table(activists({}, above=[(TITLE,)]), "grid_activists").landed == 1
