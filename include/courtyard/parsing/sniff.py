"""What bytes are, whatever their name says."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal[
    "xlsx",
    "xls",
    "encrypted",
    "zip",
    "html",
    "xml_sheet",
    "pdf",
    "image",
    "rtf",
    "word",
    "ods",
    "text",
    "binary",
    "empty",
]

_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORD = "WordDocument".encode("utf-16-le")
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|meta|script)\b", re.IGNORECASE)

TITLES: dict[Kind, str] = {
    "xls": "旧版Excel",
    "zip": "压缩包",
    "xml_sheet": "XML表格",
    "pdf": "PDF文件",
    "image": "图片",
    "rtf": "写字板文档",
    "word": "Word文档",
    "xlsx": "Excel工作簿",
    "encrypted": "加密文件",
    "html": "网页",
    "ods": "OpenDocument表格",
    "text": "文本或CSV",
    "binary": "未知格式",
    "empty": "空文件",
}


def kind(data: bytes) -> Kind:
    """The kind of a file by its bytes."""
    if not data.strip(b"\x00\r\n\t "):
        return "empty"
    if data.startswith(b"PK"):
        return _zip_kind(data)
    if data.startswith(_OLE):
        return "encrypted" if _ENCRYPTED in data else "word" if _WORD in data else "xls"  # .et is an .xls by its bytes
    if data[:2] == b"\x09\x08" or data[:4] in (b"\x09\x04\x06\x00", b"\x09\x02\x06\x00"):
        return "xls"  # a bare BIFF stream
    head = data[:4096].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if _HTML.search(head) or _HTML.search(head.replace(b"\x00", b"")):
        return "html"
    if head.startswith(b"<?xml") or head.startswith(b"<Workbook"):
        return "xml_sheet"
    if head.startswith(b"%PDF"):
        return "pdf"
    if data.startswith(_IMAGES) or _is_picture(data[:16]):
        return "image"
    if data.startswith(_ARCHIVES):
        return "zip"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"MIME-Version:"):
        return "html"  # a web page saved as one file
    return "binary" if _looks_binary(data[:4096]) else "text"


def _is_picture(head: bytes) -> bool:
    """WebP and HEIC say so behind a length."""
    return head[8:12] == b"WEBP" or head[4:8] == b"ftyp"


def _zip_kind(data: bytes) -> Kind:
    """Names are looked for in the bytes, so that a cut-off workbook still counts as one."""
    if b"word/document.xml" in data and b"xl/workbook" not in data:
        return "word"
    if b"[Content_Types].xml" in data or b"xl/workbook" in data or b"xl/worksheets/" in data:
        return "xlsx"
    return "ods" if b"opendocument.spreadsheet" in data[:200] else "zip"


def is_no_text(data: bytes) -> Kind | None:
    """The kind of a file that was sent as text and is another; markup counts only at its very beginning."""
    found = kind(data)
    is_markup = found in ("html", "xml_sheet") and not data.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<")
    return None if found in ("text", "binary", "empty") or is_markup else found


def _looks_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    control = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return control > len(head) * 0.05
