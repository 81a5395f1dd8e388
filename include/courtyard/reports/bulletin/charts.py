"""Charts and the map as DrawingML (ECMA-376 part 1, 21.2), the office suite's own: sharp on paper, in its own fonts.

Their values stand in them as literals, so a document carries no hidden workbook. The map is a scatter of
coordinates: no tiles, nothing fetched.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import tostring

from openpyxl.chart import BarChart, LineChart, ScatterChart
from openpyxl.chart.chartspace import ChartSpace
from openpyxl.chart.data_source import AxDataSource, NumData, NumDataSource, NumVal, StrData, StrVal
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.marker import Marker
from openpyxl.chart.series import Series, SeriesLabel, XYSeries
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties

Number = float | int | None
SERIES_COLOURS = ("2F6F8F", "C9803A", "7A9A52", "8A6FA8", "B35C5C", "4F8F9F", "A38B3D", "6B7A88")
MAP_COLOURS = ("6E9FB5", "D9A871", "9DB784", "AE9BC4", "CFA0A0", "8FA3AD", "C2B27A", "86B5A5")
ALERT = "C0392B"
_FONT, _INK, _GRID = "宋体", "404A54", "DDE2E6"
_POINTS = 900  # hundredths of a point: 9 pt
_MAP_MARGIN = 0.04  # of its extent


@dataclass(frozen=True)
class Line:
    """A named row of values; None is a gap, never a zero."""

    name: str
    values: tuple[Number, ...]


@dataclass(frozen=True)
class Points:
    """Places on the map: (longitude, latitude) in degrees, WGS-84."""

    name: str
    places: tuple[tuple[float, float], ...]
    is_alert: bool = False


def bars(categories: Sequence[str], lines: Sequence[Line], *, stacked: bool = False, form: str = "0") -> bytes:
    """Upright bars, a group or a stack a category."""
    chart = BarChart()
    chart.type, chart.grouping, chart.gapWidth = (
        "col",
        "stacked" if stacked else "clustered",
        70 if len(lines) > 1 else 130,
    )
    chart.overlap = 100 if stacked else -5
    _fill(chart, categories, lines, form, labels=not stacked)
    return _written(chart)


def lines(categories: Sequence[str], rows: Sequence[Line], *, form: str = "0") -> bytes:
    """One line a row of values over the categories."""
    chart = LineChart()
    _fill(chart, categories, rows, form, labels=True)
    for index, series in enumerate(chart.series):
        colour = SERIES_COLOURS[index % len(SERIES_COLOURS)]
        series.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=colour, w=25400))
        series.marker = _marker("circle", 6, colour)
        series.smooth = False
        series.dLbls.dLblPos = "t"
    return _written(chart)


def map_of(groups: Sequence[Points]) -> bytes:
    """Every place as a point; those that call for attention are red diamonds."""
    chart = ScatterChart()
    chart.style, chart.scatterStyle = None, "lineMarker"
    for index, group in enumerate(sorted(groups, key=lambda g: g.is_alert)):
        colour = ALERT if group.is_alert else MAP_COLOURS[index % len(MAP_COLOURS)]
        series = XYSeries(
            idx=index,
            order=index,
            tx=SeriesLabel(v=group.name),
            xVal=AxDataSource(numLit=_numbers([lon for lon, _ in group.places], "General")),
            yVal=NumDataSource(numLit=_numbers([lat for _, lat in group.places], "General")),
        )
        series.marker = _marker("diamond" if group.is_alert else "circle", 8 if group.is_alert else 5, colour)
        series.spPr = GraphicalProperties(ln=LineProperties(noFill=True))
        chart.series.append(series)
    places = [place for group in groups for place in group.places]
    for axis, values in ((chart.x_axis, [p[0] for p in places]), (chart.y_axis, [p[1] for p in places])):
        margin = (max(values) - min(values)) * _MAP_MARGIN
        axis.scaling.min, axis.scaling.max = min(values) - margin, max(values) + margin
        axis.delete, axis.majorGridlines = True, None
    chart.layout = Layout(
        ManualLayout(layoutTarget="inner", xMode="edge", yMode="edge", x=0.02, y=0.02, w=0.96, h=0.88)
    )
    return _written(chart)


def height_of_map(groups: Sequence[Points], width: float) -> float:
    """The height that shows a map of this width without distortion, with room for its legend."""
    places = [place for group in groups for place in group.places]
    lons, lats = [p[0] for p in places], [p[1] for p in places]
    middle = math.radians((min(lats) + max(lats)) / 2)
    across = max((max(lons) - min(lons)) * math.cos(middle), 1e-6)
    shown = width * 0.96 * (max(lats) - min(lats)) / across
    return shown / 0.88


def _fill(
    chart: BarChart | LineChart, categories: Sequence[str], rows: Sequence[Line], form: str, *, labels: bool
) -> None:
    names = AxDataSource(strLit=StrData(ptCount=len(categories), pt=[StrVal(i, v=c) for i, c in enumerate(categories)]))
    for index, row in enumerate(rows):
        series = Series(idx=index, order=index, tx=SeriesLabel(v=row.name), cat=names)
        series.val = NumDataSource(numLit=_numbers(row.values, form))
        colour = SERIES_COLOURS[index % len(SERIES_COLOURS)]
        series.graphicalProperties = GraphicalProperties(solidFill=colour, ln=LineProperties(noFill=True))
        if labels:
            series.dLbls = DataLabelList(numFmt=form, showVal=True, showSerName=False, showCatName=False,
                                         showLegendKey=False, showPercent=False)  # fmt: skip
            series.dLbls.txPr = _text(800)
        chart.series.append(series)
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.txPr = chart.y_axis.txPr = _text(_POINTS)
    chart.x_axis.number_format = "General"
    chart.y_axis.number_format = "General"
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=_GRID))
    chart.y_axis.spPr = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.x_axis.spPr = GraphicalProperties(ln=LineProperties(solidFill="9AA5AE"))
    chart.y_axis.scaling.min = 0


def _numbers(values: Sequence[Number], form: str) -> NumData:
    points = [
        NumVal(idx=i, v=f"{value:.6f}".rstrip("0").rstrip(".")) for i, value in enumerate(values) if value is not None
    ]
    return NumData(formatCode=form, ptCount=len(values), pt=points)


def _marker(symbol: str, size: int, colour: str) -> Marker:
    border = "FFFFFF" if symbol == "diamond" else colour
    look = GraphicalProperties(solidFill=colour, ln=LineProperties(solidFill=border, w=6350))
    return Marker(symbol=symbol, size=size, spPr=look)


def _text(points: int) -> RichText:
    font = Font(typeface=_FONT)
    look = CharacterProperties(sz=points, latin=font, ea=font, solidFill=_INK)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look, r=[])])


def _written(chart: BarChart | LineChart | ScatterChart) -> bytes:
    """The part's XML. A chart of one series needs no legend: its title is the figure's caption."""
    if len(chart.series) > 1:
        chart.legend.position, chart.legend.txPr = "b", _text(_POINTS)
    else:
        chart.legend = None
    chart.roundedCorners = False
    chart.graphical_properties = GraphicalProperties(noFill=True, ln=LineProperties(noFill=True))
    space: ChartSpace = chart._write()  # openpyxl's own writer of the part, which it calls when it saves a workbook
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + tostring(space)
