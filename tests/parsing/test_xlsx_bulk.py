"""The two ways of reading rows give the same sheet: by pattern in bulk, and by XML event."""

import io
import random
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courtyard.parsing import shared_strings, xlsx, xlsx_bulk
from courtyard.parsing.cells import Typed
from courtyard.parsing.limits import Caps, Unreadable

from .fuzzing import KINDS, files
from .made import package, parts

SIFT_STRINGS = shared_strings._sift


def by_event(chunks, handler):
    """The whole sheet through the XML parser."""
    yield from chunks


def both(data, monkeypatch):
    """What both ways say: sheets, or the code of the refusal."""
    told = []
    for sift, strings in ((xlsx_bulk.sift, SIFT_STRINGS), (by_event, by_event)):
        monkeypatch.setattr(xlsx.xlsx_bulk, "sift", sift)
        monkeypatch.setattr(shared_strings, "_sift", strings)
        try:
            told.append(xlsx.read(data, Caps()))
        except Unreadable as refusal:
            told.append(refusal.code)
    return told


def sheet(xml):
    return package(parts(f"<sheetData>{xml}</sheetData>"))


def test_types_survive(monkeypatch):
    """A number cell stays a number: an ID number that Excel has cut must still be seen as one."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    made = book.add_worksheet()
    day, month, two = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", "yyyy年m月", "0.00"))
    for row in range(60):
        made.write_row(row, 0, ["甲", "510105198001011234", 510105198001011234, 13800001234])
        made.write_datetime(row, 4, datetime(2026, 8, 2), day)
        made.write_datetime(row, 5, datetime(2026, 8, 1), month)
        made.write_number(row, 6, 2024.1, two)
        made.write_boolean(row, 7, True)
        if row % 3:
            made.write_blank(row, 8, None, day)
        made.write_string(row, 9, f"第{row}行 & 其他" if row % 2 else "  ")
    book.close()
    bulk, event = both(target.getvalue(), monkeypatch)
    assert bulk == event
    cells = bulk[0].rows[50].cells
    assert cells[2] == "510105198001011234" and cells[3] == Typed("number", "5.10105198001011e+17")
    assert [cells[c] for c in (5, 6, 7, 8)] == [
        Typed("date", "2026-08-02"), Typed("date", "2026-08"), Typed("number", "2024.10"), Typed("boolean", "1"),
    ]  # fmt: skip


def test_plain_rows_never_reach_the_xml_parser(monkeypatch):
    """The point of it all; without this the other tests would compare the slow way with itself."""
    passed = []

    class Handler:
        is_in_rows, row_elements = True, 0

        def plain_row(self, number, *_):
            passed.append(number)

    xml = "".join(
        f'<row r="{n}" spans="1:2"><c r="A{n}" t="s"><v>{n}</v></c><c r="B{n}" s="1"/></row>' for n in range(1, 99)
    )
    rest = b"".join(xlsx_bulk.sift(iter([f"<worksheet><sheetData>{xml}</sheetData></worksheet>".encode()]), Handler()))
    assert rest == b"<worksheet><sheetData></sheetData></worksheet>" and passed == list(range(1, 99))


PLAIN = '<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>'


@pytest.mark.parametrize(
    "odd",
    [
        '<row r="{n}"><c r="A{n}" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row>',
        '<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>a&amp;b</t></is></c></row>',
        '<row r="{n}"><c r="A{n}"><f>1+1</f><v>2</v></c></row>', '<row r="{n}"><c r="A{n}"><f>1+1</f></c></row>',
        '<row r="{n}"/>', '<row r="{n}"></row>', "<row><c><v>1</v></c></row>", '<row r="{n}" hidden="1"><c r="A{n}"><v>1</v></c></row>',
        '<row r="{n}" r="7"><c r="A{n}"><v>1</v></c></row>', '<row r="{n}" a="1" a="2"><c r="A{n}"><v>1</v></c></row>',
        '<row r="{n}"><c r="B{n}"><v>1</v></c><c r="A{n}"><v>1</v></c></row>', '<row r="{n}"><c r="A1"><v>1</v></c></row>',
        '<row r="{n}"><c r="A{n}"><v>1</v></c></row><!-- <row r="9"></row> -->', '<!-- <row r="9"> --><row r="{n}"><c r="A{n}"><v>1</v></c></row>',
        '<row r="{n}"><c r="A{n}"><v>1</v></c><row r="{n}"></row></row>', '<row r="{n}"><c r="A{n}"><v>1</v></row>',
        '<row r="{n}">text<c r="A{n}"><v>1</v></c></row>', 'text<row r="{n}"><c r="A{n}"><v>1</v></c></row>', ']]><row r="{n}"><c r="A{n}"><v>1</v></c></row>',
        '<row r="{n}"><c r="A{n}"><v>1</v></c>></row>', '<row r="{n}"><c r="A{n}"><v>\x0b</v></c></row>', '<row r="{n}"><c r="A{n}"><v>\ufffe</v></c></row>',
        '<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>', '<row r="{n}"><c r="A{n}" t="q"><v>0</v></c></row>', '<row r="{n}"><c r="A{n}" t="e"><v>#REF!</v></c></row>',
        '</sheetData><sheetData><row r="{n}"><c r="A{n}"><v>1</v></c></row>', '<x><row r="{n}"><c r="A{n}"><v>1</v></c></row></x>',
        '<row r="2"><c r="A2"><v>1</v></c></row>', '<row r="{n}"><c r="XFE{n}"><v>1</v></c></row>', '<row r="{n}"><c r="ZZ{n}"><v>1</v></c></row>',
        '<row r="9999999"><c r="A9999999"><v>1</v></c></row>', '<row r="{n}"><c r="A{n}" t="str"><v>a\r\nb</v></c></row>', '<row r="{n}"><c r="A{n}" t="str"><v> </v></c></row>',
        '<row r="{n}"><c r="A{n}"><v>1</v><v>2</v></c></row>', '<row r="{n}"><c r="A{n}"><v></v></c></row>', '<row r="{n}"><c r="A{n}"></c></row>',
        "<row r='{n}'><c r='A{n}'><v>1</v></c></row>", '<row\nr="{n}"><c  r="A{n}"><v>1</v></c></row>', '<row r="{n}"><c t="n" r="A{n}"><v>1</v></c></row>',
        '<row r="٣"><c r="A٣"><v>1</v></c></row>', '<row r="{n}"><c r="A{n}" t="d"><v>2026-01-01</v></c></row>', '<row r="{n}"><x/></row>',
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", [0, 3, 40])
def test_rows_that_are_not_plain_come_out_the_same(odd, before, monkeypatch):
    rows = [PLAIN.format(n=n) for n in range(1, before + 1)] + [odd.format(n=before + 1)]
    rows += [PLAIN.format(n=n) for n in range(before + 2, before + 40)]
    bulk, event = both(sheet("".join(rows)), monkeypatch)
    assert bulk == event


def test_other_encodings_are_left_to_the_parser(monkeypatch):
    for name in ("us-ascii", "latin-1", "utf-8"):
        found = parts('<sheetData><row r="1"><c r="A1" t="str"><v>é</v></c></row></sheetData>')
        found["xl/worksheets/sheet1.xml"] = found["xl/worksheets/sheet1.xml"].replace(
            '"1.0"', f'"1.0" encoding="{name}"'
        )
        bulk, event = both(package(found), monkeypatch)
        assert bulk == event


def test_mutated_workbooks_come_out_the_same(monkeypatch):
    """Whatever a file holds, both ways give the same sheets or the same refusal."""
    compared = 0
    for one in files(120, seed=77):
        if "workbook" in one.kind or one.kind == "activists":
            bulk, event = both(one.data, monkeypatch)
            assert bulk == event, one.label
            compared += isinstance(bulk, list)
    assert compared > 10


_CELLS = st.one_of(
    st.none(), st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=5), st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6), st.booleans(), st.dates(date(1950, 1, 1), date(2030, 1, 1)),
)  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.lists(_CELLS, max_size=4), max_size=6),
    writer=st.sampled_from(["openpyxl", "xlsxwriter", "inline"]),
)
def test_any_table_comes_out_the_same(rows, writer, monkeypatch):
    target = io.BytesIO()
    if writer == "openpyxl":
        book = openpyxl.Workbook()
        for row in rows * 30:
            book.active.append([f"'{c}" if isinstance(c, str) else c for c in row])
        book.save(target)
    else:
        made = xlsxwriter.Workbook(target, {"constant_memory": writer == "inline", "default_date_format": "yyyy-mm-dd"})
        page = made.add_worksheet()
        for at, row in enumerate(rows * 30):
            for column, cell in enumerate(row):
                page.write_string(at, column, cell) if isinstance(cell, str) else page.write(at, column, cell)
        made.close()
    bulk, event = both(target.getvalue(), monkeypatch)
    assert bulk == event and isinstance(bulk, list)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None


def test_a_seeds_sheets_are_mostly_bulk(monkeypatch):
    """What Excel, WPS and XlsxWriter save is of the plain kind; openpyxl's character references are not."""
    taken = []
    plain = xlsx_bulk._PlainRows.take

    def take(self, row):
        taken.append(plain(self, row))
        return taken[-1]

    monkeypatch.setattr(xlsx_bulk._PlainRows, "take", take)
    for seed in range(4):
        xlsx.read(KINDS["activists"].seed(random.Random(seed)), Caps())
    assert sum(taken) > 0.9 * len(taken) > 60


def _with_strings(xml):
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>' for n in range(1, 5))
    found = parts(f"<sheetData>{rows}</sheetData>")
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    found["xl/_rels/workbook.xml.rels"] = found["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>", f'<Relationship Id="s" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    )
    return package(found | {"xl/sharedStrings.xml": xml})


PLAIN_STRINGS = '<si><t>甲</t></si><si><t></t></si><si><t xml:space="preserve"> 乙 </t></si>'


@pytest.mark.parametrize(
    "xml",
    [
        f"<sst>{PLAIN_STRINGS}<si><t>丁</t></si></sst>", f"<sst>{PLAIN_STRINGS}<si><r><t>丁</t></r><r><t>戊</t></r></si></sst>",
        f"<sst>{PLAIN_STRINGS}<si/></sst>", f"<sst>{PLAIN_STRINGS}<si><t>a&lt;b_x000D_</t></si></sst>", f"<sst>{PLAIN_STRINGS}</sst>",
        f"<sst><!-- <si><t>x</t></si> -->{PLAIN_STRINGS}<si><t>丁</t></si></sst>", f"<sst>{PLAIN_STRINGS}<x><si><t>丁</t></si></x></sst>",
        f"<sst>{PLAIN_STRINGS}<si><t>丁<rPh><t>x</t></rPh></t></si></sst>", f"<x:sst>{PLAIN_STRINGS}<si><t>丁</t></si></x:sst>",
        f"<sst>{PLAIN_STRINGS}<si><t>丁\x0b</t></si></sst>", f"<sst>{PLAIN_STRINGS}<si><t>丁]]></t></si></sst>", f"<sst>{PLAIN_STRINGS}<si><t>丁</t></si>",
        f"<sst>{PLAIN_STRINGS}text<si><t>丁\n二</t></si></sst>", f"<sst>{PLAIN_STRINGS}<si><t>丁</t><t>戊</t></si></sst>", "<sst/>", f"<a><sst>{PLAIN_STRINGS}</sst></a>",
    ],
)  # fmt: skip
def test_shared_strings_come_out_the_same(xml, monkeypatch):
    bulk, event = both(_with_strings(xml), monkeypatch)
    assert bulk == event
