"""A letter as DOCX in the letter format (信函格式) of GB/T 9704-2012, section 10.1.

A4, type area 156 × 225 mm, 22 lines of 28 characters in size 3 (16 pt). The issuer's name stands red in the first
page's header, 30 mm below the edge, above a double line that is thick over thin; a second line, thin over thick, stands
20 mm above the lower edge. Both are 170 mm wide. The first page shows no number. Equal letters give equal bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime
from typing import Any

from docx import Document
from docx.document import Document as Docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from courtyard.letters.letter import Letter, LetterTable

SONG_TITLE, FANG_SONG, HEI, SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"
RED = RGBColor(0xE6, 0x00, 0x12)
SIZE_2, SIZE_3, SIZE_4, SMALL = Pt(22), Pt(16), Pt(14), Pt(12)
LINE = Pt(28.95)  # 225 mm / 22
TOP, BOTTOM, LEFT, RIGHT = Mm(37), Mm(35), Mm(28), Mm(26)
RULE_OUTSIDE = Mm(8), Mm(6)  # by which a rule of 170 mm reaches over the type area, left and right
RULE_EDGE, RULE_FOOT = Mm(30), Mm(20)
_AREA_POINTS = 442.0  # 156 mm
_RULE_POINTS = 482.0  # 170 mm
_GRID_PITCH = 579  # twentieths of a point: LINE
_TIGHTER = -5  # twentieths of a point between characters of size 3, so that 28 of them fill 156 mm
_CREATED = datetime(2025, 1, 1)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP entry can carry


def render(letter: Letter) -> bytes:
    """The letter as DOCX bytes."""
    document = Document()
    _page(document.sections[0], letter)
    _settings(document)
    _head(document, letter)
    for text in letter.paragraphs:
        _body(document, text)
    if letter.table:
        _table(document, letter.table)
    if letter.closing:
        _body(document, letter.closing).paragraph_format.keep_with_next = True
    _attachments(document, letter.attachments)
    _signature(document, letter)
    properties = document.core_properties
    properties.author, properties.title, properties.comments = letter.issuer, letter.title, ""
    properties.created = properties.modified = _CREATED
    return _packed(document)


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _page(section: Section, letter: Letter) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = TOP, BOTTOM, LEFT, RIGHT
    section.header_distance, section.footer_distance = RULE_EDGE, RULE_FOOT
    section.different_first_page_header_footer = True
    grid = _made("w:docGrid", type="lines", linePitch=_GRID_PITCH)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    section._sectPr.append(grid)
    _mark(section.first_page_header.paragraphs[0], letter.issuer)
    foot = section.first_page_footer.paragraphs[0]
    foot.paragraph_format.line_spacing = Pt(2)
    _rule(foot, "bottom", "thinThickSmallGap")
    # numbers stand outside: on odd pages right, on even pages left, one character from the edge of the type area
    section.footer_distance = Mm(20)
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _settings(document: Docx) -> None:
    document.settings.odd_and_even_pages_header_footer = True
    normal = document.styles["Normal"]
    normal.font.size = SIZE_3
    _fonts(normal.element.get_or_add_rPr(), FANG_SONG)
    shape = normal.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, LINE


def _mark(paragraph: Paragraph, issuer: str) -> None:
    """发文机关标志: as large as the rule is wide, up to 36 pt, with the first rule below it."""
    size = min(36.0, _RULE_POINTS / max(1, len(issuer)))
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(size * 1.15)
    run = _run(paragraph, issuer, SONG_TITLE, Pt(size))
    run.font.color.rgb = RED
    _rule(paragraph, "bottom", "thickThinSmallGap", space=11)  # 4 mm


def _rule(paragraph: Paragraph, edge: str, style: str, space: int = 1) -> None:
    """A red double rule of 170 mm; its thick line is 1.5 mm, its thin one follows from Word's style."""
    indent = paragraph.paragraph_format
    indent.left_indent, indent.right_indent = -RULE_OUTSIDE[0], -RULE_OUTSIDE[1]
    borders = OxmlElement("w:pBdr")
    borders.append(_made(f"w:{edge}", val=style, sz=24, space=space, color=str(RED)))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _page_number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    paragraph.alignment = side
    indent = paragraph.paragraph_format
    if side == WD_ALIGN_PARAGRAPH.RIGHT:
        indent.right_indent = SIZE_4
    else:
        indent.left_indent = SIZE_4
    _run(paragraph, "— ", SONG, SIZE_4)
    run = _run(paragraph, "", SONG, SIZE_4)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if text:
            instruction = OxmlElement("w:instrText")
            instruction.text = text
            run._r.append(instruction)
        else:
            run._r.append(_made("w:fldChar", fldCharType=kind))
    _run(paragraph, " —", SONG, SIZE_4)


def _head(document: Docx, letter: Letter) -> None:
    """发文字号, title, 主送机关."""
    number = document.paragraphs[0] if document.paragraphs else document.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _run(number, letter.number)
    document.add_paragraph()
    for index, line in enumerate(_title_lines(letter.title)):
        title = document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.line_spacing = Pt(32)
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(0 if index else 14)
        _run(title, line, SONG_TITLE, SIZE_2)
    document.add_paragraph()
    _run(document.add_paragraph(), f"{letter.addressed_to}：")


def _title_lines(title: str) -> list[str]:
    """A title over as few lines as it needs, of about equal length, none ending in a lone word or within a number."""
    room = int(_AREA_POINTS // SIZE_2.pt) - 1
    count = -(-len(title) // room)
    lines, rest = [], title
    for left in range(count, 1, -1):
        at = _break(rest, -(-len(rest) // left), room)
        lines.append(rest[:at])
        rest = rest[at:]
    return [*lines, rest]


def _break(text: str, wanted: int, room: int) -> int:
    """Where to break a line of a title: near `wanted`, after 的, 《…》 or before 的, never within digits or 《…》."""

    def cost(at: int) -> float:
        before, after = text[at - 1], text[at]
        inside = text.count("《", 0, at) > text.count("》", 0, at)
        parted = (
            re.match(r"[0-9a-zA-Z.-]{2}", before + after) is not None
            or after in "》）、，。年月日第"
            or before in "《（第"
        )
        good = before in "的》" or after in "《的关"
        return abs(at - wanted) + 100 * parted + 20 * inside - 3 * good

    return min(range(max(1, wanted - 6), min(len(text) - 1, room) + 1), key=cost)


def _body(document: Docx, text: str) -> Paragraph:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.first_line_indent = SIZE_3 * 2
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    paragraph.paragraph_format.widow_control = True
    _run(paragraph, text)
    return paragraph


def _attachments(document: Docx, attachments: tuple[str, ...]) -> None:
    """附件说明: a line below the body, two characters in; names hang behind their number.

    It stays with the signature, and the closing with it: a seal does not stand on a page without text.
    """
    if not attachments:
        return
    document.add_paragraph().paragraph_format.keep_with_next = True
    for number, name in enumerate(attachments, 1):
        paragraph = document.add_paragraph()
        mark = f"{number}. " if len(attachments) > 1 else ""
        hang = SIZE_3 * 3 + (Pt(20) if mark else Pt(0))
        shape = paragraph.paragraph_format
        shape.keep_with_next = True
        shape.left_indent = SIZE_3 * 2 + hang
        shape.first_line_indent = -hang if number == 1 else -(hang - SIZE_3 * 3)
        _run(paragraph, ("附件：" if number == 1 else "") + mark + name)


def _signature(document: Docx, letter: Letter) -> None:
    """署名 above the date, centred on it; the date stands four characters from the right, room for the seal."""
    signed, dated = _width(letter.signed_by), _width(chinese_date(letter.date))
    right = 4 * SIZE_3.pt
    if (signed - dated) / 2 > right - 2 * SIZE_3.pt:  # a long name would reach over the edge: the date gives way
        right = 2 * SIZE_3.pt + (signed - dated) / 2
    for _ in range(2):
        document.add_paragraph().paragraph_format.keep_with_next = True
    for text, indent, last in (
        (letter.signed_by, right - (signed - dated) / 2, False),
        (chinese_date(letter.date), right, True),
    ):
        paragraph = document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        paragraph.paragraph_format.right_indent = Pt(indent)
        paragraph.paragraph_format.keep_with_next = not last
        _run(paragraph, text)
    if letter.contact:
        _body(document, f"（{letter.contact}）")


def _width(text: str) -> float:
    """Points in size 3: a Han character is square, a digit half of it."""
    return sum(SIZE_3.pt * (0.5 if character.isascii() else 1.0) + _TIGHTER / 20 for character in text)


def _table(document: Docx, made: LetterTable) -> None:
    if made.caption:
        caption = document.add_paragraph()
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.paragraph_format.keep_with_next = True
        caption.paragraph_format.space_before = Pt(8)
        _run(caption, made.caption, HEI, SIZE_4)
    table = document.add_table(rows=1, cols=len(made.headers), style="Table Grid")
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    shares = made.widths or tuple(1.0 for _ in made.headers)
    widths = [Pt(_AREA_POINTS * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in (made.headers, *made.rows):
        cells = table.rows[0].cells if row is made.headers else table.add_row().cells
        for index, text in enumerate(row):
            cells[index].width = widths[index]
            _table_cell(cells[index], text, is_header=row is made.headers)
    _repeated(table)
    document.add_paragraph().paragraph_format.line_spacing = Pt(10)


def _table_cell(cell: _Cell, text: str, *, is_header: bool) -> None:
    paragraph = cell.paragraphs[0]
    number = re.fullmatch(r"[-−+]?[\d,]+(\.\d+)?", text) is not None
    paragraph.alignment = (
        WD_ALIGN_PARAGRAPH.CENTER if is_header else WD_ALIGN_PARAGRAPH.RIGHT if number else WD_ALIGN_PARAGRAPH.LEFT
    )
    paragraph.paragraph_format.line_spacing = Pt(18)
    _off_grid(paragraph)
    _run(paragraph, text, HEI if is_header else FANG_SONG, SMALL)


def _off_grid(paragraph: Paragraph) -> None:
    """Lines of this paragraph keep their own pitch."""
    paragraph._p.get_or_add_pPr().insert_element_before(
        _made("w:snapToGrid", val="0"), "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _repeated(table: Table) -> None:
    """The header row on every page, and no row over two."""
    table.rows[0]._tr.get_or_add_trPr().append(_made("w:tblHeader", val="true"))
    for row in table.rows:
        row._tr.get_or_add_trPr().append(_made("w:cantSplit", val="true"))


def _run(paragraph: Paragraph, text: str, font: str = FANG_SONG, size: Pt = SIZE_3) -> Any:
    run = paragraph.add_run(text)
    run.font.size = size
    properties = run._r.get_or_add_rPr()
    _fonts(properties, font)
    if size == SIZE_3:
        properties.insert_element_before(
            _made("w:spacing", val=_TIGHTER), "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:color", "w:lang"
        )
    return run


def _fonts(properties: Any, font: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{kind}"), font)


def _made(tag: str, **attributes: Any) -> Any:
    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    return element


def _packed(document: Docx) -> bytes:
    """Save without the clock."""
    written, packed = io.BytesIO(), io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return packed.getvalue()
