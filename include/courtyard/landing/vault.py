"""Sealed files: the bytes of a delivery under a data key of their own (envelope encryption).

A sealed file is three parts: the magic line, one line of JSON (the header) and nonce + AES-256-GCM
ciphertext. The header repeats the ledger row and carries the wrapped data key, so a file whose
ledger row was never written can be adopted; magic and header are authenticated with the bytes, so
that a flipped byte anywhere stops the use of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from courtyard.errors import CourtyardError
from courtyard.privacy.keys import NONCE_BYTES, KeyRing
from courtyard.settings import Settings

MAGIC = b"COURTYARD-SEALED-1\n"
SUFFIX = ".sealed"
PART = ".part"


class HasVault(Protocol):
    """What opening a delivery needs; a Context has it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def keys(self) -> KeyRing: ...


@dataclass(frozen=True)
class Header:
    """What is known about a delivery's bytes; the columns of `landing.delivery` without its sequence."""

    delivery_id: str
    street_code: str
    source: str
    period: str
    unit_code: str | None
    name: str
    sha256: str
    size_bytes: int
    media_type: str
    version_at: datetime
    received_at: datetime
    key_id: str
    wrapped_key: bytes = field(repr=False)

    @property
    def sealed_name(self) -> str:
        """The file below `landing/`."""
        return f"{self.street_code}/{self.source}/{self.period}/{self.delivery_id}{SUFFIX}"

    def row(self) -> dict[str, Any]:
        """The ledger row."""
        return {**asdict(self), "sealed_name": self.sealed_name}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Header:
        return cls(**{f.name: row[f.name] for f in fields(cls)})

    def line(self) -> bytes:
        values = asdict(self) | {
            "version_at": self.version_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "wrapped_key": self.wrapped_key.hex(),
        }
        return json.dumps(values, ensure_ascii=False, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Header:
        values = json.loads(line)
        return cls.from_row(
            values
            | {
                "version_at": datetime.fromisoformat(values["version_at"]),
                "received_at": datetime.fromisoformat(values["received_at"]),
                "wrapped_key": bytes.fromhex(values["wrapped_key"]),
            }
        )


def delivery_id(source: str, sha256: str, again_for: str = "") -> str:
    """`<source>:<first 16 digits>`; `again_for` is the period, or the street, for which the same bytes came once more."""
    return f"{source}:{sha256[:16]}" + (f"@{again_for}" if again_for else "")


def new_key(keys: KeyRing, delivery: str) -> tuple[str, bytes]:
    """A random data key for one delivery, wrapped: (id of the wrapping key, wrapped bytes)."""
    return keys.wrap(AESGCM.generate_key(bit_length=256), delivery)


def write(settings: Settings, keys: KeyRing, header: Header, data: bytes) -> None:
    """Seal the bytes into their file: `.part`, fsync, rename. CourtyardError when the disk refuses."""
    path = settings.landing / header.sealed_name
    part = path.with_name(path.name + PART)
    head = MAGIC + header.line()
    nonce = os.urandom(NONCE_BYTES)
    cipher = AESGCM(keys.unwrap(header.key_id, header.wrapped_key, header.delivery_id))
    try:
        _private_folder(path.parent, settings.landing)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(head)
            file.write(nonce)
            file.write(cipher.encrypt(nonce, data, head))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise CourtyardError(f"收到的数据写不进落地区（{reason}）。", "请检查磁盘空间和权限，然后重新运行。") from None


def open_delivery(at: HasVault, delivery: Mapping[str, Any] | Any) -> bytes:
    """The bytes of a `landing.delivery` row (a Row or a mapping), checked against its SHA-256.

    Raises CourtyardError when the file is gone or no longer what was landed, KeyMissing when the
    delivery's key was destroyed.
    """
    row = getattr(delivery, "_mapping", delivery)
    head, body = _split(at.settings.landing / row["sealed_name"], row["delivery_id"])
    data_key = at.keys.unwrap(row["key_id"], bytes(row["wrapped_key"]), row["delivery_id"])
    return _opened(head, body, data_key, row["delivery_id"], row["sha256"])


def is_intact(at: HasVault, delivery: Mapping[str, Any] | Any) -> bool:
    """Whether `open_delivery` would give the bytes."""
    try:
        open_delivery(at, delivery)
    except CourtyardError:
        return False
    return True


def adoptable(settings: Settings, keys: KeyRing, path: Path) -> Header:
    """The header of a sealed file that has no ledger row, once its bytes are proved.

    Raises CourtyardError when the file is damaged or does not lie where its header says.
    """
    name = path.name.removesuffix(SUFFIX)
    head, body = _split(path, name)
    try:
        header = Header.from_line(head.removeprefix(MAGIC))
    except (ValueError, KeyError, TypeError):
        raise _damaged(name) from None
    if settings.landing / header.sealed_name != path:
        raise _damaged(name)
    data_key = keys.unwrap(header.key_id, header.wrapped_key, header.delivery_id)
    _opened(head, body, data_key, header.delivery_id, header.sha256)
    return header


def _opened(head: bytes, body: bytes, data_key: bytes, name: str, sha256: str) -> bytes:
    try:
        data = AESGCM(data_key).decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], head)
    except (InvalidTag, ValueError):
        raise _damaged(name) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(name)
    return data


def _split(path: Path, name: str) -> tuple[bytes, bytes]:
    """Magic and header line, then nonce and ciphertext."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourtyardError(
            f"交付 {name} 的落地文件读不到（{type(error).__name__}）。", "请从备份恢复，或用 --refetch 重新取数。"
        ) from None
    end = raw.find(b"\n", len(MAGIC)) + 1
    if not raw.startswith(MAGIC) or not end:
        raise _damaged(name)
    return raw[:end], raw[end:]


def _damaged(name: str) -> CourtyardError:
    return CourtyardError(f"交付 {name} 的落地文件与收到时不同，已停用。", "请从备份恢复，或用 --refetch 重新取数。")


def _private_folder(folder: Path, root: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    root.chmod(0o700)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
