"""Files for senders on disk: each written beside, synced and renamed; the last one says that all are there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath


def write_folder(root: Path, folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a private folder (0700) below `root`, 0600 each, in their order.

    What was there under other names goes away; OSError when the disk fails, then a `.part` may be left.
    """
    root.mkdir(parents=True, exist_ok=True)
    place = root
    for name in folder.parts:
        place = place / name
        place.mkdir(mode=0o700, exist_ok=True)
    for name, body in files.items():
        write_file(place / name, body)
    for left in place.iterdir():
        if left.name not in files:
            left.unlink()
    _sync(place)


def put(root: Path, name: str, body: bytes) -> None:
    """Write one file below the outbox under a relative name; its folders are private (0700)."""
    root.mkdir(parents=True, exist_ok=True)
    place = root
    for part in PurePosixPath(name).parent.parts:
        place = place / part
        place.mkdir(mode=0o700, exist_ok=True)
    write_file(root / name, body)
    _sync(place)


def write_file(path: Path, body: bytes) -> None:
    """Put a file (0600) into a folder that is there, or replace it, in one step."""
    part = path.with_name("." + path.name[:60] + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
