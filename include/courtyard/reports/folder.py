"""Publications on disk: `published/<period>/<report>/r<N>/`, written beside, synced, renamed; manifest last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
FULL = "names"  # the form itself and what changed in it, beside views of it that show less

Manifest = dict[str, Any]


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def write(target: Path, files: dict[str, bytes], manifest: Manifest) -> None:
    """Make a publication's folder in one step. OSError when the disk fails; then only a `.part` is left.

    Forms hold personal data: folder and files are the owner's alone.
    """
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    for name, body in files.items():
        _write_synced(part / name, body)
    _write_synced(part / MANIFEST, written(manifest))
    _sync_folder(part)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    _sync_folder(target.parent)


def write_manifest(target: Path, manifest: Manifest) -> None:
    """Replace a publication's manifest in one step; its files stay as they are. OSError when the disk fails."""
    part = target / f"{MANIFEST}.part"
    part.unlink(missing_ok=True)
    _write_synced(part, written(manifest))
    part.replace(target / MANIFEST)
    _sync_folder(target)


def written(manifest: Manifest) -> bytes:
    """The bytes of a manifest: the same whether it was made now or read from the warehouse."""
    return json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def view_of(manifest: Manifest, name: str) -> str:
    """The view that a file is; one of a manifest from before there were views is the full form."""
    return manifest.get("views", {}).get(name, FULL)


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Whether the folder holds this manifest and every file that it names, byte for byte."""
    return read_manifest(folder) == manifest and has_files(folder, manifest)


def has_files(folder: Path, manifest: Manifest) -> bool:
    """Whether every file that a manifest names is there, byte for byte."""
    return all(_sha256_of(folder / name) == digest for name, digest in manifest["files"].items())


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, or None when there is none that can be read."""
    try:
        return json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def _sha256_of(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes())
    except OSError:
        return None


def _write_synced(path: Path, body: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
