"""The site on disk: each page replaced in one step and only where it differs; the first page last."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

FIRST_PAGE = "index.html"


def bring_up_to_date(site: Path, pages: Mapping[str, bytes]) -> list[str]:
    """Make the folder hold these pages and no others; returns the names of those that were written.

    Whoever reads meanwhile sees whole pages, old or new: a page that is linked to stands before the link does, and
    what nothing links to goes last. OSError when the disk refuses.
    """
    site.mkdir(parents=True, exist_ok=True)
    written = []
    for name in sorted(pages, key=lambda name: (name == FIRST_PAGE, name)):
        path = site / name
        if path.is_file() and path.read_bytes() == pages[name]:
            continue
        _replace(path, pages[name])
        written.append(name)
    _clear(site, pages)
    return written


def _replace(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(part, 0o644)  # nothing personal is in it
        os.replace(part, path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def _clear(site: Path, pages: Mapping[str, bytes]) -> None:
    """Remove pages of what is no longer there, and what a killed process left behind."""
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(site).as_posix() not in pages:
            path.unlink()
