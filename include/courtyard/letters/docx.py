"""A letter as DOCX in the letter format (信函格式) of GB/T 9704-2012, section 10.1.

A4, type area 156 × 225 mm, 22 lines of 28 characters in size 3 (16 pt). The issuer's name stands red in the first
page's header, 30 mm below the edge, above a double line that is thick over thin; a second line, thin over thick, stands
20 mm above the lower edge. Both are 170 mm wide. The first page shows no number. Equal letters give equal bytes.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from courtyard.letters.elements import (
    AREA_POINTS,
    FANG_SONG,
    LINE,
    RED,
    SIZE_2,
    SIZE_3,
    SONG_TITLE,
    TIGHTER,
    element,
    packed,
    page_number,
    rule,
    run_of,
    set_fonts,
)
from courtyard.letters.letter import Letter
from courtyard.letters.pictures import add_pictures
from courtyard.letters.table import add_table

TOP, BOTTOM, LEFT, RIGHT = Mm(37), Mm(35), Mm(28), Mm(26)
RULE_EDGE, RULE_FOOT = Mm(30), Mm(20)
_RULE_POINTS = 482.0  # 170 mm
_GRID_PITCH = 579  # twentieths of a point: LINE
_CREATED = datetime(2025, 1, 1)


def render(letter: Letter) -> bytes:
    """The letter as DOCX bytes."""
    document = Document()
    _page(document.sections[0], letter)
    _settings(document)
    _head(document, letter)
    for text in letter.paragraphs:
        _body(document, text)
    if letter.table:
        add_table(document, letter.table)
    if letter.closing:
        _body(document, letter.closing).paragraph_format.keep_with_next = True
    _attachments(document, letter.attachments)
    _signature(document, letter)
    if letter.pictures:
        add_pictures(document, letter.pictures, len(letter.attachments) if len(letter.attachments) > 1 else None)
    properties = document.core_properties
    properties.author, properties.title, properties.comments = letter.issuer, letter.title, ""
    properties.created = properties.modified = _CREATED
    return packed(document)


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _page(section: Section, letter: Letter) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = TOP, BOTTOM, LEFT, RIGHT
    section.header_distance, section.footer_distance = RULE_EDGE, RULE_FOOT
    section.different_first_page_header_footer = True
    grid = element("w:docGrid", type="lines", linePitch=_GRID_PITCH)
    for old in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(old)
    section._sectPr.append(grid)
    _mark(section.first_page_header.paragraphs[0], letter.issuer)
    foot = section.first_page_footer.paragraphs[0]
    foot.paragraph_format.line_spacing = Pt(2)
    rule(foot, "bottom", "thinThickSmallGap")
    # numbers stand outside: on odd pages right, on even pages left, one character from the edge of the type area
    section.footer_distance = Mm(20)
    page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)


def _settings(document: Docx) -> None:
    document.settings.odd_and_even_pages_header_footer = True
    normal = document.styles["Normal"]
    normal.font.size = SIZE_3
    set_fonts(normal.element.get_or_add_rPr(), FANG_SONG)
    shape = normal.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, LINE


def _mark(paragraph: Paragraph, issuer: str) -> None:
    """发文机关标志: as large as the rule is wide, up to 36 pt, with the first rule below it."""
    size = min(36.0, _RULE_POINTS / max(1, len(issuer)))
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.line_spacing = Pt(size * 1.15)
    run = run_of(paragraph, issuer, SONG_TITLE, Pt(size))
    run.font.color.rgb = RED
    rule(paragraph, "bottom", "thickThinSmallGap", space=11)  # 4 mm


def _head(document: Docx, letter: Letter) -> None:
    """发文字号, title, 主送机关."""
    number = document.paragraphs[0] if document.paragraphs else document.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run_of(number, letter.number)
    document.add_paragraph()
    for index, line in enumerate(_title_lines(letter.title)):
        title = document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.line_spacing = Pt(32)
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(0 if index else 14)
        run_of(title, line, SONG_TITLE, SIZE_2)
    document.add_paragraph()
    run_of(document.add_paragraph(), f"{letter.addressed_to}：")


def _title_lines(title: str) -> list[str]:
    """A title over as few lines as it needs, of about equal length, none ending in a lone word or within a number."""
    room = int(AREA_POINTS // SIZE_2.pt) - 1
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
    run_of(paragraph, text)
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
        run_of(paragraph, ("附件：" if number == 1 else "") + mark + name)


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
        run_of(paragraph, text)
    if letter.contact:
        _body(document, f"（{letter.contact}）")


def _width(text: str) -> float:
    """Points in size 3: a Han character is square, a digit half of it."""
    return sum(SIZE_3.pt * (0.5 if character.isascii() else 1.0) + TIGHTER / 20 for character in text)
