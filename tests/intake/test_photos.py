"""Photos: what is taken, what is left of it, what is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image
from tests.intake.test_form_pages import FILLED, code, post

from courtyard.intake import photos
from courtyard.intake.refusal import Refused

MOST = 8 * 2**20


def picture(form="JPEG", size=(640, 480), mode="RGB", colour=(200, 30, 30), **saving) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **saving)
    return out.getvalue()


def with_gps(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "PhoneMaker"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 40.0, 1.0), 3: "E", 4: (104.0, 2.0, 52.0)})
    return picture(exif=exif, comment=b"taken by somebody")


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in some bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100_000)) + chunk(b"IEND", b"")


def with_zip() -> bytes:
    out = io.BytesIO(picture())
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("a.html", "<p>")
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_three_formats_become_a_jpeg(form):
    made = photos.made_anew(picture(form), MOST)
    again = Image.open(io.BytesIO(made.jpeg))
    assert (again.format, again.size) == ("JPEG", (640, 480))


@pytest.mark.parametrize("size", [(4000, 3000), (3000, 4000), (1601, 10)])
def test_the_longest_side_is_1600(size):
    made = photos.made_anew(picture(size=size), MOST)
    assert max(made.width, made.height) == 1600
    assert Image.open(io.BytesIO(made.jpeg)).size == (made.width, made.height)


def test_it_is_turned_upright_and_place_maker_and_remark_are_gone():
    sent = with_gps()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    made = photos.made_anew(sent, MOST)
    assert (made.width, made.height) == (480, 640)
    again = Image.open(io.BytesIO(made.jpeg))
    assert not again.getexif() and "comment" not in again.info and "exif" not in again.info
    assert b"PhoneMaker" not in made.jpeg and b"somebody" not in made.jpeg


def test_what_was_see_through_is_white():
    made = photos.made_anew(picture("PNG", mode="RGBA", colour=(0, 0, 0, 0)), MOST)
    assert Image.open(io.BytesIO(made.jpeg)).getpixel((5, 5)) == (255, 255, 255)


REFUSED = {
    "text": (b"hello", 415),
    "empty picture": (b"\xff\xd8\xff\xd9", 415),
    "cut off": (picture(colour=(1, 2, 3))[:400], 415),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 415),
    "gif": (picture("GIF"), 415),
    "bmp": (picture("BMP"), 415),
    "tiff": (picture("TIFF"), 415),
    "page behind a jpeg": (picture() + b"<HTML><script>alert(1)</script>", 415),
    "script in a remark": (picture(comment=b"<ScRiPt>x</script>"), 415),
    "archive behind a jpeg": (with_zip(), 415),
    "paper in a jpeg": (picture(comment=b"%PDF-1.4"), 415),
    "pixel bomb": (bomb(), 413),
    "too many bytes": (b"\xff\xd8" + b"0" * MOST, 413),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_photo_is_refused(kind):
    sent, status = REFUSED[kind]
    with pytest.raises(Refused) as refused:
        photos.made_anew(sent, MOST)
    assert refused.value.status == status


@pytest.mark.parametrize("kind", ["svg", "page behind a jpeg", "pixel bomb"])
def test_a_report_with_such_a_photo_is_not_stored(service, kind):
    sent, status = REFUSED[kind]
    answer = post(service, files={"photo": ("a.jpg", sent, "image/jpeg")}, code=code(service), **FILLED)
    assert answer.status_code == status
    assert service.rows("report") == service.rows("photo") == []


def test_a_photo_is_sealed_beside_its_report_and_opens_again(service):
    name = "../../x\u202egpj.exe"
    for _ in range(2):  # sent twice
        answer = post(
            service, files={"photo": (name, with_gps(), "image/jpeg")}, code=code(service), sent_as="a" * 32, **FILLED
        )
        assert answer.status_code == 303
    (row,), (report,) = service.rows("photo"), service.rows("report")
    assert report["photo_id"] == row["photo_id"]
    assert b"JFIF" not in bytes(row["sealed"])
    with service.admin.connect() as connection:
        street = service.district.office.street_code
        jpeg = photos.read(connection, service.keys, street, row["photo_id"])
        assert photos.read(connection, service.keys, street, "F0") is None
    assert Image.open(io.BytesIO(jpeg)).size == (row["width"], row["height"]) == (480, 640)
