"""Posters: what stands on a page, what its code says, that printing again gives the same bytes."""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest
import zxingcpp
from docx import Document
from PIL import Image

from courtyard.intake import posters
from courtyard.intake.posters import Poster

URL = "https://shaocheng.example/q/5101050050020001-1-0123456789abcdef"
TWO = (Poster("四道街2号院", URL, "5101050050020001-1"), Poster("四道街4号院", f"{URL}0", "5101050050020002-1"))


def codes(document: bytes) -> list[str]:
    """What the QR codes of a document say, in the order of its pages."""
    opened = Document(io.BytesIO(document))
    found = []
    for shape in opened.inline_shapes:
        part = opened.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed]
        found += [code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(part.blob)))]
    return found


def words(document: bytes) -> str:
    return "\n".join(
        node.text or "" for node in Document(io.BytesIO(document)).element.iter() if node.tag.endswith("}t")
    )


def test_each_page_has_its_code_and_what_a_resident_needs():
    made = posters.document("少城街道", TWO, 24)
    assert codes(made) == [URL, f"{URL}0"]
    text = words(made)
    for told in ("少城街道", "四道街2号院", "四道街4号院", "扫一扫", "119", "120", "110", "24个月", "12345"):
        assert told in text


def test_the_code_is_read_with_a_fifth_of_it_torn_off():
    picture = Image.open(io.BytesIO(posters.code_picture(URL))).convert("L")
    side = picture.width
    picture.paste(128, (side * 5 // 9, side * 5 // 9, side * 5 // 9 + side // 4, side * 5 // 9 + side // 4))
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [URL]


def test_printing_again_gives_the_same_bytes():
    assert posters.document("少城街道", TWO, 24) == posters.document("少城街道", TWO, 24)


def test_the_document_tells_no_author_and_no_time():
    core = Document(io.BytesIO(posters.document("少城街道", TWO, 24))).core_properties
    assert core.last_modified_by in ("", None)
    assert core.author in ("", "python-docx")


@pytest.mark.office
def test_a_poster_is_one_page_and_its_code_is_read_from_paper(tmp_path):
    path = tmp_path / "posters.docx"
    path.write_bytes(posters.document("少城街道", TWO, 24))
    subprocess.run(
        ["soffice", "--headless", "--convert-to", "pdf", "--outdir", tmp_path, path], check=True, capture_output=True
    )
    assert shutil.which("pdftoppm")
    subprocess.run(["pdftoppm", "-r", "60", "-png", tmp_path / "posters.pdf", tmp_path / "page"], check=True)
    pages = sorted(tmp_path.glob("page-*.png"))
    assert [[code.text for code in zxingcpp.read_barcodes(Image.open(page))] for page in pages] == [[URL], [f"{URL}0"]]
