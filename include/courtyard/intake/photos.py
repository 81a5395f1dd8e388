"""Photos: decoded within limits, made anew as a JPEG without anything that is not picture, sealed."""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass, field
from datetime import datetime

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Connection, text

from courtyard.intake.refusal import Refused
from courtyard.privacy.keys import KeyRing

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1600
QUALITY = 82
# A picture that is a page, a program or an archive as well is sent by nobody by accident.
_ALSO = (b"<script", b"<html", b"<svg", b"<?php", b"<!doctype", b"%pdf-")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_WITHIN = 65_557  # bytes from the end: the record and the longest comment
_AT_ONCE = threading.BoundedSemaphore(2)  # a decoded photo may take 150 MB
_STORE = text("""
INSERT INTO intake.photo (photo_id, street_code, taken_in_at, width, height, sealed)
VALUES (:photo_id, :street_code, :taken_in_at, :width, :height, :sealed)
""")
_READ = text("SELECT sealed FROM intake.photo WHERE street_code = :street AND photo_id = :photo_id")


@dataclass(frozen=True)
class Photo:
    """A JPEG of this service's own making; sides in pixels."""

    jpeg: bytes = field(repr=False)
    width: int
    height: int


def made_anew(raw: bytes, most_bytes: int) -> Photo:
    """The picture of an uploaded JPEG, PNG or WebP, turned upright, at most `LONGEST_SIDE` pixels, without metadata.

    Refused: 413 for too many bytes or pixels, 415 for what is no such picture or something else besides.
    """
    if len(raw) > most_bytes:
        raise Refused(413, f"照片超过{most_bytes // 2**20}MB。", "请换一张小一些的照片，或不带照片提交。")
    lowered = raw.lower()
    if any(mark in lowered for mark in _ALSO) or _ZIP_END in raw[-_ZIP_END_WITHIN:]:
        raise _no_photo()
    with _AT_ONCE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _decoded(raw)
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError, OverflowError):
            raise _no_photo() from None
        except Image.DecompressionBombError:
            raise _too_large() from None


def store(connection: Connection, keys: KeyRing, street_code: str, photo_id: str, photo: Photo, at: datetime) -> None:
    """Seal a photo into `intake.photo`, in the caller's transaction."""
    values = {
        "photo_id": photo_id,
        "street_code": street_code,
        "taken_in_at": at,
        "width": photo.width,
        "height": photo.height,
        "sealed": keys.seal_bytes(photo.jpeg, photo_id),
    }
    connection.execute(_STORE, values)


def read(connection: Connection, keys: KeyRing, street_code: str, photo_id: str) -> bytes | None:
    """The JPEG of a photo, None where there is none."""
    sealed = connection.scalar(_READ, {"street": street_code, "photo_id": photo_id})
    return keys.open_bytes(bytes(sealed), photo_id) if sealed is not None else None


def _decoded(raw: bytes) -> Photo:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise _too_large()
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded at a smaller scale where that will do
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        upright = upright.convert("RGBA")
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright)
    plain = upright.convert("RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.frombytes("RGB", plain.size, plain.tobytes())  # pixels, and nothing that came with them
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Photo(out.getvalue(), clean.width, clean.height)


def _no_photo() -> Refused:
    return Refused(415, "这不是可以使用的照片。", "请用JPEG、PNG或WebP格式的照片，或不带照片提交。")


def _too_large() -> Refused:
    return Refused(413, "照片尺寸太大。", "请换一张小一些的照片，或不带照片提交。")
