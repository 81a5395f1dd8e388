"""The bulletin on paper: a Word document in the layout of an office bulletin (简报), the same bytes for the same figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx import Document
from docx.document import Document as Doc
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from courtyard.ooxml import settled

_RED, _INK, _SOFT = RGBColor(0xC0, 0x1F, 0x1F), RGBColor(0x1C, 0x27, 0x33), RGBColor(0x5D, 0x6B, 0x78)
SONG, HEI, FANG = "宋体", "黑体", "仿宋"
TEXT_WIDTH = 16.0  # cm between the margins
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_EMU_PER_CM = 360_000
_TWENTIETHS = 20  # of a point: what Word measures distances in


@dataclass(frozen=True)
class Look:
    """How a line looks. Sizes and distances in points; `spaced` is what is added between characters."""

    font: str
    size: float
    colour: RGBColor = _INK
    bold: bool = False
    centred: bool = False
    before: float = 0
    after: float = 0
    spaced: float = 0


NAME = Look(SONG, 30, _RED, bold=True, centred=True, after=2, spaced=4)
ISSUE = Look(FANG, 14, centred=True, after=6)
PUBLISHER = Look(FANG, 14, after=14)
TITLE = Look(SONG, 20, bold=True, centred=True, after=12)
HEADING = Look(HEI, 15, before=10, after=4)
LEAD, TEXT, NOTE = Look(HEI, 14), Look(FANG, 14, after=2), Look(FANG, 12, after=1)
HEADER, CELL = Look(HEI, 10.5, before=1, after=1), Look(SONG, 10.5, before=1, after=1)
CAPTION = Look(HEI, 11, centred=True, before=8, after=2)
PICTURE = Look(SONG, 10.5, centred=True, after=4)
IMPRINT = Look(FANG, 12, _SOFT, before=2, after=1)
GAP = Look(SONG, 6)
_PAGE = Look(SONG, 12)


class Paper:
    """A document that grows downwards."""

    def __init__(self, title: str) -> None:
        self._doc: Doc = Document()
        self._charts = 0
        section = self._doc.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.4)
        section.left_margin = section.right_margin = Cm(2.5)
        style = self._doc.styles["Normal"]
        style.font.size, style.font.name = Pt(TEXT.size), FANG
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FANG)
        style.element.rPr.append(_language())  # else punctuation stands as in other scripts
        properties = self._doc.core_properties
        properties.title, properties.author, properties.comments = title, "", ""
        properties.language = "zh-CN"
        _page_number(section.footer.paragraphs[0])

    def head(self, name: str, issue: str, publisher: str, day: str) -> None:
        """The red head: the bulletin's name, its number, who puts it together and of when it is; a red line."""
        self._line(name, NAME)
        self._line(issue, ISSUE)
        line = self._line(publisher, PUBLISHER)
        line.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
        _write(line, f"\t{day}", PUBLISHER)
        _rule(line, "bottom", "C01F1F", 16)

    def title(self, text: str) -> None:
        self._line(text, TITLE)

    def heading(self, text: str) -> None:
        self._line(text, HEADING).paragraph_format.keep_with_next = True

    def text(self, text: str, lead: str = "") -> None:
        """A paragraph, its first line indented by two characters; `lead` stands before it in another type."""
        line = self._line("", TEXT)
        line.paragraph_format.line_spacing = Pt(25)
        line.paragraph_format.first_line_indent = Pt(2 * TEXT.size)
        if lead:
            _write(line, lead, LEAD)
        _write(line, text, TEXT)

    def notes(self, texts: Sequence[str]) -> None:
        """Numbered lines, smaller than the text."""
        for index, text in enumerate(texts, 1):
            line = self._line(f"{index}. {text}", NOTE)
            line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(46), Pt(-18)
            line.paragraph_format.line_spacing = Pt(20)

    def table(self, headers: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
        """A table with its first column to the left and the others centred; widths in cm."""
        self._line("", GAP)
        table = self._doc.add_table(rows=1 + len(rows), cols=len(headers))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        _border(table)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        for row, texts in zip(table.rows, (headers, *rows), strict=True):
            is_header = texts is headers
            for index, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
                cell.width, cell.vertical_alignment = Cm(widths[index]), WD_CELL_VERTICAL_ALIGNMENT.CENTER
                look = HEADER if is_header else CELL
                _fill(cell.paragraphs[0], text, replace(look, centred=is_header or index > 0))
            marks = ("w:cantSplit", "w:tblHeader") if is_header else ("w:cantSplit",)
            for mark in marks:
                row._tr.get_or_add_trPr().append(OxmlElement(mark))
        self._line("", GAP)

    def chart(self, caption: str, xml: bytes, size: tuple[float, float], told: str) -> None:
        """A chart under its caption; `size` in cm, `told` for those who cannot see it."""
        self._charts += 1
        self._line(f"图{self._charts}　{caption}", CAPTION).paragraph_format.keep_with_next = True
        name = PackURI(f"/word/charts/chart{self._charts}.xml")
        part = Part(name, _CHART_TYPE, xml, self._doc.part.package)
        relation = self._doc.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
        self._line("", PICTURE).add_run()._r.append(_frame(relation, self._charts, size, told))

    def imprint(self, lines: Sequence[str]) -> None:
        """The closing lines below a rule (版记)."""
        self._line("", GAP)
        for index, text in enumerate(lines):
            line = self._line(text, IMPRINT)
            if index == 0:
                _rule(line, "top", "404A54", 6)

    def bytes(self) -> bytes:
        """The document; equal content gives equal bytes."""
        made = io.BytesIO()
        self._doc.save(made)
        return settled(made.getvalue())

    def _line(self, text: str, look: Look) -> Paragraph:
        line = self._doc.add_paragraph()
        _fill(line, text, look)
        return line


def _fill(line: Paragraph, text: str, look: Look) -> None:
    shape = line.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(look.before), Pt(look.after), 1.0
    if look.centred:
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(line, text, look)


def _write(line: Paragraph, text: str, look: Look) -> None:
    """Add text; where there is none, its size still gives an empty line its height."""
    run = line.add_run(text)
    run.font.size, run.font.name, run.font.bold, run.font.color.rgb = Pt(look.size), look.font, look.bold, look.colour
    properties = run._r.get_or_add_rPr()
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), look.font)
    if look.spaced:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(round(look.spaced * _TWENTIETHS)))
        properties.insert_element_before(spacing, "w:w", "w:kern", "w:position", "w:sz", "w:szCs")


def _language() -> BaseOxmlElement:
    found = OxmlElement("w:lang")
    found.set(qn("w:val"), "en-US")
    found.set(qn("w:eastAsia"), "zh-CN")
    return found


def _rule(line: Paragraph, side: str, colour: str, eighths: int) -> None:
    borders = OxmlElement("w:pBdr")
    edge = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
        edge.set(qn(f"w:{key}"), value)
    borders.append(edge)
    line._p.get_or_add_pPr().insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _border(table: Table) -> None:
    borders = parse_xml(
        '<w:tblBorders xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        + "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="9AA5AE"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        + "</w:tblBorders>"
    )
    table._tbl.tblPr.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")


def _page_number(line: Paragraph) -> None:
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(line, "— ", _PAGE)
    run = line.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
    _write(line, " —", _PAGE)


def _frame(relation: str, number: int, size: tuple[float, float], told: str) -> BaseOxmlElement:
    width, height = (round(side * _EMU_PER_CM) for side in size)
    described = told.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f'<wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="{width}" cy="{height}"/>'
        f'<wp:docPr id="{number}" name="图{number}" descr="{described}"/><wp:cNvGraphicFramePr/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="{relation}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
