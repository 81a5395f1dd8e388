"""What a cell of a published form is: a value of the table, a header, a note, or a text around the table."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openpyxl.utils import coordinate_to_tuple, get_column_letter, range_boundaries
from openpyxl.utils.exceptions import CellCoordinatesException

from courtyard.district.models import ReportColumn, ReportSpec
from courtyard.errors import UsageError
from courtyard.reports.blank import header_rows
from courtyard.reports.layout import Layout

Kind = Literal["value", "header", "note", "metadata"]
_MERGE = re.compile(rb'<mergeCell ref="([A-Z]+\d+:[A-Z]+\d+)"')
_FIELDS = {
    "street": "街道简称（district.yaml 的 short_name）",
    "unit": "填报单位（district.yaml 的 name）",
    "period": "报表所属期",
    "preparer": "填报的岗位（district.yaml 的 preparer）",
    "reviewer": "审核的岗位（district.yaml 的 reviewer）",
    "as_of": "统计截止日：所属期的最后一天，或报表定义的 cutoff",
    "filled_on": "填表日期：报表所依据的最后一份交付收到的日期",
}


@dataclass(frozen=True)
class Place:
    """A cell by the cell that holds its value: of merged cells the first. `definition` says what it is.

    `column` is None outside the table; `row` is 1-based; `template` is the pack's text of a metadata cell.
    """

    kind: Kind
    cell: str
    row: int
    column: ReportColumn | None
    definition: str
    template: str = ""


def find(spec: ReportSpec, form: Path, layout: Layout, cell: str) -> Place:
    """The place of a cell in a filled form; UsageError for what is no cell of it. `form` need not be there."""
    row, index = _coordinate(spec, cell)
    row, index = _anchor(form, row, index)
    name = f"{get_column_letter(index)}{row}"
    for place, template in spec.metadata.items():
        if layout.metadata_cell(place) == name:
            return Place("metadata", name, row, None, _meaning(template), template)
    if index > len(spec.columns):
        raise _no_cell(spec, cell)
    column = spec.columns[index - 1]
    if spec.first_row <= row < layout.first_note:
        return Place("value", name, row, column, column.definition)
    if row in header_rows(spec):
        group = f"{column.group}：" if column.group else ""
        return Place("header", name, row, column, f"栏目“{group}{column.header}”：{column.definition}")
    if layout.first_note <= row < layout.first_note + layout.notes:
        return Place("note", name, row, None, f"附注第{row - layout.first_note + 1}条：表内没有算入或需要说明的情况")
    raise UsageError(f"{cell.upper()} 在表上是空白，或不在表内。", f"表体从第 {spec.first_row} 行开始。")


def _coordinate(spec: ReportSpec, cell: str) -> tuple[int, int]:
    try:
        return coordinate_to_tuple(cell.upper())
    except (CellCoordinatesException, ValueError, IndexError):
        raise _no_cell(spec, cell) from None


def _no_cell(spec: ReportSpec, cell: str) -> UsageError:
    last = len(spec.columns)
    return UsageError(f"“{cell}”不是这张表的单元格。", f"请写列字母和行号，如 B7；本表有 {last} 列。")


def _anchor(form: Path, row: int, column: int) -> tuple[int, int]:
    """The first cell of the merged range that holds a cell; itself where there is none, or no file.

    Merged ranges stand behind the sheet's rows: they are looked for in the XML, since a long form takes seconds to load.
    """
    try:
        with zipfile.ZipFile(form) as packed:
            xml = packed.read("xl/worksheets/sheet1.xml")
    except (OSError, KeyError, zipfile.BadZipFile):
        return row, column
    for found in _MERGE.finditer(xml, max(0, xml.rfind(b"<mergeCells"))):
        left, top, right, bottom = range_boundaries(found[1].decode())
        if top <= row <= bottom and left <= column <= right:
            return top, left
    return row, column


def _meaning(template: str) -> str:
    fields = re.findall(r"\{(\w+)\}", template)
    return "；".join(_FIELDS[name] for name in fields) or "表式上的固定文字，由填报人签署"
