"""The annotated copy: what is in it, where, and what of a hostile original is not."""

import io
import re
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest
from tests.parsing.made import (
    ID,
    ORDER,
    PERSON,
    SHEETS,
    TITLE,
    activists,
    by_hand,
    contract,
    csv_of,
    job,
    package,
    pages,
    parts,
)

from courtyard.parsing import seeing
from courtyard.parsing.picture import Page, Picture
from courtyard.parsing.sandbox import Sandbox, Task
from courtyard.submissions import annotating, copy_cells, outcome
from courtyard.submissions.findings import Finding
from courtyard.submissions.outcome import Receipt, Submitted

NOON = datetime(2026, 10, 3, 4, tzinfo=UTC)
LIVE = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "＝1")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as made:
        yield made


@pytest.fixture
def see(sandbox):
    def picture(data, *datasets):
        ((_, found),) = seeing.see(sandbox, [Task("x", job(*(datasets or SHEETS.values())), lambda: data)])
        return found

    return picture


def finding(cell, code="id.checksum", severity="error", row_no=None, column=None, sheet="居民骨干"):
    return Finding(sheet, row_no, column, cell, code, severity, f"{code}的问题", f"{code}的改法")


def receipt(*findings, dataset="grid_activists", state="merged", rows=(2, 1)):
    part = outcome.part(contract(dataset), state, rows, findings)
    given = Submitted(7, "x.xlsx", "mail", NOON, NOON, "first", "", False, False, None)
    return Receipt(
        "grid", "网格季度采集表", part.status, "2026Q3", "510105005002001", "第1网格", (part,),
        due_on=date(2026, 10, 5), advice="请改好。", whom="办公室", submitted=given,
    )  # fmt: skip


def opened(data):
    return openpyxl.load_workbook(io.BytesIO(data))


def parts_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def test_findings_stand_at_their_cells_with_colour_comment_and_link(see):
    data = activists({"id_number": "110105194912310021"}, {}, change=lambda book: book["居民骨干"].merge_cells("A1:M1"))
    told = receipt(finding("D4", row_no=4), finding("C5", "sex", "warning", row_no=5))
    book = opened(annotating.annotated(told, see(data)))
    assert book.sheetnames == ["回执", "居民骨干"]
    sheet = book["居民骨干"]
    assert sheet["D4"].value == "110105194912310021"
    assert sheet["D4"].comment.text == "【错误】id.checksum的问题。id.checksum的改法。"
    fills = {cell: sheet[cell].fill.fgColor.rgb[-6:] for cell in ("D4", "B4", "C5", "B5", "D3")}
    assert fills == {"D4": "F8B4B4", "B4": "FDECEC", "C5": "FFE699", "B5": "FFF8E1", "D3": "D9E1F2"}
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:M1"]
    assert sheet["A1"].value == TITLE
    links = {cell.value: cell.hyperlink.location for row in book["回执"].iter_rows() for cell in row if cell.hyperlink}
    assert links == {"D4": "'居民骨干'!D4", "C5": "'居民骨干'!C5"}
    assert sheet.freeze_panes == "A4"


def test_a_finding_on_a_row_stands_at_its_first_cell_and_one_on_a_sheet_only_in_front(see):
    told = receipt(finding("", "record.repeated", "warning", row_no=4), finding("", "sheet.wrong_name", "warning"))
    book = opened(annotating.annotated(told, see(activists({}))))
    comments = {cell.coordinate for row in book["居民骨干"].iter_rows() for cell in row if cell.comment}
    assert comments == {"A4"}
    texts = [cell.value for row in book["回执"].iter_rows() for cell in row if cell.value]
    assert "第4行" in texts and "整张表" in texts


def test_what_was_read_otherwise_than_written_is_listed(see):
    picture = see(activists({"id_number": ID.lower(), "change_date": "二〇二四年三月", "name": "王 小 明"}))
    listed = opened(annotating.annotated(receipt(rows=(1, 0)), picture))["识别结果"]
    rows = [tuple(cell.value for cell in row) for row in listed.iter_rows(min_row=2)]
    assert sorted(rows) == [
        ("居民骨干", "B4", "姓名", "王 小 明", "王小明"),
        ("居民骨干", "D4", "身份证号", ID.lower(), ID),
        ("居民骨干", "L4", "变动日期", "二〇二四年三月", "2024-03"),
    ]


def test_nothing_lives_in_the_copy(see):
    rows = [{"remark": text, "name": f"样例{n}"} for n, text in enumerate(LIVE)]
    data = by_hand(
        *([n, f"样例{n}", "男", *[None] * 9, text] for n, text in enumerate(LIVE)),
        [9, "样例", "男", ("", "<f>1+1</f><v>2</v>"), ('t="e"', "<v>#REF!</v>")],
    )
    for source in (data, activists(*rows)):
        found = parts_of(annotating.annotated(receipt(finding("D7", row_no=7)), see(source)))
        assert not any(re.search(r"vba|externalLink|embed|connections", name, re.IGNORECASE) for name in found)
        text = "".join(found.values())
        assert "<f>" not in text and "<f " not in text
        assert 'TargetMode="External"' not in text
        assert not re.search(r"<dc:creator>[^<]+|<cp:lastModifiedBy>[^<]+|<author>[^<]+", text)
    book = opened(annotating.annotated(receipt(), see(data)))
    written = [book["居民骨干"].cell(row, 13) for row in range(2, 7)]
    assert [cell.value for cell in written] == list(LIVE)
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in written)


def test_numbers_stay_numbers_and_long_ones_stay_as_they_were_shown(see):
    data = by_hand([1, "样例", ("", "<v>5</v>"), ("", "<v>110105194912310000</v>"), ("", "<v>1.50</v>")])
    sheet = opened(annotating.annotated(receipt(), see(data)))["居民骨干"]
    assert [sheet[c].value for c in ("C2", "D2", "E2")] == [5, "1.1010519491231e+17", "1.5"]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04torn", b"<html></html>", package(parts("<sheetData/>") | {"xl/vbaProject.bin": "x"})]
)
def test_a_file_that_cannot_be_read_gets_the_front_sheet_alone(see, data):
    book = opened(annotating.annotated(receipt(finding("", "file.damaged"), state="rejected"), see(data)))
    assert book.sheetnames == ["回执"]
    assert "file.damaged的问题" in [cell.value for row in book["回执"].iter_rows() for cell in row]


def test_merges_that_overlap_or_cover_millions_of_cells_stay_apart():
    merges = [(1, 1, 1_048_576, 200), (2, 1, 3, 2), (3, 2, 4, 3), (5, 5, 5, 5)]
    page = Page("居民骨干", rows=[(2, [(1, "", "x")])], merges=merges, places={"name": 1})
    sheet = opened(annotating.annotated(receipt(), Picture([page])))["居民骨干"]
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A2:B3"]
    assert sheet["A2"].value == "x"


def test_a_picture_ends_at_its_cap(see, monkeypatch):
    from courtyard.parsing import picture, reading

    monkeypatch.setattr(picture, "MAX_CELLS", 60)
    (page,) = [body for kind, body in picture.pieces(job("grid_activists"), activists(*[{}] * 10)) if kind == "page"]
    assert not page["is_whole"] and len(page["rows"]) < 13
    assert reading.read(job("grid_activists"), activists(*[{}] * 10))[0].landed == 10


def test_sheet_names_that_excel_refuses_are_changed_and_links_follow():
    titles = ["回执", "it's", "a/b:c", "长" * 40, "长" * 40, "'", "History"]
    names = copy_cells.sheet_names(titles, ("回执", "识别结果"))
    assert names == ["回执(2)", "it's", "a_b_c", "长" * 31, "长" * 28 + "(2)", "表", "History(2)"]
    page = Page("it's", rows=[(1, [(1, "", "x")])], places={"name": 1})
    told = receipt(finding("A1", sheet="it's"))
    book = opened(annotating.annotated(told, Picture([page])))
    (location,) = {cell.hyperlink.location for row in book["回执"].iter_rows() for cell in row if cell.hyperlink}
    assert location == "'it''s'!A1"


def test_characters_no_workbook_holds_are_shown_as_boxes():
    page = Page("居民骨干", rows=[(1, [(1, "", "a\x00b\ud800c\u202ed\ufffe")])], places={"name": 1})
    sheet = opened(annotating.annotated(receipt(), Picture([page])))["居民骨干"]
    assert sheet["A1"].value == "a□b□c□d□"


def test_hidden_rows_are_shown_and_the_hidden_reference_stays_hidden(see):
    def hide(book):
        book["居民骨干"].row_dimensions[4].hidden = True
        book["居民骨干"].column_dimensions["M"].hidden = True

    sheet = opened(annotating.annotated(receipt(), see(activists({"remark": "x"}, change=hide))))["居民骨干"]
    assert not sheet.row_dimensions[4].hidden
    assert sheet.column_dimensions["M"].hidden


def test_lines_of_a_text_file_keep_their_numbers(see):
    picture = see(csv_of("population", PERSON, PERSON | {"id_number": "110105194912310021"}), "population")
    told = receipt(finding("F3", row_no=3, column="id_number", sheet=""), dataset="population")
    sheet = opened(annotating.annotated(told, picture))["实有人口"]
    assert (sheet["F1"].value, sheet["F3"].value) == ("证件号码", "110105194912310021")
    assert sheet["F3"].comment is not None


def test_records_become_rows_below_a_header(see):
    picture = see(pages([ORDER, ORDER | {"orderNo": "CD2", "kind": "?"}]), "hotline_cases")
    told = finding("第2条 诉求类型", row_no=2, column="kind", sheet="")
    sheet = opened(annotating.annotated(receipt(told, dataset="hotline_cases"), picture)).worksheets[1]
    header = [cell.value for cell in sheet[1]]
    commented = [cell for row in sheet.iter_rows() for cell in row if cell.comment]
    assert [(cell.row, cell.value) for cell in commented] == [(3, "?")]
    assert header[commented[0].column - 1] == contract("hotline_cases").column("kind").header
