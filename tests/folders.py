"""Folders for servers and installations of tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

GIGABYTE = 1_000_000_000
MEMORY, DISK = Path("/dev/shm"), Path("/var/tmp")


@contextmanager
def passable(prefix: str) -> Iterator[Path]:
    """A folder that every user may pass through, as the embedded server's own must, gone in the end.

    In memory where there is plenty: a database is a thousand files, and on a disk making one takes longer than most tests.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if _is_plenty() else DISK))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_plenty() -> bool:
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return False
    return min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > 8 * GIGABYTE
