"""The bulletin on paper: a Word document in the layout of an office bulletin (简报), the same bytes for the same figures."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence

from docx import Document
from docx.document import Document as Doc
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph

_RED, _INK, _SOFT = RGBColor(0xC0, 0x1F, 0x1F), RGBColor(0x1C, 0x27, 0x33), RGBColor(0x5D, 0x6B, 0x78)
SONG, HEI, FANG = "宋体", "黑体", "仿宋"
TEXT_WIDTH = 16.0  # cm between the margins
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP entry can carry
_EMU_PER_CM = 360_000


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
        style.font.size, style.font.name = Pt(14), FANG
        style.element.rPr.rFonts.set(qn("w:eastAsia"), FANG)
        style.element.rPr.append(_language())  # else punctuation stands as in other scripts
        properties = self._doc.core_properties
        properties.title, properties.author, properties.comments = title, "", ""
        properties.language = "zh-CN"
        _page_number(section.footer.paragraphs[0])

    def head(self, name: str, issue: str, publisher: str, day: str) -> None:
        """The red head: the bulletin's name, its number, who puts it together and of when it is; a red line."""
        self._line(name, SONG, 30, colour=_RED, bold=True, centred=True, after=2, spaced=4)
        self._line(issue, FANG, 14, centred=True, after=6)
        line = self._line(publisher, FANG, 14, after=14)
        line.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
        _write(line, f"\t{day}", FANG, 14)
        _rule_below(line)

    def title(self, text: str) -> None:
        self._line(text, SONG, 20, bold=True, centred=True, after=12)

    def heading(self, text: str) -> None:
        line = self._line(text, HEI, 15, before=10, after=4)
        line.paragraph_format.keep_with_next = True

    def text(self, text: str, lead: str = "") -> None:
        """A paragraph, its first line indented by two characters; `lead` stands before it in bold type."""
        line = self._doc.add_paragraph()
        _spacing(line, after=2)
        line.paragraph_format.line_spacing = Pt(25)
        line.paragraph_format.first_line_indent = Pt(28)
        if lead:
            _write(line, lead, HEI, 14)
        _write(line, text, FANG, 14)

    def notes(self, texts: Sequence[str]) -> None:
        """Numbered lines, smaller than the text."""
        for index, text in enumerate(texts, 1):
            line = self._line(f"{index}. {text}", FANG, 12, after=1)
            line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(46), Pt(-18)
            line.paragraph_format.line_spacing = Pt(20)

    def table(self, headers: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
        """A table with its first column to the left and the others centred; widths in cm."""
        table = self._doc.add_table(rows=1, cols=len(headers))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
        _border(table)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Cm(width)
        _repeat(table.rows[0])
        for cells, texts, font in [
            (table.rows[0].cells, headers, HEI),
            *((table.add_row().cells, row, SONG) for row in rows),
        ]:
            for index, (cell, text) in enumerate(zip(cells, texts, strict=True)):
                cell.width, cell.vertical_alignment = Cm(widths[index]), WD_CELL_VERTICAL_ALIGNMENT.CENTER
                line = cell.paragraphs[0]
                line.alignment = WD_ALIGN_PARAGRAPH.LEFT if index == 0 and font != HEI else WD_ALIGN_PARAGRAPH.CENTER
                _spacing(line, before=1, after=1)
                _write(line, text, font, 10.5)
        for row in table.rows:
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        self._line("", FANG, 6)

    def chart(self, caption: str, xml: bytes, size: tuple[float, float], told: str) -> None:
        """A chart under its caption; `size` in cm, `told` for those who cannot see it."""
        self._charts += 1
        line = self._line(f"图{self._charts}　{caption}", HEI, 11, centred=True, before=8, after=2)
        line.paragraph_format.keep_with_next = True
        name = PackURI(f"/word/charts/chart{self._charts}.xml")
        part = Part(name, _CHART_TYPE, xml, self._doc.part.package)
        relation = self._doc.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
        holder = self._doc.add_paragraph()
        holder.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _spacing(holder, after=4)
        holder.add_run()._r.append(_frame(relation, self._charts, size, told))

    def imprint(self, lines: Sequence[str]) -> None:
        """The closing lines between two rules (版记)."""
        for index, text in enumerate(lines):
            line = self._line(text, FANG, 12, before=8 if index == 0 else 1, after=1, colour=_SOFT)
            if index == 0:
                _rule_above(line)

    def bytes(self) -> bytes:
        """The document; equal content gives equal bytes."""
        made = io.BytesIO()
        self._doc.save(made)
        return _settled(made.getvalue())

    def _line(self, text: str, font: str, size: float, **look) -> Paragraph:
        line = self._doc.add_paragraph()
        _spacing(line, before=look.get("before", 0), after=look.get("after", 0))
        if look.get("centred"):
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if text:
            _write(line, text, font, size, look.get("colour", _INK), look.get("bold", False), look.get("spaced", 0))
        return line


def _write(
    line: Paragraph, text: str, font: str, size: float, colour: RGBColor = _INK, bold: bool = False, spaced: float = 0
) -> None:
    run = line.add_run(text)
    run.font.size, run.font.name, run.font.bold, run.font.color.rgb = Pt(size), font, bold, colour
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if spaced:
        spacing = OxmlElement("w:spacing")
        spacing.set(qn("w:val"), str(int(spaced * 20)))
        run._r.rPr.append(spacing)


def _language():
    found = OxmlElement("w:lang")
    found.set(qn("w:val"), "en-US")
    found.set(qn("w:eastAsia"), "zh-CN")
    return found


def _spacing(line: Paragraph, before: float = 0, after: float = 0) -> None:
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(before), Pt(after)
    line.paragraph_format.line_spacing = 1.0


def _rule(line: Paragraph, side: str, colour: str, eighths: int) -> None:
    borders = OxmlElement("w:pBdr")
    edge = OxmlElement(f"w:{side}")
    for key, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
        edge.set(qn(f"w:{key}"), value)
    borders.append(edge)
    line._p.get_or_add_pPr().insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _rule_below(line: Paragraph) -> None:
    _rule(line, "bottom", "C01F1F", 16)


def _rule_above(line: Paragraph) -> None:
    _rule(line, "top", "404A54", 6)


def _border(table) -> None:
    borders = parse_xml(
        '<w:tblBorders xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        + "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="9AA5AE"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        + "</w:tblBorders>"
    )
    table._tbl.tblPr.append(borders)


def _repeat(row) -> None:
    """The header stands on each page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _page_number(line: Paragraph) -> None:
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(line, "— ", SONG, 12)
    run = line.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
    _write(line, " —", SONG, 12)


def _frame(relation: str, number: int, size: tuple[float, float], told: str):
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


def _settled(document: bytes) -> bytes:
    """The same package without the times at which it was made."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(packed, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "docProps/core.xml":
                body = re.sub(rb"<dcterms:(created|modified).*?</dcterms:\1>", b"", body)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, body)
    return packed.getvalue()
