"""Opening a department's blank form and holding it against the report's specification, cell by cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.utils import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import PackError
from courtyard.reports.blank import blank_form, header_rows

_LEFT_OPEN = re.compile(r"[\s_＿]")  # what a form draws where something is to be written


def open_form(ctx: Context, spec: ReportSpec) -> Workbook:
    """The report's blank form; PackError names the first cell that is not where the specification says."""
    if spec.form is None:
        return blank_form(spec)
    name, path = f"reports/forms/{spec.form}", ctx.settings.district_path / "reports" / "forms" / spec.form
    try:
        book = load_workbook(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise PackError(f"空白表 {name} 打不开。", "请放入正确的 .xlsx 文件。") from None
    if _has_drawings(path):
        raise PackError(
            f"空白表 {name} 里有图片、文本框或图表，填表时会丢失。",
            "请删去它们；图表用报表定义的 charts 画，文字写在单元格里。",
        )
    sheet, header = book.active, header_rows(spec)
    for where, expected in _expected(spec):
        found = _text(sheet, where, header)
        if found == _squeezed(expected):
            continue
        raise PackError(
            f"空白表 {name} 的工作表“{sheet.title}”单元格 {where} 应为{_said(expected)}，现为{_said(found)}"
            f"{_elsewhere(sheet, where, expected)}。",
            "请把空白表改回原来的版式，或按新版式改正报表定义的 first_row、metadata 和 columns。",
        )
    return book


def _has_drawings(path: Path) -> bool:
    """Whether the workbook holds what openpyxl leaves out without a word."""
    with zipfile.ZipFile(path) as archive:
        return any(name.startswith(("xl/drawings/drawing", "xl/media/")) for name in archive.namelist())


def _expected(spec: ReportSpec) -> Iterator[tuple[str, str]]:
    """The cells of the blank form that say where everything is, with their texts, the header first."""
    rows = header_rows(spec)
    for index, column in enumerate(spec.columns, 1):
        yield f"{get_column_letter(index)}{rows[-1] if column.group else rows[0]}", column.header
    start = 1
    for group, columns in groupby(spec.columns, key=lambda column: column.group):
        if group:
            yield f"{get_column_letter(start)}{rows[0]}", group
        start += len(list(columns))
    for where, text in spec.metadata.items():
        yield where, re.sub(r"\{\w+\}", "", text)
    for index in range(1, len(spec.columns) + 1):
        yield f"{get_column_letter(index)}{spec.first_row}", ""


def _text(sheet: Worksheet, where: str, header: range) -> str:
    """The text of a cell; that of a header without a group may stand lower, when the form has a group it does not name."""
    row, column = coordinate_to_tuple(where)
    rows = header if row == header[0] and sheet.cell(row, column).value is None else [row]
    texts = [_squeezed(str(value)) for at in rows if (value := sheet.cell(at, column).value) is not None]
    return texts[-1] if texts else ""


def _squeezed(text: str) -> str:
    return _LEFT_OPEN.sub("", text)


def _said(text: str) -> str:
    return f"“{text}”" if text else "空白"


def _elsewhere(sheet: Worksheet, where: str, expected: str) -> str:
    """Where the expected text stands instead, when it does."""
    wanted = _squeezed(expected)
    row, column = coordinate_to_tuple(where)
    found = [
        (abs(cell.row - row) + abs(cell.column - column), cell.coordinate)
        for line in sheet.iter_rows()
        for cell in line
        if wanted and cell.value is not None and _squeezed(str(cell.value)) == wanted
    ]
    return f"（“{expected}”在 {min(found)[1]}）" if found else ""
