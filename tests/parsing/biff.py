"""Legacy workbooks (.xls) record by record: what no library that is kept up still writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Formula = tuple[str, float | None]  # ("formula", result), None for an empty text


@dataclass
class LegacySheet:
    """`formats` gives cells (row, column), 1-based, an own number format; `errors` and formulas stand in `rows`."""

    title: str
    rows: Sequence[Sequence[Any]]
    formats: Mapping[tuple[int, int], str] = field(default_factory=dict)
    merges: Sequence[tuple[int, int, int, int]] = ()  # top, left, bottom, right
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    is_hidden: bool = False


def legacy(*sheets: LegacySheet, epoch_1904: bool = False) -> bytes:
    """A BIFF8 workbook in its container. Text, numbers, booleans, `#REF!` and such, and formulas."""
    codes = sorted({code for sheet in sheets for code in sheet.formats.values()})
    head = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1996, 0, 0)), _record(0x0042, b"\xb0\x04")]
    head.append(_record(0x0022, struct.pack("<H", epoch_1904)))
    head += [_record(0x0031, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _short("A"))] * 5
    head += [_record(0x041E, struct.pack("<H", 164 + n) + _long(code)) for n, code in enumerate(codes)]
    head += [_record(0x00E0, struct.pack("<HHHBBBBIIH", 0, key, 0, 0, 0, 0, 0, 0, 0, 0)) for key in (0, *(164 + n for n in range(len(codes))))]  # fmt: skip
    bodies = [_sheet(sheet, codes) for sheet in sheets]
    size = sum(map(len, head)) + sum(len(_boundsheet(sheet, 0)) for sheet in sheets) + 4
    for sheet, body in zip(sheets, bodies, strict=True):
        head.append(_boundsheet(sheet, size))
        size += len(body)
    return _container(b"".join([*head, _record(0x000A, b""), *bodies]))


_SECTOR, _END, _FREE = 512, 0xFFFFFFFE, 0xFFFFFFFF


def _container(stream: bytes) -> bytes:
    """An OLE2 file with one stream `Workbook`: sector 0 the allocation table, 1 the directory, then the stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    assert sectors <= 126, "one sector of allocation table is enough for tests"
    chain = [0xFFFFFFFD, _END, *range(3, sectors + 2), _END]
    table = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    head = bytes.fromhex("D0CF11E0A1B11AE1").ljust(24, b"\0") + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0) + struct.pack("<109I", 0, *[_FREE] * 108)
    entries = [_entry("Root Entry", 5, 1, _END, 0), _entry("Workbook", 2, _FREE, 2, len(stream))]
    return head + table + b"".join(entries).ljust(_SECTOR, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    spelled = (name + "\0").encode("utf-16-le")
    links = struct.pack("<HBBIII36x", len(spelled), kind, 1, _FREE, _FREE, child)
    return spelled.ljust(64, b"\0") + links + struct.pack("<III", start, size, 0)


def _sheet(sheet: LegacySheet, codes: Sequence[str]) -> bytes:
    found = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1996, 0, 0))]
    found += [_record(0x007D, struct.pack("<HHHHHH", c - 1, c - 1, 2000, 0, 1, 0)) for c in sheet.hidden_columns]
    for at, row in enumerate(sheet.rows):
        found.append(
            _record(0x0208, struct.pack("<HHHHHHI", at, 0, len(row), 300, 0, 0, 0x20 * (at + 1 in sheet.hidden_rows)))
        )
    for at, row in enumerate(sheet.rows):
        for column, value in enumerate(row):
            code = sheet.formats.get((at + 1, column + 1))
            place = struct.pack("<HHH", at, column, codes.index(code) + 1 if code else 0)
            found.append(_cell(place, value))
    if sheet.merges:
        ranges = b"".join(struct.pack("<HHHH", t - 1, b - 1, a - 1, z - 1) for t, a, b, z in sheet.merges)
        found.append(_record(0x00E5, struct.pack("<H", len(sheet.merges)) + ranges))
    return b"".join([*found, _record(0x000A, b"")])


_ERRORS = {"#DIV/0!": 7, "#REF!": 23, "#N/A": 42}


def _cell(place: bytes, value: Any) -> bytes:
    match value:
        case None:
            return b""
        case bool():
            return _record(0x0205, place + struct.pack("<BB", value, 0))
        case str() if value in _ERRORS:
            return _record(0x0205, place + struct.pack("<BB", _ERRORS[value], 1))
        case str():
            return _record(0x0204, place + _long(value))
        case ("formula", None):
            return _record(0x0006, place + b"\x03\0\0\0\0\0\xff\xff" + struct.pack("<HIH", 0, 0, 0))
        case ("formula", result):
            return _record(0x0006, place + struct.pack("<dHIH", result, 0, 0, 0))
    return _record(0x0203, place + struct.pack("<d", value))


def _record(number: int, body: bytes) -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def _boundsheet(sheet: LegacySheet, offset: int) -> bytes:
    return _record(0x0085, struct.pack("<IBB", offset, sheet.is_hidden, 0) + _short(sheet.title))


def _short(text: str) -> bytes:
    return struct.pack("<BB", len(text), 1) + text.encode("utf-16-le")


def _long(text: str) -> bytes:
    return struct.pack("<HB", len(text.encode("utf-16-le")) // 2, 1) + text.encode("utf-16-le")
