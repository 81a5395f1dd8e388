"""Caps on what one file may cost, bound to bytes really inflated, and the checks of a workbook's ZIP package."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from courtyard.errors import CourtyardError

MEGABYTE = 1024 * 1024
CHUNK = 256 * 1024
MAX_PARTS = 2_000
RATIO_FROM_BYTES = 10 * MEGABYTE  # honest small parts compress beyond any ratio
MAX_RATIO = 100
MAX_GAP = 64  # bytes between parts that no part accounts for: a data descriptor takes 24
_LOCAL_HEADER = 30


@dataclass(frozen=True)
class Caps:
    """What one file may cost. `raw` counts delivered bytes of a workbook, `inflated` its parts or a text's bytes."""

    raw: int = 20 * MEGABYTE
    inflated: int = 200 * MEGABYTE
    columns: int = 200
    rows: int = 200_000
    cpu_seconds: int = 30
    wall_seconds: int = 60
    memory: int = 448 * MEGABYTE  # beside it stands its owner's copy of the file: 512 MB together


class Unreadable(CourtyardError):
    """A file refused as a whole: a code of `problems` and its detail. `rows` counts its data rows where knowable."""

    def __init__(self, code: str, detail: str = "", rows: int = 0) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.rows = rows


_FORBIDDEN = (
    (re.compile(r"vbaproject|/macrosheets/", re.IGNORECASE), "宏"),
    (re.compile(r"/externallinks/", re.IGNORECASE), "外部链接"),
    (re.compile(r"/embeddings/|/activex/|\.(?:zip|xlsx?|xlsm|docx?|exe|jar)$", re.IGNORECASE), "嵌入文件"),
)


class Package:
    """A workbook's ZIP package, checked before any part is used. Raises Unreadable."""

    def __init__(self, data: bytes, caps: Caps) -> None:
        if len(data) > caps.raw:
            raise Unreadable("file.too_large", f"超过{caps.raw // MEGABYTE}MB")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
            raise Unreadable("file.truncated") from None
        self._inflated = 0
        self._cap = caps.inflated
        self._check_names()
        self._check_layout(data)

    @property
    def names(self) -> list[str]:
        return self._zip.namelist()

    def _check_names(self) -> None:
        names = self.names
        if len(names) > MAX_PARTS:
            raise Unreadable("file.unsafe", "部件过多")
        if len({name.casefold() for name in names}) != len(names):
            raise Unreadable("file.unsafe", "部件重名")
        for info in self._zip.infolist():
            if ".." in info.filename.split("/") or info.filename.startswith("/") or "\\" in info.orig_filename:
                raise Unreadable("file.unsafe", "部件名指向文件之外")
            if info.flag_bits & 0x1:
                raise Unreadable("file.encrypted")
            for pattern, what in _FORBIDDEN:
                if pattern.search(info.filename):
                    raise Unreadable("file.unsafe", what)

    def _check_layout(self, data: bytes) -> None:
        """Every byte before the directory belongs to a part the directory names: none was dropped or hidden."""
        position = 0
        for info in sorted(self._zip.infolist(), key=lambda i: i.header_offset):
            start = info.header_offset
            if not 0 <= start - position <= MAX_GAP or data[start : start + 4] != b"PK\x03\x04":
                raise Unreadable("file.damaged", "目录与内容不符")
            name, extra = struct.unpack_from("<HH", data, start + 26)
            position = start + _LOCAL_HEADER + name + extra + info.compress_size
        if not 0 <= self._zip.start_dir - position <= MAX_GAP:
            raise Unreadable("file.damaged", "目录与内容不符")

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part's inflated bytes, counted against the caps; its CRC is checked at the end."""
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            raise Unreadable("file.damaged", "缺少部件") from None
        count = 0
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(CHUNK):
                    count += len(chunk)
                    self._count(len(chunk), count, info.compress_size)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
            raise Unreadable("file.damaged", "压缩内容校验不符") from None

    def _count(self, size: int, of_part: int, compressed: int) -> None:
        self._inflated += size
        if self._inflated > self._cap:
            raise Unreadable("file.too_large", f"展开后超过{self._cap // MEGABYTE}MB")
        if of_part > RATIO_FROM_BYTES and of_part > MAX_RATIO * max(compressed, 1):
            raise Unreadable("file.too_large", "压缩比异常")

    def read(self, name: str) -> bytes:
        return b"".join(self.chunks(name))
