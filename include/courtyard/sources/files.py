"""Workbooks that units put into a folder: the quarterly grid submissions.

The files are others' work: names are never used as paths beyond the folder, links are not
followed, and what still grows waits for the next run.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources import submitted
from courtyard.sources.fetched import Fetched, Refused
from courtyard.sources.submitted import MAX_BYTES, STILL_WRITTEN, TOO_LARGE

SETTLE_SECONDS = 0.2


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched | Refused]:
    """Yield each file of the folder that matches `options.pattern`, by name; nothing when there is none.

    The connection is `file:///folder`; `options.unit_from_name` is a regular expression whose group
    `unit` finds the sender's code in the file's name. A file whose size or time changes between
    two looks waits.
    """
    below, name_pattern = submitted.place(spec, period, street_code)
    folder = Path("/") / connection.path / below
    before = _look(spec, folder, name_pattern)
    if any(isinstance(found, os.stat_result) for found in before.values()):
        time.sleep(float(spec.options.get("settle_seconds", SETTLE_SECONDS)))
    for name, found in before.items():
        shown, unit_code = submitted.named(spec, name, street_code)
        taken = _take(folder / name, found, shown, unit_code) if isinstance(found, os.stat_result) else found
        if isinstance(taken, str):
            yield Refused(shown, taken, waits=taken == STILL_WRITTEN)
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
    wanted = {name: state for name, state in sorted(found.items()) if submitted.is_wanted(name, name_pattern)}
    return {name: _refusal(name, state) or state for name, state in wanted.items()}


def _refusal(name: str, state: os.stat_result) -> str | None:
    """Why a file is not taken, or None."""
    if reason := submitted.name_refusal(name):
        return reason
    if stat.S_ISLNK(state.st_mode):
        return "是链接，请交文件本身"
    if not stat.S_ISREG(state.st_mode):
        return "不是文件"
    if state.st_size > MAX_BYTES:
        return TOO_LARGE
    return STILL_WRITTEN if submitted.is_unfinished(name) else None


def _take(path: Path, before: os.stat_result, shown: str, unit_code: str | None) -> Fetched | str:
    """The file's bytes, or the reason why it is not taken."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            data = file.read(MAX_BYTES + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        return f"读不了（{type(error).__name__}）"
    if (before.st_ino, before.st_mtime_ns, before.st_size) != (after.st_ino, after.st_mtime_ns, len(data)):
        return STILL_WRITTEN
    sent_at = datetime.fromtimestamp(after.st_mtime, UTC)
    return Fetched(shown, data, submitted.media_type(path.name), sent_at, unit_code)
