"""What one recipient gets of one publication."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from courtyard.district.models import Recipient
from courtyard.notices.problems import NotSent
from courtyard.reports import folder
from courtyard.reports.folder import MANIFEST, Manifest

# Of a manifest, what goes out: without checks, and without the hash of content that the recipient may not see.
_TOLD = ("report", "title", "period", "revision", "supersedes", "as_known_at", "approvals")


@dataclass(frozen=True)
class Parcel:
    """Files of a publication for a recipient; `source` is the publication's folder, `letters` what goes along."""

    street_code: str
    street: str
    recipient: Recipient
    source: Path
    manifest: Manifest
    basis: str
    letters: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, published: Manifest, recipient: Recipient, view: str, **more: Any) -> Parcel:
        """The parcel that a publication's manifest makes for a recipient; NotSent when nothing is for it."""
        files = files_for(published, view)
        if not files:
            raise NotSent(
                "这一版没有适合该单位查看范围的文件。",
                "这一版若发布在设置该视图之前，要到下一版才有；否则请核对报表定义中的 views。",
            )
        told = {key: published[key] for key in _TOLD if key in published}
        files |= {name: folder.sha256(body) for name, body in more.get("letters", {}).items()}
        return cls(manifest={**told, "recipient": recipient.name, "files": files}, recipient=recipient, **more)

    @property
    def files(self) -> dict[str, str]:
        """Name to SHA-256."""
        return self.manifest["files"]

    @property
    def place(self) -> str:
        """Where it lies below a recipient's folder."""
        return f"{self.manifest['period']}/{self.manifest['report']}/r{self.manifest['revision']}"

    def body(self, name: str) -> bytes:
        """A file's bytes as published; NotSent when they are gone or no longer the same."""
        if name in self.letters:
            return self.letters[name]
        try:
            data = (self.source / name).read_bytes()
        except OSError:
            data = b""
        if folder.sha256(data) != self.files[name]:
            raise NotSent("已发布的文件缺失或损坏。", "请先运行该季度把它恢复。")
        return data

    def contents(self) -> list[tuple[str, bytes]]:
        """Every file to write, the manifest last."""
        return [*((name, self.body(name)) for name in self.files), (MANIFEST, folder.written(self.manifest))]


def files_for(manifest: Manifest, view: str) -> dict[str, str]:
    """The files that one who is entitled to a view may see, with their SHA-256."""
    return {name: digest for name, digest in manifest["files"].items() if folder.view_of(manifest, name) == view}
