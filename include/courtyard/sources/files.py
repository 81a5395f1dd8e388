"""Workbooks that units put into a folder: the quarterly grid submissions.

The files are others' work: names are never used as paths beyond the folder, links are not
followed, and what still grows waits for the next run.
"""

from __future__ import annotations

import mimetypes
import os
import re
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources.fetched import Fetched, Refused, is_plain, safe_name

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME_BYTES = 255
SETTLE_SECONDS = 0.2
UNFINISHED = frozenset({".part", ".tmp", ".crdownload", ".download"})

_STILL_WRITTEN = "文件还在写入，下次再收"


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched | Refused]:
    """Yield each file of the folder that matches `options.pattern`, by name; nothing when there is none.

    The connection is `file:///folder`; `options.unit_from_name` is a regular expression whose group
    `unit` finds the sender's code in the file's name. A file whose size or time changes between
    two looks waits.
    """
    pattern = str(spec.options.get("pattern", "*")).format(period=period, street_code=street_code)
    below, _, name_pattern = pattern.rpartition("/")
    folder = Path("/") / connection.path / below
    before = _look(spec, folder, name_pattern)
    if any(isinstance(found, os.stat_result) for found in before.values()):
        time.sleep(float(spec.options.get("settle_seconds", SETTLE_SECONDS)))
    unit_from_name = re.compile(spec.options.get("unit_from_name", r"(?P<unit>(?!))"))
    for name, found in before.items():
        match = unit_from_name.search(name)
        # An ID number can look like a unit's code; a unit of this street begins with the street's.
        unit_code = match["unit"] if match and match["unit"].startswith(street_code) else None
        shown = safe_name(name, unit_code)
        taken = _take(folder / name, found, shown, unit_code) if isinstance(found, os.stat_result) else found
        if isinstance(taken, str):
            yield Refused(shown, taken, waits=taken == _STILL_WRITTEN)
        else:
            yield taken


def _look(spec: SourceSpec, folder: Path, name_pattern: str) -> dict[str, os.stat_result | str]:
    """Each name of the folder with its state, or with the reason why it is refused, in order of names."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SourceError(
            f"来源「{spec.title}」的文件夹读不了（{type(error).__name__}）。", "请检查文件夹权限。"
        ) from None
    wanted = {name: state for name, state in sorted(found.items()) if fnmatchcase(name, name_pattern)}
    return {name: _refusal(name, state) or state for name, state in wanted.items()}


def _refusal(name: str, state: os.stat_result) -> str | None:
    """Why a file is not taken, or None."""
    if not all(map(is_plain, name)):
        return "文件名含有控制字符或从右向左的字符，请改名后重交"
    if len(name.encode()) > MAX_NAME_BYTES:
        return "文件名过长，请改名后重交"
    if name.startswith((".", "~$")):
        return "是隐藏文件或临时文件"
    if stat.S_ISLNK(state.st_mode):
        return "是链接，请交文件本身"
    if not stat.S_ISREG(state.st_mode):
        return "不是文件"
    if state.st_size > MAX_BYTES:
        return f"超过 {MAX_BYTES >> 20} MB"
    return _STILL_WRITTEN if Path(name).suffix.lower() in UNFINISHED else None


def _take(path: Path, before: os.stat_result, shown: str, unit_code: str | None) -> Fetched | str:
    """The file's bytes, or the reason why it is not taken."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            data = file.read(MAX_BYTES + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        return f"读不了（{type(error).__name__}）"
    if (before.st_ino, before.st_mtime_ns, before.st_size) != (after.st_ino, after.st_mtime_ns, len(data)):
        return _STILL_WRITTEN
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Fetched(shown, data, media_type, datetime.fromtimestamp(after.st_mtime, UTC), unit_code)
