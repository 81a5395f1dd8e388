"""Native charts of a form. What they show stands in the workbook as values, in the body or on a sheet of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.data_source import AxDataSource, NumData, NumVal, StrData, StrRef, StrVal
from openpyxl.chart.legend import Legend
from openpyxl.chart.marker import Marker
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils import coordinate_to_tuple, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from courtyard.district.models import ReportChart, ReportSpec
from courtyard.reports import sheet_cells
from courtyard.reports.blank import BODY, CENTRE, GRID, HEADER
from courtyard.reports.content import Content
from courtyard.reports.sheet_cells import Value

_DATA_WIDTH = 14.0


def add(sheet: Worksheet, spec: ReportSpec, content: Content, shift: int) -> None:
    """Draw the report's charts; those anchored below the body move down by `shift` rows with the footer."""
    for chart, data in zip(spec.charts, content.charts, strict=True):
        row, column = coordinate_to_tuple(chart.anchor)
        anchor = f"{get_column_letter(column)}{row + (shift if row >= spec.first_row else 0)}"
        if chart.sql:
            where, first, columns = _data_sheet(sheet, chart, data), 2, range(1, len(chart.values) + 2)
            titles: Sequence[str] = chart.values
        else:
            data, where, first = _from_body(spec, content, chart), sheet, spec.first_row
            names = [c.name for c in spec.columns]
            columns = [names.index(name) + 1 for name in (chart.categories, *chart.values)]
            titles = [spec.columns[column - 1].header for column in columns[1:]]
        if data:
            sheet.add_chart(_drawn(chart, where, first, list(zip(columns, ["", *titles], strict=True)), data), anchor)


def _from_body(spec: ReportSpec, content: Content, chart: ReportChart) -> tuple[tuple[Value, ...], ...]:
    """The chart's columns of the body without its total."""
    names = [c.name for c in spec.columns]
    wanted = [names.index(name) for name in (chart.categories, *chart.values)]
    rows = content.rows[: len(content.rows) - spec.total_row]
    return tuple(tuple(row[index] for index in wanted) for row in rows)


def _data_sheet(sheet: Worksheet, chart: ReportChart, data: Sequence[Sequence[Value]]) -> Worksheet:
    made = sheet.parent.create_sheet(chart.sheet)
    for at, row in enumerate([(chart.categories, *chart.values), *data], 1):
        for column, value in enumerate(row, 1):
            cell = made.cell(at, column)
            cell.font, cell.border, cell.alignment = HEADER if at == 1 else BODY, GRID, CENTRE
            if isinstance(value, str):
                sheet_cells.write(cell, value)
            else:
                cell.value = value
    for column in range(1, len(chart.values) + 2):
        made.column_dimensions[get_column_letter(column)].width = _DATA_WIDTH
    return made


def _drawn(
    chart: ReportChart, where: Worksheet, first: int, columns: list[tuple[int, str]], data: Sequence[Sequence[Value]]
) -> BarChart | LineChart:
    """One chart; its values are kept with it, for viewers that do not read cells."""
    made = LineChart() if chart.kind == "line" else BarChart()
    made.title, made.width, made.height = _title(chart.title), chart.width, chart.height
    made.x_axis.delete = made.y_axis.delete = False
    made.y_axis.number_format, made.y_axis.scaling.min = "#,##0", 0
    made.legend = Legend(legendPos="b") if len(chart.values) > 1 else None
    last = first + len(data) - 1
    labels = StrData(ptCount=len(data), pt=[StrVal(idx=at, v=str(row[0])) for at, row in enumerate(data)])
    categories = str(Reference(where, min_col=columns[0][0], min_row=first, max_row=last))
    for index, (column, title) in enumerate(columns[1:], 1):
        series = SeriesFactory(Reference(where, min_col=column, min_row=first, max_row=last), title=title)
        numbers = [(at, row[index]) for at, row in enumerate(data) if isinstance(row[index], int | Decimal)]
        points = [NumVal(idx=at, v=str(number)) for at, number in numbers]
        series.val.numRef.numCache = NumData(formatCode="General", ptCount=len(data), pt=points)
        series.cat = AxDataSource(strRef=StrRef(f=categories, strCache=labels))
        if chart.kind == "line":
            series.smooth, series.marker = False, Marker(symbol="circle", size=6)
        made.series.append(series)
    return made


def _title(text: str) -> Title:
    font = CharacterProperties(sz=1200, b=True)
    line = Paragraph(pPr=ParagraphProperties(defRPr=font), r=[RegularTextRun(rPr=font, t=text)])
    return Title(tx=Text(rich=RichText(p=[line])), overlay=False)
