"""Files that others hand in: what their names may be, how large they may be, whom they name.

The folder, SFTP and mail take the same files; a name is shown and matched, never used as a path here.
"""

from __future__ import annotations

import mimetypes
import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from courtyard.district.models import SourceSpec
from courtyard.period import Period
from courtyard.sources.fetched import is_plain, safe_name

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME_BYTES = 255
UNFINISHED = frozenset({".part", ".tmp", ".crdownload", ".download"})
TOO_LARGE = f"超过 {MAX_BYTES >> 20} MB"
STILL_WRITTEN = "文件还在写入，下次再收"


def place(spec: SourceSpec, period: Period, street_code: str) -> tuple[str, str]:
    """`options.pattern` (`{period}`, `{street_code}`) as the folder to look into and the pattern of names."""
    pattern = str(spec.options.get("pattern", "*")).format(period=period, street_code=street_code)
    below, _, name_pattern = pattern.rpartition("/")
    return below, name_pattern


def is_wanted(name: str, name_pattern: str) -> bool:
    return fnmatchcase(name, name_pattern)


def named(spec: SourceSpec, name: str, street_code: str) -> tuple[str, str | None]:
    """How a name is shown, and the sender's unit: the group `unit` of `options.unit_from_name` in it.

    An ID number can look like a unit's code; a unit of this street begins with the street's.
    """
    match = re.search(spec.options.get("unit_from_name", r"(?P<unit>(?!))"), name)
    unit_code = match["unit"] if match and match["unit"].startswith(street_code) else None
    return safe_name(name, unit_code), unit_code


def name_refusal(name: str) -> str | None:
    """Why a file of this name is not taken, or None."""
    if not all(map(is_plain, name)) or "/" in name:
        return "文件名含有控制字符或从右向左的字符，请改名后重交"
    if len(name.encode()) > MAX_NAME_BYTES:
        return "文件名过长，请改名后重交"
    if name.startswith((".", "~$")):
        return "是隐藏文件或临时文件"
    return None


def is_unfinished(name: str) -> bool:
    """Whether a name says that its file is not complete yet."""
    return PurePosixPath(name).suffix.lower() in UNFINISHED


def media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
