"""A small table in a letter."""

from __future__ import annotations

import re

from docx.document import Document as Docx
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from docx.table import Table, _Cell

from courtyard.letters.elements import AREA_POINTS, FANG_SONG, HEI, SIZE_4, SMALL, element, off_grid, run_of
from courtyard.letters.letter import LetterTable


def add_table(document: Docx, made: LetterTable) -> None:
    if made.caption:
        caption = document.add_paragraph()
        caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        caption.paragraph_format.keep_with_next = True
        caption.paragraph_format.space_before = Pt(8)
        run_of(caption, made.caption, HEI, SIZE_4)
    table = document.add_table(rows=1, cols=len(made.headers), style="Table Grid")
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    shares = made.widths or tuple(1.0 for _ in made.headers)
    widths = [Pt(AREA_POINTS * share / sum(shares)) for share in shares]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in (made.headers, *made.rows):
        cells = table.rows[0].cells if row is made.headers else table.add_row().cells
        for index, text in enumerate(row):
            cells[index].width = widths[index]
            _fill(cells[index], text, is_header=row is made.headers)
    _repeated(table)
    document.add_paragraph().paragraph_format.line_spacing = Pt(10)


def _fill(cell: _Cell, text: str, *, is_header: bool) -> None:
    paragraph = cell.paragraphs[0]
    number = re.fullmatch(r"[-−+]?[\d,]+(\.\d+)?", text) is not None
    paragraph.alignment = (
        WD_ALIGN_PARAGRAPH.CENTER if is_header else WD_ALIGN_PARAGRAPH.RIGHT if number else WD_ALIGN_PARAGRAPH.LEFT
    )
    paragraph.paragraph_format.line_spacing = Pt(18)
    off_grid(paragraph)
    run_of(paragraph, text, HEI if is_header else FANG_SONG, SMALL)


def _repeated(table: Table) -> None:
    """The header row on every page, and no row over two."""
    table.rows[0]._tr.get_or_add_trPr().append(element("w:tblHeader", val="true"))
    for row in table.rows:
        row._tr.get_or_add_trPr().append(element("w:cantSplit", val="true"))
