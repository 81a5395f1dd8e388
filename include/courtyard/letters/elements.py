"""Pieces of a letter that python-docx has no word for: fonts, rules, page numbers, bytes without a clock."""

from __future__ import annotations

import io
from typing import Any

from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from courtyard.ooxml import settled

SONG_TITLE, FANG_SONG, HEI, SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"
RED = RGBColor(0xE6, 0x00, 0x12)
SIZE_2, SIZE_3, SIZE_4, SMALL = Pt(22), Pt(16), Pt(14), Pt(12)
LINE = Pt(28.95)  # 225 mm / 22
RULE_OUTSIDE = Mm(8), Mm(6)  # by which a rule of 170 mm reaches over the type area, left and right
AREA_POINTS = 442.0  # 156 mm
TIGHTER = -5  # twentieths of a point between characters of size 3, so that 28 of them fill 156 mm


def rule(paragraph: Paragraph, edge: str, style: str, space: int = 1) -> None:
    """A red double rule of 170 mm; its thick line is 1.5 mm, its thin one follows from Word's style."""
    indent = paragraph.paragraph_format
    indent.left_indent, indent.right_indent = -RULE_OUTSIDE[0], -RULE_OUTSIDE[1]
    borders = OxmlElement("w:pBdr")
    borders.append(element(f"w:{edge}", val=style, sz=24, space=space, color=str(RED)))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:snapToGrid", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def page_number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    paragraph.alignment = side
    indent = paragraph.paragraph_format
    if side == WD_ALIGN_PARAGRAPH.RIGHT:
        indent.right_indent = SIZE_4
    else:
        indent.left_indent = SIZE_4
    run_of(paragraph, "— ", SONG, SIZE_4)
    run = run_of(paragraph, "", SONG, SIZE_4)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        if text:
            instruction = OxmlElement("w:instrText")
            instruction.text = text
            run._r.append(instruction)
        else:
            run._r.append(element("w:fldChar", fldCharType=kind))
    run_of(paragraph, " —", SONG, SIZE_4)


def run_of(paragraph: Paragraph, text: str, font: str = FANG_SONG, size: Pt = SIZE_3) -> Any:
    run = paragraph.add_run(text)
    run.font.size = size
    properties = run._r.get_or_add_rPr()
    set_fonts(properties, font)
    if size == SIZE_3:
        properties.insert_element_before(
            element("w:spacing", val=TIGHTER), "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:color", "w:lang"
        )
    return run


def set_fonts(properties: Any, font: str) -> None:
    fonts = properties.get_or_add_rFonts()
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{kind}"), font)


def element(tag: str, **attributes: Any) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def off_grid(paragraph: Paragraph) -> None:
    """Lines of this paragraph keep their own pitch."""
    paragraph._p.get_or_add_pPr().insert_element_before(
        element("w:snapToGrid", val="0"), "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def packed(document: Docx) -> bytes:
    """Save without the clock; the date of the letter stays among its properties."""
    written = io.BytesIO()
    document.save(written)
    return settled(written.getvalue(), keeps_dates=True)
