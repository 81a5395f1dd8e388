"""Workbooks that are broken or mean harm (FAULTS 2, XLSX): each is refused by name, none raises, none is short."""

import io
import struct
import zipfile

import openpyxl
import pytest

from courtyard.parsing.limits import Caps
from courtyard.parsing.problems import is_error
from courtyard.parsing.reading import whole

from .made import activists, by_hand, contract, headers, job, package, parts, rows_xml, table

ROW = [None, "甲", "男", None, "群众", "院", "楼栋长", None, None, None, "新增"]


def refused(data, caps=None):
    (found,) = whole(job("grid_activists", caps=caps), data)
    assert found.rejected and not found.row_nos and found.reason
    return found.rejected[0]


def replaced(data: bytes, **changes: bytes | None) -> bytes:
    """The package with parts replaced, added, or (None) dropped."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        named = {n: archive.read(n) for n in archive.namelist()}
    named |= {name: content for name, content in changes.items() if content is not None}
    return package({n: c for n, c in named.items() if changes.get(n, b"") is not None})


def test_a_ratio_bomb():
    bomb = by_hand(
        ROW, **{"xl/worksheets/sheet1.xml": parts("<!--" + " " * 30_000_000 + "-->")["xl/worksheets/sheet1.xml"]}
    )
    assert len(bomb) < 100_000 and refused(bomb) == "file.too_large"


def test_more_than_the_inflated_cap():
    assert refused(by_hand(*[ROW] * 200), Caps(inflated=20_000)) == "file.too_large"


def test_more_than_the_raw_cap():
    assert refused(by_hand(ROW), Caps(raw=500)) == "file.too_large"


def test_the_cap_binds_on_bytes_and_not_on_headers():
    """A header that says 10 bytes: what really comes out is counted, and does not match its CRC."""
    data = bytearray(by_hand(*[ROW] * 100))
    at = data.rfind(b"xl/worksheets/sheet1.xml") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    assert refused(bytes(data)) == "file.damaged"


def sparse(reference: str) -> bytes:
    number = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{number}"><c r="{reference}" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    return package(parts(rows_xml(headers("grid_activists"), ROW).replace("</sheetData>", far)))


def test_a_sparse_sheet_with_its_last_cell_filled():
    assert refused(sparse("XFD1048576")) == "file.too_large"
    assert refused(sparse("XFD9")) == "file.too_large"
    assert refused(sparse("A300000")) == "file.too_large"


@pytest.mark.parametrize("reference", ["AAAAAAA1", "XFE9", "A0", "A-1", "9", "A99999999", "ÄA9"])
def test_cells_that_cannot_be(reference):
    far = f'<row r="9"><c r="{reference}" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'
    data = package(parts(rows_xml(headers("grid_activists"), ROW).replace("</sheetData>", far)))
    assert refused(data) == "file.damaged"


def test_rows_out_of_order_or_twice():
    sheet = rows_xml(headers("grid_activists"), ROW)
    again = sheet.replace("</sheetData>", '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row></sheetData>')
    assert refused(package(parts(again))) == "file.damaged"


@pytest.mark.parametrize(
    ("name", "code"),
    [("inner.zip", "file.unsafe"), ("xl/embeddings/a.xlsx", "file.unsafe"), ("xl/vbaProject.bin", "file.unsafe"),
     ("xl/externalLinks/externalLink1.xml", "file.unsafe"), ("../evil.xml", "file.unsafe"), ("/etc/passwd", "file.unsafe"),
     ("xl/activeX/a.xml", "file.unsafe"), ("xl/worksheets/sheet9.xml", "file.damaged")],
)  # fmt: skip
def test_parts_that_do_not_belong(name, code):
    assert refused(replaced(by_hand(ROW), **{name: b"PK"})) == code


def test_two_parts_of_one_name():
    target = io.BytesIO(by_hand(ROW))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", parts(rows_xml(["x"]))["xl/worksheets/sheet1.xml"])
    assert refused(target.getvalue()) == "file.unsafe"


def test_a_part_left_out_of_the_directory():
    """Readers that trust the directory alone would not see that a sheet is gone."""
    data = activists({})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    lost = names.index("xl/worksheets/sheet1.xml")
    ends = [m for m in range(len(data)) if data.startswith(b"PK\x01\x02", m)]
    end = data.rfind(b"PK\x05\x06")
    cut_from, cut_to = ends[lost], ends[lost + 1] if lost + 1 < len(ends) else end
    record = bytearray(data[end:])
    count, size = len(names) - 1, struct.unpack_from("<I", record, 12)[0] - (cut_to - cut_from)
    record[8:12] = struct.pack("<HH", count, count)
    record[12:16] = struct.pack("<I", size)
    assert refused(data[:cut_from] + data[cut_to:end] + bytes(record)) == "file.damaged"


def test_bytes_that_belong_to_no_part():
    """In front of the package, or between two parts whose offsets were moved: room for what nobody reads."""
    assert refused(b"PK" + b"x" * 100 + by_hand(ROW)) == "file.damaged"


def test_a_truncated_workbook_at_every_tenth():
    data = activists(*[{}] * 50)
    for tenth in range(1, 10):
        assert refused(data[: len(data) * tenth // 10]) in ("file.truncated", "file.damaged", "file.not_a_workbook")


def test_a_wrong_crc():
    data = bytearray(package(parts(rows_xml(headers("grid_activists"), ROW)), compression=zipfile.ZIP_STORED))
    at = data.find("甲".encode())
    data[at : at + 3] = "乙".encode()
    assert refused(bytes(data)) == "file.damaged"


@pytest.mark.parametrize(
    "declared",
    ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
     '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'],
)  # fmt: skip
def test_document_types_and_entities(declared):
    sheet = parts(rows_xml(headers("grid_activists"), ROW))["xl/worksheets/sheet1.xml"]
    assert refused(by_hand(ROW, **{"xl/worksheets/sheet1.xml": sheet.replace("?>", "?>" + declared)})) == "file.unsafe"


def test_a_macro_workbook_by_its_type():
    types = parts("")["[Content_Types].xml"].replace(
        "application/xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )
    assert refused(by_hand(ROW, **{"[Content_Types].xml": types})) == "file.unsafe"


def test_an_external_workbook_part():
    rels = parts("")["_rels/.rels"].replace("Target=", 'TargetMode="External" Target=')
    assert refused(by_hand(ROW, **{"_rels/.rels": rels})) == "file.unsafe"


OLE = bytes.fromhex("D0CF11E0A1B11AE1")


@pytest.mark.parametrize(
    ("data", "code"),
    [(OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600, "file.encrypted"),
     (b"<html><body><table><tr><td>x</td></tr></table></body></html>", "file.html"),
     (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>", "file.html"), ("姓名,性别\r\n甲,男".encode("gb18030"), "file.not_a_workbook"),
     (b"%PDF-1.7", "file.not_a_workbook"), (b"\x89PNG\r\n", "file.not_a_workbook"), (b"", "file.empty"), (b"\0" * 99, "file.empty"),
     (package({"a.txt": "x"}), "file.not_a_workbook"), (b"PK\x03\x04[Content_Types].xml", "file.truncated"),
     (bytes(range(256)) * 9, "file.not_a_workbook"), (OLE + b"\0" * 4000, "file.legacy_xls")],
    ids=["encrypted", "html", "doctype", "csv", "pdf", "png", "empty", "zeros", "zip", "cut", "bytes", "xls"],
)  # fmt: skip
def test_what_only_calls_itself_a_workbook(data, code):
    assert refused(data) == code


def test_the_refusal_says_how_to_save_it():
    (found,) = whole(job("grid_activists"), b"<html></html>")
    assert found.reason == (
        "文件其实是网页，只是扩展名写成了Excel。"
        "请用 Excel 或 WPS 打开，选“另存为”，保存类型选“Excel 工作簿（*.xlsx）”，再重新报送。"
    )


def test_a_false_dimension_is_not_believed():
    sheet = f'<dimension ref="A1:B2"/>{rows_xml(headers("grid_activists"), ROW, ROW)}'
    assert table(package(parts(sheet)), "grid_activists").landed == 2


def test_a_million_styled_empty_rows_are_nothing():
    empty = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(3, 300_003))
    data = package(parts(rows_xml(headers("grid_activists"), ROW).replace("</sheetData>", empty + "</sheetData>")))
    assert table(data, "grid_activists").landed == 1


def test_a_row_that_the_parser_would_not_see_is_counted():
    """`<row` inside a comment: two counts disagree, so the file is refused rather than read short."""
    sheet = rows_xml(headers("grid_activists"), ROW) + '<!-- <row r="9"></row> -->'
    assert refused(package(parts(sheet))) == "file.row_count"


def test_a_cell_beyond_excels_own_length():
    found = table(by_hand([*ROW, None, "长" * 32_768]), "grid_activists")
    assert [(p.cell, p.code) for p in found.problems] == [("M2", "cell.too_long")]


def test_formulas_in_text_are_kept_as_text():
    data = activists({"remark": "x"})
    book = openpyxl.load_workbook(io.BytesIO(data))
    cell = book["居民骨干"]["M4"]
    cell.value, cell.data_type = "=cmd|' /C calc'!A0", "s"
    target = io.BytesIO()
    book.save(target)
    assert table(target.getvalue(), "grid_activists").columns["remark"] == ["=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("header", ['"; DROP TABLE staging.row', "姓名<script>", "x" * 300])
def test_a_header_that_is_more_than_a_header(header):
    found = table(
        package(parts(rows_xml([*headers("grid_activists"), header.replace("<", "&lt;")], ROW))), "grid_activists"
    )
    assert found.rejected == ("header.invalid", "O列") and found.landed == 1


def test_a_shared_string_that_is_not_there():
    assert refused(by_hand([None, ('t="s"', "<v>7</v>"), "男"])) == "file.damaged"


@pytest.mark.parametrize("value", ["1e999", "NaN", "x", "٣"])
def test_a_number_that_is_none(value):
    found = table(by_hand([*ROW[:7], ("", f"<v>{value}</v>"), *ROW[8:]]), "grid_activists")
    assert [(p.cell, p.code) for p in found.problems] in ([("H2", "number.unreadable")], [])


def test_a_good_workbook_by_openpyxl_passes_all_checks():
    found = table(activists({}, {"name": "乙"}), "grid_activists")
    assert found.columns["name"] == ["王小明", "乙"] and not found.rejected


# --- FAULTS 2, XLSX, line by line ---------------------------------------------------------------


def cell(value: str, attributes: str = "", at: int = 1) -> bytes:
    """A workbook whose first row has this raw cell in one column (1: 姓名, 3: 身份证号, 11: 变动日期)."""
    row = [*ROW, None, None]
    row[at] = (attributes, value)
    return by_hand(row)


def filled(number: int) -> str:
    return f'<row r="{number}"><c r="A{number}" s="0"/></row>'


def with_rows(xml: str) -> bytes:
    return package(parts(rows_xml(headers("grid_activists"), ROW).replace("</sheetData>", xml + "</sheetData>")))


def of_1904(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    return replaced(
        data, **{"xl/workbook.xml": book.replace("<sheets>", '<workbookPr date1904="1"/><sheets>').encode()}
    )


def with_sheet(change) -> bytes:
    return activists({}, {"name": "乙某"}, change=change)


def hide(made):
    made.active.row_dimensions[4].hidden = True


def merge(made):
    made.active.merge_cells("B4:B5")


def entity(declared: str) -> bytes:
    sheet = parts(rows_xml(headers("grid_activists"), ROW))["xl/worksheets/sheet1.xml"]
    return by_hand(ROW, **{"xl/worksheets/sheet1.xml": sheet.replace("?>", "?>" + declared)})


LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)
FORM = "grid_activists"
# R the file is refused, Q the row is quarantined, N it is read; with the code that says so, if any.
LINES = {
    "ratio bomb R": (lambda: by_hand(ROW, **{"xl/worksheets/sheet1.xml": f"<x>{' ' * 20_000_000}</x>"}), "R", "file.too_large"),
    "200 MB cell R": (lambda: with_rows(f'<row r="9"><c r="B9" t="inlineStr"><is><t>{"x" * 40 * 2**20}</t></is></c></row>'), "R", "file.too_large"),
    "sparse XFD1048576 R": (lambda: sparse("XFD1048576"), "R", "file.too_large"),
    "cell AAAAAAA1 R": (lambda: with_rows('<row r="9"><c r="AAAAAAA1"><v>1</v></c></row>'), "R", "file.damaged"),
    "nested zip R": (lambda: replaced(by_hand(ROW), **{"inner.zip": b"PK"}), "R", "file.unsafe"),
    "../ part name R": (lambda: replaced(by_hand(ROW), **{"xl/../../x.xml": b"x"}), "R", "file.unsafe"),
    "truncated R": (lambda: by_hand(ROW)[:-30], "R", "file.truncated"),
    "billion laughs R": (lambda: entity(LAUGHS), "R", "file.unsafe"),
    "external entity R": (lambda: entity('<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "R", "file.unsafe"),
    "external link R": (lambda: replaced(by_hand(ROW), **{"xl/externalLinks/externalLink1.xml": b"<x/>"}), "R", "file.unsafe"),
    "vbaProject.bin R": (lambda: replaced(by_hand(ROW), **{"xl/vbaProject.bin": b"x"}), "R", "file.unsafe"),
    ".xlsm R": (lambda: by_hand(ROW, **{"[Content_Types].xml": parts("")["[Content_Types].xml"].replace("application/xml", "application/vnd.ms-excel.sheet.macroEnabled.main+xml")}), "R", "file.unsafe"),
    "encrypted R": (lambda: OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "R", "file.encrypted"),
    "HTML renamed R": (lambda: b"<html><table></table></html>", "R", "file.html"),
    "unreadable .xls R": (lambda: OLE + b"\0" * 4000, "R", "file.legacy_xls"),
    "false <dimension> N": (lambda: package(parts(f'<dimension ref="A1"/>{rows_xml(headers(FORM), ROW)}')), "N", None),
    "missing sheet R": (lambda: replaced(activists({}), **{"xl/worksheets/sheet1.xml": None}), "R", "file.damaged"),
    "another sheet only R": (lambda: package(parts(rows_xml(["甲", "乙"], ["1", "2"]))), "R", "header.missing"),
    "unexpected two-row header R": (lambda: package(parts(rows_xml(["基本情况", None, "其他"], ["称呼", "男女", "备考"], ROW))), "R", "header.missing"),
    "merged cells outside the contract N": (lambda: with_sheet(merge), "N", "household.merge_outside"),
    "hidden rows N, reported": (lambda: with_sheet(hide), "N", "row.hidden"),
    "formula without a cached value Q": (lambda: cell("<f>B9</f>"), "Q", "cell.formula_without_value"),
    "#REF! Q": (lambda: cell("<v>#REF!</v>", 't="e"'), "Q", "cell.error_value"),
    "numeric 18-digit ID Q": (lambda: cell("<v>510105198001011234</v>", at=3), "Q", "id.numeric_cell"),
    "1904 dates N": (lambda: of_1904(cell("<v>44773</v>", at=11)), "N", None),
    "serial 60 Q": (lambda: cell("<v>60</v>", at=11), "Q", "date.unreadable"),
    "negative serial Q": (lambda: cell("<v>-5</v>", at=11), "Q", "date.impossible"),
    "text dates N": (lambda: cell("<is><t>二〇二六年八月三日</t></is>", 't="inlineStr"', at=11), "N", None),
    "ambiguous text dates Q": (lambda: cell("<is><t>3/8</t></is>", 't="inlineStr"', at=11), "Q", "date."),
    "a million styled empty rows N": (lambda: with_rows("".join(map(filled, range(3, 400_000)))), "N", None),
    "cell over 32,767 characters Q": (lambda: cell(f"<is><t>{'长' * 32_768}</t></is>", 't="inlineStr"'), "Q", "cell.too_long"),
    ".et by WPS that cannot be read R": (lambda: OLE + b"\0" * 600 + "ETExtData".encode("utf-16-le") + b"\0" * 3000, "R", "file.legacy_xls"),
    "ODS R": (lambda: package({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}, zipfile.ZIP_STORED), "R", "file.not_a_workbook"),
    "Word document R": (lambda: package({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "R", "file.not_a_workbook"),
    "PDF R": (lambda: b"%PDF-1.7\n%\xe2\xe3", "R", "file.not_a_workbook"),
    "RTF R": (lambda: b"{\\rtf1\\ansi", "R", "file.not_a_workbook"),
    "photo R": (lambda: b"\xff\xd8\xff\xe0" + b"\0" * 99, "R", "file.not_a_workbook"),
    "photo of a telephone R": (lambda: b"\0\0\0\x18ftypheic" + b"\0" * 99, "R", "file.not_a_workbook"),
    "archive R": (lambda: b"Rar!\x1a\x07\x00" + b"\0" * 99, "R", "file.not_a_workbook"),
}  # fmt: skip


WAYS = ("另存为", "重新上传", "分成几个文件", "去掉", "下发的采集表")


@pytest.mark.parametrize("line", LINES)
def test_every_line_has_its_handling(line):
    make, handling, code = LINES[line]
    (found,) = whole(job(FORM), make())
    told = [p.code for p in found.problems] + [r.code for r in found.remarks]
    if handling == "R":
        assert found.rejected and found.rejected[0] == code and not found.row_nos
        assert found.reason.endswith("。") and found.findings(contract(FORM))
        assert any(way in found.reason for way in WAYS), "a refusal says what to do"
        return
    assert not found.rejected and found.landed >= 1
    errors = [p for p in found.problems if is_error(p.code)]
    assert bool(errors) == (handling == "Q")
    assert (code is None and told == []) or any(c.startswith(code or "-") for c in told), told
