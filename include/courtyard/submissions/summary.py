"""The one-page receipt on paper (A4, .docx): result, counts, the main problems, what to do, whom to ask.

It names cells and never holds a value, so it may lie on a desk. One page however many findings there are: the
rest stands in the annotated copy.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from courtyard.submissions import phrases
from courtyard.submissions.outcome import Receipt

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

FONT, HEAVY = "宋体", "黑体"
SIZE, AFTER = 10, 1  # points of text, and of space below a paragraph
COLOURS = {"good": "00703C", "fair": "B45F06", "bad": "C00000"}
MAX_PARTS = 8
MAX_PROBLEMS = 6
MAX_CELLS = 5
MAX_WORDS, MAX_REMEDY = 48, 60  # characters; the vocabulary keeps to them
_WIDTHS = (1.6, 4.4, 5.4, 6.0)  # centimetres of the problems' columns


def one_page(receipt: Receipt) -> bytes:
    """The summary as .docx bytes."""
    from docx import Document

    document = Document()
    _set_up(document, receipt)
    _line(document, f"{receipt.title}回执", 18, bold=True, centred=True, font=HEAVY, after=4)
    colour = COLOURS[phrases.mood(receipt.status)]
    _line(document, phrases.result(receipt), 26, bold=True, centred=True, font=HEAVY, colour=colour, after=4)
    facts = [(label, text) for label, text in phrases.facts(receipt) if label in _HEAD]
    _pairs(document, facts)
    _heading(document, "各表结果")
    rows = [phrases.counts(part) for part in receipt.parts[:MAX_PARTS]]
    _grid(document, [phrases.COUNT_TITLES, *rows], (4.4, 4.4, 2.15, 2.15, 2.15, 2.15))
    _problems(document, receipt)
    if told := phrases.changes(receipt):
        _heading(document, "与上次报送相比")
        _line(document, _short(told, 150), SIZE)
    _heading(document, "下一步")
    _line(document, receipt.advice, 12, bold=True)
    limits = "　".join(filter(None, (phrases.deadline(receipt), receipt.whom and f"有疑问请联系{receipt.whom}")))
    _line(document, limits, SIZE)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


_HEAD = ("填报单位", "季度", "文件", "收到", "性质")


def _set_up(document: Document, receipt: Receipt) -> None:
    """A4 with narrow margins, Chinese fonts, and no word of who or what made it."""
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.8)
    section.top_margin = section.bottom_margin = Cm(1.6)
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(SIZE)
    spacing = style.paragraph_format
    spacing.space_before, spacing.space_after, spacing.line_spacing = Pt(1), Pt(AFTER), 1.0
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    about = document.core_properties
    about.author = about.last_modified_by = about.comments = about.keywords = ""
    about.title = f"{receipt.title}回执"
    if receipt.submitted:
        about.created = about.modified = receipt.submitted.received_at.replace(tzinfo=None)


def _line(
    place: Any,
    text: str,
    size: float,
    *,
    bold: bool = False,
    centred: bool = False,
    font: str = FONT,
    colour: str = "",
    after: float = AFTER,
) -> None:
    """A paragraph in one font; `place` is a document or a cell, whose first paragraph is used when it is empty.

    Only what differs from the document's own style is written: properties one by one are slow.
    """
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    paragraphs = place.paragraphs
    is_fresh_cell = hasattr(place, "merge") and len(paragraphs) == 1 and not paragraphs[0].text
    paragraph = paragraphs[0] if is_fresh_cell else place.add_paragraph()
    if after != AFTER:
        paragraph.paragraph_format.space_after = Pt(after)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    if size != SIZE:
        run.font.size = Pt(size)
    if bold:
        run.bold = True
    if colour:
        run.font.color.rgb = RGBColor.from_string(colour)
    if font != FONT:
        run.font.name = font
        run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _heading(document: Document, text: str) -> None:
    _line(document, "", 4, after=0)
    _line(document, text, 12, bold=True, font=HEAVY, colour="1F3864")


def _pairs(document: Document, pairs: Sequence[tuple[str, str]]) -> None:
    table = _table(document, len(pairs), (2.4, 15.0), style="Normal Table")
    for cells, (label, text) in zip(table, pairs, strict=True):
        _line(cells[0], label, SIZE, bold=True, colour="595959")
        _line(cells[1], _short(text, 80), SIZE)


def _grid(document: Document, rows: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
    """A bordered table whose first row is its header; all but the first column centred."""
    table = _table(document, len(rows), widths)
    for number, (cells, texts) in enumerate(zip(table, rows, strict=True)):
        for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            _line(cell, text, SIZE, bold=number == 0, centred=column > 0 or number == 0)
            if number == 0:
                _shade(cell, "D9E1F2")


def _problems(document: Document, receipt: Receipt) -> None:
    found = phrases.problems(receipt)
    if not found:
        return
    _heading(document, "主要问题")
    shown = found[:MAX_PROBLEMS]
    table = _table(document, len(shown) + 1, _WIDTHS)
    for cell, title in zip(table[0], ("级别", "单元格", "问题", "怎样改"), strict=True):
        _line(cell, title, SIZE, bold=True, centred=True)
        _shade(cell, "D9E1F2")
    for cells, problem in zip(table[1:], shown, strict=True):
        is_error = problem.severity == "error"
        _line(cells[0], phrases.SEVERITIES[problem.severity], SIZE, bold=is_error, centred=True)
        _shade(cells[0], "F8B4B4" if is_error else "FFE699")
        _line(cells[1], _short(problem.where(MAX_CELLS) or "整份文件", MAX_WORDS), SIZE)
        _line(cells[2], _short(problem.message, MAX_WORDS), SIZE)
        _line(cells[3], _short(problem.suggestion, MAX_REMEDY), SIZE)
    total, rest = sum(p.count for p in found), sum(p.count for p in found[MAX_PROBLEMS:])
    more = f"其余{rest}处见批注表。" if rest else "每一处的位置和改法见批注表。"
    _line(document, f"共{total}处。{more}", SIZE)


def _table(document: Document, rows: int, widths: Sequence[float], *, style: str = "Table Grid") -> list[list[_Cell]]:
    """The cells of a new table by row; reading them through the library cell by cell is slow."""
    from docx.shared import Cm

    table = document.add_table(rows, len(widths), style)
    table.autofit = False
    cells = table._cells
    made = [cells[start : start + len(widths)] for start in range(0, len(cells), len(widths))]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Cm(width)
    for row in made:
        for cell, width in zip(row, widths, strict=True):
            cell.width = Cm(width)
    return made


def _shade(cell: _Cell, colour: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shading.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shading)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
