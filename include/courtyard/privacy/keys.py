"""Keys: made once by `courtyard init`, never silently made again.

Three secrets, one file each (0600) in a private folder (0700): `seal-<id>.key` (AES-256-GCM),
`match-<id>.key` (HMAC-SHA256) and `landing-<id>.key` (wraps each delivery's own data key). The folder `intake` below it
holds the two of the intake service, which sees no others: `seal-<id>.key` for what residents hand in and
`match-<id>.key` for links and tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from courtyard.errors import KeyMissing

KINDS = ("seal", "match", "landing")
INTAKE = "intake"
INTAKE_KINDS = ("seal", "match")
NONCE_BYTES = 12
READ_OUT = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, for codes that people read out: no letter looks like another or like a digit."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one installation. Only `load` makes one."""

    secrets_by_name: dict[str, bytes]

    def seal(self, value: str, subject: str) -> str:
        """Encrypt a short value for a subject; the subject is authenticated, not stored.

        Returns `<key id>:<hex of nonce and ciphertext>`. Opening it for another subject fails, so
        ciphertexts cannot be swapped between records.
        """
        nonce = os.urandom(NONCE_BYTES)
        body = self._cipher("seal-1").encrypt(nonce, value.encode(), subject.encode())
        return f"seal-1:{(nonce + body).hex()}"

    def open(self, sealed: str, subject: str) -> str:
        """Decrypt what `seal` made; KeyMissing when the key is gone or the subject is another."""
        key_id, _, body = sealed.partition(":")
        raw = bytes.fromhex(body)
        try:
            return self._cipher(key_id).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], subject.encode()).decode()
        except InvalidTag as error:
            raise KeyMissing(
                "A sealed value does not belong to its record.", "Restore the row from landing."
            ) from error

    def seal_bytes(self, value: bytes, subject: str) -> bytes:
        """Encrypt bytes for a subject: key id, colon, nonce, ciphertext."""
        nonce = os.urandom(NONCE_BYTES)
        return b"seal-1:" + nonce + self._cipher("seal-1").encrypt(nonce, value, subject.encode())

    def open_bytes(self, sealed: bytes, subject: str) -> bytes:
        """Decrypt what `seal_bytes` made; KeyMissing as `open`."""
        key_id, _, raw = sealed.partition(b":")
        try:
            return self._cipher(key_id.decode()).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], subject.encode())
        except InvalidTag as error:
            raise KeyMissing(
                "A sealed value does not belong to its record.", "Restore the row from its backup."
            ) from error

    def token(self, value: str) -> str:
        """The keyed pseudonym of a value: 32 hex digits of HMAC-SHA256. Equal values, equal tokens."""
        return hmac.digest(self._secret("match-1"), value.encode(), hashlib.sha256)[:16].hex()

    def wrap(self, data_key: bytes, subject: str) -> tuple[str, bytes]:
        """Wrap a delivery's data key; returns the wrapping key's id and the wrapped bytes."""
        nonce = os.urandom(NONCE_BYTES)
        return "landing-1", nonce + self._cipher("landing-1").encrypt(nonce, data_key, subject.encode())

    def unwrap(self, key_id: str, wrapped: bytes, subject: str) -> bytes:
        """The data key of a delivery; KeyMissing when its wrapping key was destroyed."""
        try:
            return self._cipher(key_id).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], subject.encode())
        except InvalidTag as error:
            raise KeyMissing(
                f"The key of delivery {subject} does not open it.", "Use the keys it was landed with."
            ) from error

    def _cipher(self, key_id: str) -> AESGCM:
        return _aesgcm(self._secret(key_id))

    def _secret(self, key_id: str) -> bytes:
        try:
            return self.secrets_by_name[key_id]
        except KeyError:
            raise KeyMissing(
                f"Key {key_id} is not in the key folder.", "What was sealed with it stays unreadable."
            ) from None


@lru_cache(maxsize=64)
def _aesgcm(secret: bytes) -> AESGCM:
    return AESGCM(secret)


def create(folder: Path) -> bool:
    """Make the first key of each kind; returns False when the folder already holds keys."""
    if any(folder.glob("*.key")):
        load(folder)
        if not (folder / INTAKE).exists():  # an installation from before the service
            _make(folder / INTAKE, INTAKE_KINDS)
        return False
    _make(folder, KINDS)
    _make(folder / INTAKE, INTAKE_KINDS)
    return True


def _make(folder: Path, kinds: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for kind in kinds:
        handle = os.open(folder / f"{kind}-1.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))


def load(folder: Path) -> KeyRing:
    """Read every key; KeyMissing when the folder has none or one of the kinds is absent."""
    return _load(folder, KINDS)


def load_intake(folder: Path) -> KeyRing:
    """The keys of the intake service, which stand in a folder of their own; KeyMissing as `load`."""
    return _load(folder / INTAKE, INTAKE_KINDS)


def pipeline_key(folder: Path) -> str:
    """What the pipeline shows the intake service when it fetches: a secret in `intake/pipeline-key`, made on the first call.

    KeyMissing where the service has no keys yet.
    """
    load_intake(folder)
    path = folder / INTAKE / "pipeline-key"
    if not path.exists():
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        try:
            os.link(part, path)  # the first of two processes wins
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text().strip()


def _load(folder: Path, kinds: tuple[str, ...]) -> KeyRing:
    found = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.key"))}
    missing = [kind for kind in kinds if f"{kind}-1" not in found]
    if missing:
        raise KeyMissing(
            f"The key folder {folder} lacks {', '.join(missing)}.",
            "Run 'courtyard init' on a new installation; restore the folder from its backup on an old one.",
        )
    return KeyRing(found)
