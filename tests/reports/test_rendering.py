"""The renderer: literal content in, cells out, the same as when every cell was written through openpyxl."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.district.models import ReportChart, ReportColumn, ReportSpec
from courtyard.errors import HeldError, PackError
from courtyard.period import Period
from courtyard.privacy.keys import KeyRing
from courtyard.reports import form, paging
from courtyard.reports.content import Content
from courtyard.reports.sheet_cells import CELL_LIMIT, is_too_long, writable
from courtyard.settings import Settings

from . import cell_by_cell

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
ADDRESS = "四川省成都市青羊区少城街道四道街社区四道街23号附3号院2栋1单元501号"
PLAIN = ReportSpec(
    report="plain", title="花名册", recipient="–", basis="–", frequency="quarter", kind="roster", datasets=("x",),
    sql="x.sql", form="plain.xlsx", first_row=3, metadata={"A1": "{street}花名册", "A5": "填表人："},
    columns=(
        ReportColumn(name="name", header="姓名", width=12),
        ReportColumn(name="amount", header="金额", kind="decimal", places=2, width=12),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def ctx() -> Context:
    return _context(PACK)


@pytest.fixture
def pack(tmp_path) -> Path:
    return _pack(tmp_path)


@pytest.fixture(scope="module")
def kept_pack(tmp_path_factory) -> Path:
    return _pack(tmp_path_factory.mktemp("pack"))


def _pack(folder: Path) -> Path:
    """A pack folder that holds the blank form of PLAIN alone; the styles are what a department chose."""
    sheet = Workbook().active
    sheet.title = "表"
    sheet["A1"], sheet["A2"], sheet["B2"], sheet["A5"] = "花名册", "姓名", "金额", "填表人：____"
    for cell in (sheet["A3"], sheet["B3"]):
        cell.font = Font(name="宋体", size=11)
    (folder / "reports/forms").mkdir(parents=True)
    sheet.parent.save(folder / "reports/forms/plain.xlsx")
    return folder


def _context(folder: Path) -> Context:
    settings = Settings(var=folder / "var", district_path=folder, keys=folder / "keys")
    return Context(settings, load_district(PACK), Period.quarter("2026Q3"), "", KeyRing({}), lambda _: None, "test")


def content(spec, rows, *, groups=None, notes=(), charts=None) -> Content:
    metadata = {cell: re.sub(r"\{\w+\}", "某某", text) for cell, text in spec.metadata.items()}
    return Content(
        title=spec.title,
        metadata=metadata,
        rows=tuple(rows),
        groups=tuple(groups or (None,) * len(rows)),
        sources=(),
        notes=tuple(notes),
        content_hash="",
        as_known_at=datetime(2026, 10, 2, tzinfo=UTC),
        charts=charts if charts is not None else ((),) * len(spec.charts),
    )


def sheet_of(data: bytes) -> Worksheet:
    return load_workbook(BytesIO(data)).active


def seen(sheet: Worksheet) -> dict[str, object]:
    """All that Excel shows of a sheet: values, types, styles, merges, heights, widths, breaks and page."""
    cells = {
        cell.coordinate: (cell.value, cell.data_type, cell.font.name, cell.font.sz, cell.font.b, cell.border.top.style,
                          cell.alignment.horizontal, cell.alignment.wrap_text, cell.number_format, cell.quotePrefix)
        for row in sheet.iter_rows() for cell in row
    }  # fmt: skip
    return {
        "cells": cells,
        "merges": sorted(str(r) for r in sheet.merged_cells.ranges),
        "heights": {row: sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)},
        "widths": paging.column_widths(sheet, sheet.max_column),
        "breaks": [found.id for found in sheet.row_breaks.brk],
        "page": (sheet.print_title_rows, sheet.page_setup.orientation, sheet.freeze_panes, sheet.dimensions),
    }


def _dibao(number, benefit_no, member, amount, remark, address=ADDRESS):
    return (
        number, f"户主{benefit_no}", "510105196609300017", 3, 2, member, "本人", "城市低保", "A类", amount, "2024-03", "因病",
        address, "13800000001", remark,
    )  # fmt: skip


DIBAO = [
    _dibao(1, "一", "王样例", Decimal("1860.50"), "=1+1"),
    _dibao(1, "一", "李样例", Decimal("1860.50"), "+86 写法\n第二行"),
    _dibao(1, "一", "王小样", Decimal("1.00"), None),
    _dibao(2, "二", "赵·样例", Decimal("930.00"), " 前后有空格 ", "商业街5号院 A&B <旁>"),
    _dibao(3, "三", "钱样例", Decimal("0.00"), "—", "长" * 120),
]
STATISTICS = [
    ("四道街社区", 1, 3, 3, 0, 2, 0, Decimal("0.1861"), Decimal("3721.00"), Decimal("620.17"), 930),
    ("商业街社区", 0, 0, 0, 0, 0, 0, Decimal("0.0000"), Decimal("0.00"), "—", 930),
    ("合计", 1, 3, 3, 0, 2, 0, Decimal("0.1861"), Decimal("3721.00"), Decimal("620.17"), 930),
]
CASES = {
    "households": ("dibao_roster", DIBAO, ["一", "一", "一", "二", "三"], ["合计3户。", "很长的说明" * 60]),
    "pages": ("dibao_roster", [_dibao(n // 3, f"{n // 3}", "样例", Decimal(n), None) for n in range(150)],
              [str(n // 3) for n in range(150)], []),
    "total": ("dibao_statistics", STATISTICS, None, ["一条说明。"]),
    "total only": ("dibao_statistics", STATISTICS[-1:], None, []),
    "one row": ("activist_ledger", [("甲", "女", 65, "群众", None, None, None, "138", "-2+3")], None, []),
    "nothing but notes": ("activist_ledger", [], None, ["未报网格1个：商业街第1网格。"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_form_equals_the_one_that_was_written_cell_by_cell(ctx, case):
    report, rows, groups, notes = CASES[case]
    spec = ctx.district.reports[report]
    made = content(spec, rows, groups=groups, notes=notes)
    before = BytesIO()
    cell_by_cell.render(ctx, spec, made).save(before)
    now, then = seen(sheet_of(form.render(ctx, spec, made))), seen(sheet_of(before.getvalue()))
    for aspect in then:
        assert now[aspect] == then[aspect], aspect


@pytest.mark.office
@pytest.mark.parametrize("case", ["households", "total"])
def test_libreoffice_reads_the_same_from_both(ctx, case, tmp_path):
    report, rows, groups, notes = CASES[case]
    spec = ctx.district.reports[report]
    made = content(spec, rows, groups=groups, notes=notes)
    (tmp_path / "now.xlsx").write_bytes(form.render(ctx, spec, made))
    cell_by_cell.render(ctx, spec, made).save(tmp_path / "then.xlsx")
    saved = tmp_path / "saved"
    subprocess.run(
        [shutil.which("soffice") or "soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
         "xlsx", "--outdir", str(saved), str(tmp_path / "now.xlsx"), str(tmp_path / "then.xlsx")],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    now, then = (seen(sheet_of((saved / name).read_bytes())) for name in ("now.xlsx", "then.xlsx"))
    assert now["cells"] == then["cells"] and now["merges"] == then["merges"]
    assert sheet_of((saved / "now.xlsx").read_bytes()).cell(spec.first_row, 1).value == rows[0][0]


def test_equal_content_gives_equal_bytes(ctx):
    spec = ctx.district.reports["dibao_roster"]
    made = content(spec, DIBAO, groups=["一", "一", "一", "二", "三"])
    assert form.render(ctx, spec, made) == form.render(ctx, spec, made)


_CHARACTERS = st.one_of(
    st.characters(exclude_categories=()),
    st.sampled_from("=+-@＝ \t\n\r&<>\"'　四𠮷𰻝䶮㎡\u200b\x00\x1f\ufffe\ud842"),
)


@given(texts=st.lists(st.text(_CHARACTERS, max_size=12), min_size=1, max_size=8))
def test_every_text_comes_back_from_the_workbook_as_it_went_in(kept_pack, texts):
    rows = [(writable(text) or None, Decimal("1.00")) for text in texts]
    sheet = sheet_of(form.render(_context(kept_pack), PLAIN, content(PLAIN, rows)))
    found = [sheet.cell(3 + at, 1) for at in range(len(rows))]
    assert [cell.value for cell in found] == [_as_openpyxl_reads(text) for text, _ in rows]
    assert all(cell.data_type == "s" for cell, (text, _) in zip(found, rows, strict=True) if text)
    assert all(cell.quotePrefix for cell in found if cell.value and cell.value.startswith(("=", "+", "-", "@", "＝")))


def _as_openpyxl_reads(text: str | None) -> str | None:
    """Excel decodes the escape of what looks like an escape, openpyxl leaves it."""
    return None if text is None else re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)


def test_a_cell_that_a_merged_one_covers_holds_nothing(ctx):
    spec = ctx.district.reports["dibao_roster"]
    xml = _sheet_xml(form.render(ctx, spec, content(spec, DIBAO[:2], groups=["一", "一"])))
    assert [bool(re.search(rf'<c r="{cell}" s="\d+"/>', xml)) for cell in ("B5", "B6", "F6")] == [False, True, False]
    assert xml.count("户主一") == 1


def _sheet_xml(data: bytes) -> str:
    with ZipFile(BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("text", ["-1", "二\n行", "尾 ", "=1", "A&B", "𠮷"])
def test_one_text_that_needs_a_look_is_found_among_plain_ones(pack, text):
    rows = [("王样例", None), (text, None), ("李样例", None), ("张样例", None)]
    sheet = sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, rows)))
    assert [sheet.cell(3 + at, 1).value for at in range(4)] == [said for said, _ in rows]
    assert sheet["A4"].quotePrefix is (text in ("-1", "=1"))
    assert (sheet["A4"].font.name == "SimSun-ExtB") is (text == "𠮷")


def test_plain_and_special_texts_of_one_column_stand_side_by_side(pack):
    texts = ["王样例", "A&B", "a<b>", "_x0041_", "-1", "二\n行", None, "尾 "]
    data = form.render(_context(pack), PLAIN, content(PLAIN, [(text, None) for text in texts]))
    sheet = sheet_of(data)
    assert [sheet.cell(3 + at, 1).value for at in range(8)] == [*texts[:3], "_x005F_x0041_", *texts[4:]]
    assert [sheet.cell(3 + at, 1).quotePrefix for at in range(8)] == [text == "-1" for text in texts]
    xml = _sheet_xml(data)
    assert "<t>_x005F_x0041_</t>" in xml  # which Excel shows as _x0041_
    assert '<t xml:space="preserve">尾 </t>' in xml and "<t>王样例</t>" in xml


def test_a_rare_character_gets_a_font_that_has_it_and_its_cell_alone(pack):
    rows = [("王样例", None), ("𠮷样例", None), ("𰻝样例", None), ("=𠮷", None), ("䶮样例", None)]
    sheet = sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, rows)))
    assert [sheet.cell(3 + at, 1).value for at in range(5)] == [text for text, _ in rows]
    assert [sheet.cell(3 + at, 1).font.name for at in range(5)] == [
        "宋体",
        "SimSun-ExtB",
        "SimSun-ExtG",
        "SimSun-ExtB",
        "宋体",
    ]
    assert [sheet.cell(3 + at, 1).font.sz for at in range(5)] == [11] * 5
    assert sheet["A6"].quotePrefix and not sheet["A4"].quotePrefix


def test_a_form_in_a_font_with_rare_characters_keeps_it(pack):
    path = pack / "reports/forms/plain.xlsx"
    book = load_workbook(path)
    book.active["A3"].font = Font(name="Noto Serif CJK SC", size=11)
    book.save(path)
    sheet = sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, [("𠮷样例", None)])))
    assert sheet["A3"].font.name == "Noto Serif CJK SC"


def test_a_rare_character_in_a_note_or_in_the_title_is_shown_too(pack):
    made = content(PLAIN, [("甲", None)], notes=["𠮷样例未报。"])
    made.metadata["A1"] = "𠮷街花名册"
    sheet = sheet_of(form.render(_context(pack), PLAIN, made))
    assert (sheet["A4"].value, sheet["A4"].font.name) == ("注：𠮷样例未报。", "SimSun-ExtB")
    assert (sheet["A1"].value, sheet["A1"].font.name) == ("𠮷街花名册", "SimSun-ExtB")


@pytest.mark.parametrize(
    ("text", "long"),
    [("长" * CELL_LIMIT, False), ("长" * CELL_LIMIT + "1", True), ("𠮷" * 16_383, False), ("𠮷" * 16_384, True)],
)
def test_excel_counts_a_rare_character_twice(text, long):
    assert is_too_long(text) is long


def test_a_nil_report_says_so(pack):
    sheet = sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, [])))
    assert [sheet["A3"].value, sheet["A4"].value] == ["注：本期无数据。", "填表人："]
    assert "A3:B3" in {str(r) for r in sheet.merged_cells.ranges}


def test_numbers_are_numbers_and_nothing_is_a_formula(pack):
    rows = [("甲", Decimal("0.00")), ("乙", Decimal("-12.50")), ("丙", "—"), ("丁", None)]
    data = form.render(_context(pack), PLAIN, content(PLAIN, rows))
    cells = [sheet_of(data).cell(3 + at, 2) for at in range(4)]
    assert [(cell.value, cell.data_type) for cell in cells] == [(0, "n"), (-12.5, "n"), ("—", "s"), (None, "n")]
    assert not re.search(r"<f[ >]", _sheet_xml(data))


def test_more_rows_than_a_sheet_has_are_refused(pack, monkeypatch):
    monkeypatch.setattr(form, "MOST_ROWS", 10)
    form.render(_context(pack), PLAIN, content(PLAIN, [("甲", None)] * 5))
    with pytest.raises(HeldError, match="表体有 8 行，一张工作表放不下"):
        form.render(_context(pack), PLAIN, content(PLAIN, [("甲", None)] * 8))


def test_a_sheet_has_no_more_page_breaks_than_excel_takes():
    page = paging.Page(room=10, above=5, repeated=5)
    found = paging.breaks(page, [4.0] * 2_000, [range(at, at + 1) for at in range(2_000)])
    assert len(found) == paging.MOST_BREAKS


def _set(cell, value):
    return lambda sheet: sheet.__setitem__(cell, value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda sheet: sheet.insert_rows(2), "单元格 A2 应为“姓名”，现为空白（“姓名”在 A3）。"),
        (lambda sheet: sheet.insert_cols(1), "单元格 A2 应为“姓名”，现为空白（“姓名”在 B2）。"),
        (_set("B2", "金额(万元)"), "单元格 B2 应为“金额”，现为“金额(万元)”。"),
        (lambda sheet: sheet.insert_rows(4), "单元格 A5 应为“填表人：”，现为空白（“填表人：”在 A6）。"),
        (_set("A1", "名册"), "单元格 A1 应为“花名册”，现为“名册”。"),
        (_set("B3", 5), "单元格 B3 应为空白，现为“5”。"),
    ],
)
def test_a_blank_form_whose_cells_moved_is_refused_by_cell(pack, change, said):
    path = pack / "reports/forms/plain.xlsx"
    book = load_workbook(path)
    change(book.active)
    book.save(path)
    with pytest.raises(PackError) as error:
        form.render(_context(pack), PLAIN, content(PLAIN, []))
    assert error.value.message == f"空白表 reports/forms/plain.xlsx 的工作表“表”{said}"
    assert "first_row" in error.value.remedy


def test_a_blank_form_may_be_spaced_and_underlined_as_the_department_likes(pack):
    path = pack / "reports/forms/plain.xlsx"
    book = load_workbook(path)
    book.active["A2"], book.active["A5"] = "姓\n名", "填表人：________"
    book.save(path)
    assert sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, [])))["A2"].value == "姓\n名"


def test_a_picture_in_a_blank_form_is_refused_since_it_would_be_lost(pack):
    path = pack / "reports/forms/plain.xlsx"
    with ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", b"\x89PNG")
    with pytest.raises(PackError, match="图片、文本框或图表，填表时会丢失"):
        form.render(_context(pack), PLAIN, content(PLAIN, []))


@pytest.mark.parametrize(
    ("area", "rows", "printed"),
    [("A1:B5", 4, "$A$1:$B$8"), ("A1:B5", 0, "$A$1:$B$4"), ("A1:B3", 4, "$A$1:$B$6"), ("A1:B2", 4, "$A$1:$B$2")],
)
def test_a_print_area_around_the_blank_form_takes_in_the_rows_that_came(pack, area, rows, printed):
    path = pack / "reports/forms/plain.xlsx"
    book = load_workbook(path)
    book.active.print_area = area
    book.save(path)
    sheet = sheet_of(form.render(_context(pack), PLAIN, content(PLAIN, [("甲", None)] * rows)))
    assert sheet.print_area == f"'表'!{printed}"


def test_a_file_that_is_no_workbook_is_refused(pack):
    (pack / "reports/forms/plain.xlsx").write_bytes(b"PK")
    with pytest.raises(PackError, match="打不开"):
        form.render(_context(pack), PLAIN, content(PLAIN, []))


def _charts(data: bytes) -> list[str]:
    with ZipFile(BytesIO(data)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/charts/chart"))
        return [archive.read(name).decode() for name in names]


def test_a_chart_of_the_body_leaves_the_total_out_and_moves_down_with_the_footer(ctx):
    spec = ctx.district.reports["dibao_statistics"]
    chart = ReportChart(kind="column", title="各社区低保人数", categories="area", values=("persons",), anchor="A11")
    spec = spec.model_copy(update={"charts": (chart,)})
    data = form.render(ctx, spec, content(spec, STATISTICS, notes=["一", "二"]))
    (xml,) = _charts(data)
    assert "'城市低保统计表'!$C$6:$C$7" in xml and "'城市低保统计表'!$A$6:$A$7" in xml
    assert re.findall(r"<v>(.*?)</v>", xml) == ["当月低保对象人数(人)", "四道街社区", "商业街社区", "3", "0"]
    assert sheet_of(data)._charts[0].anchor._from.row == 11 - 1 + 2  # two more rows: one of the body, one of the notes


def test_a_chart_of_its_own_query_stands_on_values_with_gaps_where_nothing_is_known(pack):
    chart = ReportChart(
        kind="line", title="趋势", categories="月份", values=("受理",), anchor="A7", sql="t.sql", sheet="各月"
    )
    spec = PLAIN.model_copy(update={"charts": (chart,)})
    rows = ((("1月", 12), ("2月", None), ("3月", 0)),)
    data = form.render(_context(pack), spec, content(spec, [("甲", None)], charts=rows))
    book = load_workbook(BytesIO(data))
    assert book.active.title == "表"
    assert [[cell.value for cell in row] for row in book["各月"]] == [
        ["月份", "受理"],
        ["1月", 12],
        ["2月", None],
        ["3月", 0],
    ]
    (xml,) = _charts(data)
    assert re.findall(r"<v>(.*?)</v>", xml) == ["受理", "1月", "2月", "3月", "12", "0"]


def test_a_chart_without_rows_is_left_out(pack):
    chart = ReportChart(kind="line", title="趋势", categories="月份", values=("受理",), anchor="A7", sql="t.sql")
    spec = PLAIN.model_copy(update={"charts": (chart,)})
    assert _charts(form.render(_context(pack), spec, content(spec, [("甲", None)]))) == []
