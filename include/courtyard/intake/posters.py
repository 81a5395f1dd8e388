"""Posters with a courtyard's QR code: one A4 page each in a Word document, the same bytes for the same links."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass

import segno
from docx import Document
from docx.document import Document as Doc
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from PIL import Image, ImageDraw

from courtyard.ooxml import settled

_BLUE, _RED, _INK, _SOFT = (RGBColor.from_string(code) for code in ("0A4A8F", "B3001B", "14191F", "48525E"))
_WHITE = RGBColor(0xFF, 0xFF, 0xFF)
_FONT = "黑体"
_QR_CM, _WIDTH_CM, _ICON_CM = 11.8, 17.0, 2.4
_MODULE_PIXELS = 16
_STEPS = (
    ("scan", "扫一扫", "用手机扫上面的码"),
    ("write", "写清楚", "写姓名、地址和问题"),
    ("follow", "看进度", "件件有人办、有答复"),
)


@dataclass(frozen=True)
class Poster:
    """One page. `title` is the courtyard's or grid's name, `url` what the code opens, `mark` tells one printing from another."""

    title: str
    url: str
    mark: str
    is_for_workers: bool = False


def document(street: str, posters: Iterable[Poster], kept_months: int) -> bytes:
    """A Word document with one page a poster. `street` is the office's short name."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin, section.bottom_margin = Cm(1.5), Cm(1.2)
    made.styles["Normal"].font.name = _FONT
    made.styles["Normal"].element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")
    made.styles["Normal"].element.rPr.append(language)
    icons = {name: _icon(name) for name, _, _ in _STEPS}
    for number, poster in enumerate(posters):
        _page(made, street, poster, icons, kept_months, is_first=number == 0)
    out = io.BytesIO()
    made.save(out)
    return settled(out.getvalue())


def code_picture(url: str) -> bytes:
    """The QR code of an address as a PNG: error correction Q, so that a quarter of it may be torn or dirty."""
    out = io.BytesIO()
    segno.make(url, error="q", micro=False, boost_error=False).save(out, kind="png", scale=_MODULE_PIXELS, border=4)
    return out.getvalue()


def _page(made: Doc, street: str, poster: Poster, icons: dict[str, bytes], kept_months: int, is_first: bool) -> None:
    _band(made, street, "网格员上报" if poster.is_for_workers else "院里有事 扫码就说", is_first)
    _line(made.add_paragraph(), poster.title, 38, before=12, bold=True)
    _picture(made.add_paragraph(), code_picture(poster.url), _QR_CM)
    _steps(made, icons)
    _danger(made)
    told = (
        "姓名、地址、电话和照片加密保存，只给办理这件事的工作人员看，不公开，不作他用。"
        f"网上服务保存{kept_months}个月，到期删除。不会扫码，可以请邻居帮忙，或拨打12345。"
    )
    _line(made.add_paragraph(), told, 12, colour=_SOFT, before=8)
    _line(
        made.add_paragraph(),
        f"{street}街道办事处".replace("街道街道", "街道") + f"　{poster.mark}",
        10,
        colour=_SOFT,
        before=2,
    )


def _band(made: Doc, street: str, call: str, is_first: bool) -> None:
    """The coloured head of a page; every page but the first breaks before it."""
    if not is_first:
        last = made.paragraphs[-1]
        last.add_run().add_break(WD_BREAK.PAGE)
    cell = _box(made, "0A4A8F")
    _line(cell.paragraphs[0], street, 22, colour=_WHITE, before=6)
    _line(cell.add_paragraph(), call, 40, colour=_WHITE, after=8, bold=True)


def _steps(made: Doc, icons: dict[str, bytes]) -> None:
    table = made.add_table(rows=1, cols=len(_STEPS))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for number, (name, title, told) in enumerate(_STEPS, 1):
        cell = table.cell(0, number - 1)
        _picture(cell.paragraphs[0], icons[name], _ICON_CM)
        _line(cell.add_paragraph(), f"{number}. {title}", 20, bold=True)
        _line(cell.add_paragraph(), told, 13)


def _danger(made: Doc) -> None:
    _line(made.add_paragraph(), "", 6)
    cell = _box(made, "B3001B")
    _line(cell.paragraphs[0], "有危险，先打电话", 22, colour=_WHITE, before=4, bold=True)
    _line(cell.add_paragraph(), "着火、燃气 119　伤病 120　报警 110", 24, colour=_WHITE, after=6, bold=True)


def _box(made: Doc, fill: str) -> _Cell:
    """A filled box over the whole width."""
    table = made.add_table(rows=1, cols=1)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    cell = table.cell(0, 0)
    cell.width = Cm(_WIDTH_CM)
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", fill)):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)
    return cell


def _line(
    line: Paragraph,
    text: str,
    size: float,
    *,
    colour: RGBColor = _INK,
    before: float = 0,
    after: float = 0,
    bold: bool = False,
) -> None:
    """A centred line; sizes in points."""
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(before), Pt(after)
    line.paragraph_format.line_spacing = Pt(size * 1.3)  # the same with every font, so that a page stays a page
    run = line.add_run(text)
    run.font.size, run.font.bold, run.font.name = Pt(size), bold, _FONT
    run.font.color.rgb = colour
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _FONT)


def _picture(line: Paragraph, png: bytes, width: float) -> None:
    """A centred picture, its width in centimetres."""
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(0)
    line.add_run().add_picture(io.BytesIO(png), width=Cm(width))


def _icon(name: str) -> bytes:
    """A step as a picture: a phone with a code, a pen on a sheet, a list with its ticks."""
    side, ink, line = 320, (10, 74, 143), 14
    picture = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((70, 20, 250, 300), 26, outline=ink, width=line)
    if name == "scan":
        for x, y in ((108, 80), (172, 80), (108, 144)):
            draw.rectangle((x, y, x + 40, y + 40), outline=ink, width=10)
        draw.rectangle((182, 154, 202, 174), fill=ink)
        draw.line((120, 255, 200, 255), fill=ink, width=line)
    elif name == "write":
        for y, end in ((80, 212), (125, 190), (170, 160)):
            draw.line((105, y, end, y), fill=ink, width=line)
        draw.line((175, 262, 285, 130), fill=(179, 0, 27), width=26)
        draw.polygon(((160, 280), (166, 246), (192, 268)), fill=(179, 0, 27))
    else:
        for y in (85, 155, 225):
            draw.line((102, y, 118, y + 18, 146, y - 20), fill=(11, 107, 58), width=line, joint="curve")
            draw.line((164, y, 214, y), fill=ink, width=line)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
