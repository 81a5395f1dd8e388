"""What a sheet says of itself: 本表情况, versions of the form, the workbook's own sheets, units of measure."""

import pytest

from courtyard.district.models import FormVersion
from courtyard.parsing import metadata, units
from courtyard.parsing.files import parse_file

from .biff import LegacySheet, legacy
from .card import CARD, Card
from .made import ACTIVIST, META, TITLE, activists, book, contract, headers, line, pack, parsed, table

STATED = ((TITLE,), (META,))


def stated(answer, *rows, cells=None):
    """A sheet of 居民骨干 whose third row is 本表情况; data begins in row 5."""
    return activists(*rows, above=[*STATED, cells or ("本表情况：", answer)])


def read(data):
    return table(data, "grid_activists")


def told(found):
    return [(r.code, r.cell) for r in found.remarks]


@pytest.mark.parametrize(
    ("answer", "says"),
    [("有变化", "changed"), ("无变化", "unchanged"), ("没有变化", "unchanged"), ("本季度无变化", "unchanged"), ("不变", "unchanged"),
     ("本季度无", "nil"), ("本季度无此类人员", "nil"), ("本月无", "nil"), ("无变化的骨干", None), ("王无", None), ("", None)],
)  # fmt: skip
def test_what_a_statement_says(answer, says):
    assert metadata.answer_of(answer) == says


def test_an_unchanged_sheet_may_hold_its_rows_or_none():
    for rows in ((), ({}, {"name": "李四"})):
        found = read(stated("无变化", *rows))
        assert (found.is_unchanged, found.is_nil, found.landed, told(found)) == (True, False, len(rows), [])
        assert found.metadata["本表情况"] == "无变化"


@pytest.mark.parametrize("cells", [("本表情况：无变化",), ("本表情况", None), ("本表情况：", None, None, "无变化")])
def test_the_answer_may_stand_in_the_same_cell_or_in_one_further_on(cells):
    assert read(stated(None, cells=cells)).is_unchanged == ("无变化" in str(cells))


def test_a_line_below_the_header_says_it_too():
    rows = [headers("grid_activists"), ["本季度无变化"]]
    found = read(book(("居民骨干", rows)))
    assert (found.is_unchanged, found.landed, found.structural) == (True, 0, 2)


def test_unchanged_is_contradicted_by_rows_that_say_otherwise_at_their_cells():
    found = read(stated("无变化", {}, {"change_kind": "迁出"}, {"change_kind": "新增"}, {"change_kind": None}))
    assert (found.is_unchanged, found.landed) == (False, 4)
    assert told(found) == [("nochange.contradicted", "K6"), ("nochange.contradicted", "K7")]


def test_nil_beside_prefilled_rows_is_contradicted_and_the_rows_count():
    found = read(stated("本季度无", {}))
    assert (found.is_nil, found.is_unchanged, found.landed) == (False, False, 1)
    assert told(found) == [("nil.contradicted", "A3")]
    assert read(stated("本季度无")).is_nil


def test_blank_answers_and_prompts_say_nothing_and_others_are_asked_about():
    for answer in (None, "请选择", "有变化/无变化/本季度无"):
        found = read(stated(answer, {}))
        assert (found.is_unchanged, found.is_nil, told(found)) == (False, False, [])
    assert told(read(stated("差不多", {}))) == [("answer.unknown", "A3")]
    assert told(read(stated("有变化", {}))) == []


def test_an_emptied_row_is_no_data_but_its_sender_is_told():
    """The hidden reference is what is left when somebody clears a row."""
    cleared = [None] * (len(headers("grid_activists")) - 1) + ["k.12345678"]
    found = read(activists({}, below=[cleared, [3]]))
    assert (found.landed, told(found)) == (1, [("row.cleared", "N5")])


def test_a_reference_that_stands_in_two_rows_names_neither():
    found = read(activists({"record_ref": "k.12345678"}, {"record_ref": "k.12345678"}, {"record_ref": "l.1"}, {}))
    assert found.columns["record_ref"] == [None, None, "l.1", None]
    assert [(p.row_no, p.code) for p in found.problems] == [(4, "record.ref_repeated"), (5, "record.ref_repeated")]


def test_the_hidden_reference_column_is_not_remarked_on():
    def hide(made):
        made.active.column_dimensions["N"].hidden = True

    assert told(read(activists({}, change=hide))) == []


ISSUE = {"form": "grid", "version": "2026.1", "street": "510105005", "unit": "510105005002001", "period": "2026Q3",
         "issue_no": 2, "signature": "0f" * 16}  # fmt: skip


def issued(**changes):
    cover = [["填报说明"], ["报送性质：", "更正"], ["截止日期：2026年10月10日"]]
    options = [["性别", "政治面貌", "骨干类型", "变动情况"], ["男", "群众", "楼栋长", "无变化"]]
    sheets = [("填报说明", cover), ("居民骨干", [headers("grid_activists"), line("grid_activists", 1, ACTIVIST)])]
    pairs = [[key, value] for key, value in (ISSUE | changes).items()]

    def hide(made):
        for title in ("_选项", "_courtyard"):
            made[title].sheet_state = "veryHidden"

    return book(*sheets, ("_选项", options), ("_courtyard", pairs), change=hide)


def test_an_issued_workbook_says_which_it_is_and_its_service_sheets_are_no_data():
    (found,) = parsed(issued(), "grid_activists")
    assert found.metadata["issue"] == {
        "version": "2026.1", "unit": "510105005002001", "period": "2026Q3", "issue_no": "2", "signature": "0f" * 16,
    }  # fmt: skip
    assert (found.metadata["nature"], found.landed, found.remarks) == ("更正", 1, [])


def test_what_cannot_be_part_of_an_identity_is_left_out():
    (found,) = parsed(issued(unit="11010519491231002X", signature="<script>", issue_no=""), "grid_activists")
    assert found.metadata["issue"] == {"version": "2026.1", "period": "2026Q3"}


def test_a_legacy_copy_of_an_issued_workbook_says_the_same():
    pairs = [[key, str(value)] for key, value in ISSUE.items()]
    rows = [headers("grid_activists"), line("grid_activists", 1, ACTIVIST)]
    data = legacy(LegacySheet("居民骨干", rows), LegacySheet("_courtyard", pairs, is_hidden=True))
    assert parsed(data, "grid_activists")[0].metadata["issue"]["issue_no"] == "2"


@pytest.mark.parametrize("code_page", [1200, 936])
def test_a_legacy_workbook_is_read_in_the_sandbox_whatever_code_page_it_names(sandbox, code_page):
    data = legacy(LegacySheet("居民骨干", [headers("grid_activists"), line("grid_activists", 1, ACTIVIST)]))
    data = data.replace(bytes.fromhex("42000200b004"), bytes.fromhex("42000200") + code_page.to_bytes(2, "little"))
    (found,) = parse_file(data, "x.xls", [contract("grid_activists")], pack().codes, sandbox=sandbox)
    assert (found.rejected, found.columns["name"]) == (None, ["王小明"])


def test_a_dataset_that_owes_nothing_may_be_absent_or_empty():
    activist, answers = parsed(activists({}), "grid_activists", "grid_answers")
    assert (answers.rejected, answers.is_nil, answers.landed, answers.remarks) == (None, True, 0, [])
    assert activist.landed == 1
    (empty,) = parsed(book(("待核实", [headers("grid_answers")])), "grid_answers")
    assert (empty.is_nil, empty.rejected) == (True, None)


OLD = FormVersion(version="2025", marks=("川民表2025",), headers={"remark": "情况说明", "phone": "联系方式"},
                  without=("area", "age"), last="2026Q2")  # fmt: skip
OLDER = FormVersion(version="2024", headers={"remark": "附言"}, without=("phone", "area", "age"))
VERSIONED = CARD.model_copy(update={"forms": (OLD, OLDER)})
SUMMER = (("2026年第二季度登记卡",), ("表号：川民表2025",))


def versioned(heads, *rows, above=()):
    return Card(VERSIONED, heads, above).read("xlsx", *rows)


def test_the_version_of_a_form_is_known_by_its_mark():
    found = versioned(("姓名", "联系方式", "情况说明"), ("王一", "13800001234", "甲"), above=SUMMER)
    assert found.columns == {"name": ["王一"], "phone": ["13800001234"], "remark": ["甲"]}
    assert (found.metadata["form"], found.remarks) == ("2025", [])


def test_a_mark_decides_though_another_layout_would_fit_better():
    heads, row = ("姓名", "电话", "备注", "情况说明"), ("王一", "13800001234", "甲", "乙")
    assert versioned(heads, row).columns["remark"] == ["甲"]
    found = versioned(heads, row, above=SUMMER)
    assert (found.columns, found.metadata["form"]) == ({"name": ["王一"], "remark": ["乙"]}, "2025")


def test_without_a_mark_the_layout_that_fits_best_is_taken():
    assert versioned(("姓名", "附言"), ("王一", "甲")).metadata["form"] == "2024"
    own = versioned(("姓名", "电话", "备注"), ("王一", "13800001234", "甲"))
    assert "form" not in own.metadata and own.columns["remark"] == ["甲"]


def test_a_version_used_after_its_last_period_is_said():
    above = (("2026年第三季度登记卡",), ("表号：川民表2025",))
    found = versioned(("姓名", "联系方式", "情况说明"), ("王一", None, "甲"), above=above)
    assert [(r.code, r.detail) for r in found.remarks] == [("form.outdated", "2025（用到2026Q2）")]


def test_a_column_that_a_version_did_not_have_is_not_missed():
    needed = CARD.column("area").model_copy(update={"required": True})
    columns = tuple(needed if c.name == "area" else c for c in CARD.columns)
    strict = VERSIONED.model_copy(update={"columns": columns})
    found = Card(strict, ("姓名", "联系方式", "情况说明"), SUMMER).read("xlsx", ("王一", None, "甲"))
    assert (found.missing, found.remarks) == ([], [])
    assert Card(strict, ("姓名", "电话", "备注")).read("xlsx", ("王一", None, "甲")).missing == ["area"]


def test_the_same_contract_in_another_order_of_columns():
    assert contract("grid_activists").column("name").header == "姓名"
    shuffled = list(reversed(headers("grid_activists")))
    found = read(book(("居民骨干", [shuffled, list(reversed(line("grid_activists", 1, ACTIVIST)))])))
    assert found.columns["name"] == ["王小明"]


@pytest.mark.parametrize(
    ("written", "kept", "factor"),
    [("万元", "元", "1E+4"), ("元", "万元", "0.0001"), ("亿元", "万元", "1E+4"), ("㎡", "平方米", "1"), ("m²", "㎡", "1"),
     ("公顷", "㎡", "1E+4"), ("百户", "户", "1E+2"), ("元/月", "元", "1"), ("万", "人", "1E+4"), ("角", "元", "0.1")],
)  # fmt: skip
def test_units_of_one_kind_convert_exactly(written, kept, factor):
    assert str(units.factor(written, kept).normalize()) == factor


@pytest.mark.parametrize(("written", "kept"), [("户", "人"), ("美元", "元"), ("万", "度"), ("岁", "人"), ("斤", "斤")])
def test_units_of_different_kinds_never_convert(written, kept):
    assert units.factor(written, kept) is None


@pytest.mark.parametrize(
    ("header", "found"),
    [("月保障金额（万元）", ("月保障金额", "万元")), ("金额/元", ("金额", "元")), ("身份证号（18位）", None), ("（元）", None),
     ("与户主关系", None), ("人口[百人]", ("人口", "百人"))],
)  # fmt: skip
def test_the_unit_at_a_headers_end(header, found):
    assert units.at_end(header) == found
