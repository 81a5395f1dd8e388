"""A published form as a grid: only the rows of a page, merged cells cut at its edges, values as the form prints them."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from courtyard.errors import HeldError
from courtyard.reports import form_grid, package


def xml_row(number: int, text: str, amount: str) -> str:
    return (
        f'<row r="{number}"><c r="A{number}" t="inlineStr"><is><t>{text}</t></is></c>'
        f'<c r="B{number}" s="1"><v>{amount}</v></c></row>'
    )


@pytest.fixture
def form(tmp_path: Path) -> Path:
    """A title, a heading, 250 rows of which 99 to 103 share their first cell, and a note; column B has two places."""
    book = Workbook()
    sheet = book.active
    sheet["A1"], sheet["A2"], sheet["B2"] = "名册", "名称", "金额"
    sheet.merge_cells("A1:B1")
    sheet["B2"].number_format = "#,##0.00"
    sheet.column_dimensions["A"].width = 20
    sheet["A253"] = "注：共250行。"
    rows = (xml_row(n, f"第{n - 2}行", f"{1000 + n}.5") for n in range(3, 253))
    body = package.pack(sheet, 3, rows, ["A101:A105"])
    path = tmp_path / "form.xlsx"
    path.write_bytes(body)
    return path


def texts(grid: form_grid.Grid) -> list[tuple[int, list[str]]]:
    return [(row.number, [cell.text for cell in row.cells]) for row in grid.rows]


def test_the_first_page_has_title_heading_and_the_first_rows(form: Path) -> None:
    grid = form_grid.read(form, 3, 250)
    assert (grid.page, grid.pages, grid.widths[0]) == (1, 3, 20)
    assert texts(grid)[:3] == [(1, ["名册"]), (2, ["名称", "金额"]), (3, ["第1行", "1,003.50"])]
    assert [row.number for row in grid.rows][-1] == 102 and grid.rows[0].cells[0].columns == 2
    assert [row.is_heading for row in grid.rows[:3]] == [True, True, False]


def test_a_merged_cell_is_cut_at_the_edge_of_a_page_and_keeps_its_value(form: Path) -> None:
    first = form_grid.read(form, 3, 250, 1).rows[-2].cells[0]
    assert (first.name, first.text, first.rows) == ("A101", "第99行", 2)
    second = form_grid.read(form, 3, 250, 2)
    assert [row.number for row in second.rows[:3]] == [1, 2, 103]
    cell = second.rows[2].cells[0]
    assert (cell.name, cell.text, cell.rows) == ("A103", "第99行", 3)
    assert len(second.rows[3].cells) == 1 and second.rows[5].cells[0].text == "第104行"


def test_the_last_page_has_what_stands_below_the_table(form: Path) -> None:
    grid = form_grid.read(form, 3, 250, 3)
    assert texts(grid)[-2:] == [(252, ["第250行", "1,252.50"]), (253, ["注：共250行。", ""])]
    assert texts(form_grid.read(form, 3, 250, 99)) == texts(grid), "a page that is not there is the nearest"
    assert len(form_grid.read(form, 3, 0).rows) == 253, "a short form is one page"


@pytest.mark.parametrize("body", [None, b"", b"PK\x03\x04 cut"])
def test_a_file_that_is_gone_or_damaged_is_told(tmp_path: Path, body: bytes | None) -> None:
    path = tmp_path / "form.xlsx"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(HeldError, match="缺失或损坏"):
        form_grid.read(path, 3, 10)
