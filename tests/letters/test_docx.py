"""The letter layout of GB/T 9704, read back from the file."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from docx.shared import Mm, Pt
from hypothesis import given
from hypothesis import strategies as st

from courtyard.letters import Letter, LetterTable
from courtyard.letters.docx import _title_lines, render

OFFICE = "青羊区人民政府少城街道办事处"
LETTER = Letter(
    issuer=OFFICE,
    number="少城办函〔2026〕12号",
    title=f"{OFFICE}关于更正2026年7月城市低保统计表的函",
    addressed_to="青羊区民政局",
    paragraphs=("现将有关事项函告如下。", "请予更正。"),
    signed_by=OFFICE,
    date=date(2026, 9, 20),
    attachments=("城市低保统计表", "对照表"),
    closing="特此函告。",
    table=LetterTable(("单元格", "原数", "更正为"), (("H7", "930", "940"),), (1, 2, 2), "更正内容"),
)


def opened(letter):
    return Document(io.BytesIO(render(letter)))


def texts(letter):
    return [p.text for p in opened(letter).paragraphs if p.text]


def test_everything_stands_in_the_order_of_a_letter():
    assert texts(LETTER) == [
        "少城办函〔2026〕12号",
        OFFICE,
        "关于更正2026年7月城市低保统计表的函",
        "青羊区民政局：",
        "现将有关事项函告如下。",
        "请予更正。",
        "更正内容",
        "特此函告。",
        "附件：1. 城市低保统计表",
        "2. 对照表",
        OFFICE,
        "2026年9月20日",
    ]
    (table,) = opened(LETTER).tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["单元格", "原数", "更正为"],
        ["H7", "930", "940"],
    ]


def test_the_page_is_that_of_the_letter_format():
    section = opened(LETTER).sections[0]
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(m.mm) for m in margins] == [37, 35, 28, 26]
    assert section.page_width - section.left_margin - section.right_margin == pytest.approx(Mm(156), abs=Mm(0.1))
    assert section.page_height - section.top_margin - section.bottom_margin == pytest.approx(Mm(225), abs=Mm(0.1))
    assert (round(section.header_distance.mm), round(section.footer_distance.mm)) == (30, 20)
    head, foot = section.first_page_header.paragraphs[0], section.first_page_footer.paragraphs[0]
    assert (head.text, str(head.runs[0].font.color.rgb)) == (OFFICE, "E60012")
    assert 'w:bottom w:val="thickThinSmallGap"' in head._p.xml
    assert (foot.text, 'w:bottom w:val="thinThickSmallGap"' in foot._p.xml) == ("", True)
    assert "PAGE" not in foot._p.xml
    assert "PAGE" in section.footer.paragraphs[0]._p.xml and "PAGE" in section.even_page_footer.paragraphs[0]._p.xml


def test_the_body_is_size_3_fang_song_with_22_lines_a_page():
    document = opened(LETTER)
    body = next(p for p in document.paragraphs if p.text == "请予更正。")
    assert (body.runs[0].font.size, body.paragraph_format.first_line_indent) == (Pt(16), Pt(32))
    assert 'w:eastAsia="仿宋_GB2312"' in body._p.xml
    pitch = document.styles["Normal"].paragraph_format.line_spacing
    assert int(Mm(225) / pitch) == 22
    title = next(p for p in document.paragraphs if p.text.startswith("关于"))
    assert (title.runs[0].font.size, 'w:eastAsia="方正小标宋简体"' in title._p.xml) == (Pt(22), True)


@pytest.mark.parametrize("signed", [OFFICE, "少城街道"])
def test_the_signature_is_centred_on_the_date_within_the_type_area(signed):
    paragraphs = [p for p in opened(replace(LETTER, signed_by=signed)).paragraphs if p.text]
    name, day = paragraphs[-2:]
    assert name.text == signed
    width = lambda text: sum(0.5 if c.isascii() else 1.0 for c in text) * 16 - len(text) * 0.25  # noqa: E731
    centre = [p.paragraph_format.right_indent.pt + width(p.text) / 2 for p in (name, day)]
    assert centre[0] == pytest.approx(centre[1], abs=0.2)
    assert min(p.paragraph_format.right_indent.pt for p in (name, day)) >= 31.9


def test_one_attachment_has_no_number_and_none_no_line():
    assert "附件：对照表" in texts(replace(LETTER, attachments=("对照表",)))
    assert not [t for t in texts(replace(LETTER, attachments=())) if "附件" in t]


def test_equal_letters_are_equal_bytes_without_author_or_clock():
    body = render(LETTER)
    assert body == render(replace(LETTER))
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        assert {entry.date_time[0] for entry in packed.infolist()} == {1980}
        core = packed.read("docProps/core.xml").decode()
    assert re.findall(r">(\d{4})-", core) == ["2025", "2025"]
    assert "python-docx" not in core


@given(st.text(st.sampled_from("关于更正的函年月第一2026《》，表城市低保"), min_size=1, max_size=70))
def test_a_title_is_broken_without_losing_a_character_and_fits(title):
    lines = _title_lines(title)
    assert "".join(lines) == title
    assert all(1 <= len(line) <= 20 for line in lines)
