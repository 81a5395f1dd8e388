"""The pages of pictures behind a letter."""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.image.image import Image
from docx.shared import Length, Mm, Pt

from courtyard.letters.elements import FANG_SONG, HEI, SIZE_3, SIZE_4, off_grid, run_of
from courtyard.letters.letter import Picture

WIDEST, HIGHEST = Mm(150), Mm(92)  # two of them fill a type area of 225 mm with their captions


def add_pictures(document: Docx, pictures: Sequence[Picture], number: int | None) -> None:
    """附件 in the upper left corner of a new page, with its `number` where there are several; then the pictures."""
    mark = document.add_paragraph()
    mark.paragraph_format.page_break_before = True
    run_of(mark, f"附件{number}" if number else "附件", HEI, SIZE_3)
    for picture in pictures:
        _add(document, picture)


def _add(document: Docx, picture: Picture) -> None:
    width, height = _fitted(picture.data)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    shape = paragraph.paragraph_format
    shape.keep_with_next = True
    shape.line_spacing_rule = WD_LINE_SPACING.SINGLE  # a line of fixed height would cut the picture
    off_grid(paragraph)
    shown = paragraph.add_run().add_picture(io.BytesIO(picture.data), width, height)
    shown._inline.docPr.set("descr", picture.caption)
    caption = document.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.space_after = Pt(8)
    run_of(caption, picture.caption, FANG_SONG, SIZE_4)


def _fitted(data: bytes) -> tuple[Length, Length]:
    """As large as there is room for, in its own proportions."""
    image = Image.from_blob(data)
    scale = min(WIDEST / image.px_width, HIGHEST / image.px_height)
    return Length(int(image.px_width * scale)), Length(int(image.px_height * scale))
