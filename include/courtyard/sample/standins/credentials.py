"""The stand-ins' secrets: random, made once, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from courtyard.settings import Settings

OFFICE_LOGIN = "office"
OFFICE_ADDRESS = "grid@office.example"
SFTP_LOGINS = ("population", "school", "grid_sftp", "party", "civil_rosters", "housing", "community_governance")
RECEIVER_LOGIN = "departments"  # of the SFTP server that takes reports
DEPARTMENTS = ("emergency", "justice", "disabled_federation")


def folder(settings: Settings) -> Path:
    """What the stand-ins keep for themselves: beside the sample, so that a new sample leaves it alone."""
    return settings.var / "sample-standins"


@dataclass(frozen=True)
class Credentials:
    """Tokens and passwords by system, and the SFTP server's host key (OpenSSH format)."""

    hotline_token: str = field(repr=False)
    residents_api_key: str = field(repr=False)
    civil_password: str = field(repr=False)
    mail_password: str = field(repr=False)
    receiver_password: str = field(repr=False)
    sftp_passwords: dict[str, str] = field(repr=False)
    department_passwords: dict[str, str] = field(repr=False)
    host_private_key: str = field(repr=False)
    host_public_key: str

    @classmethod
    def of(cls, settings: Settings) -> Credentials:
        """The credentials of this installation, made on the first call."""
        path = folder(settings) / "credentials.json"
        if not path.exists():
            _write_once(path, cls._random())
        known = json.loads(path.read_text("utf-8"))
        complete = _completed(known, asdict(cls._random()))
        if complete != known:  # made before a system was added
            path.unlink(missing_ok=True)
            _write_once(path, cls(**complete))
        return cls(**json.loads(path.read_text("utf-8")))

    @classmethod
    def _random(cls) -> Credentials:
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return cls(
            hotline_token=secrets.token_urlsafe(24),
            residents_api_key=secrets.token_urlsafe(24),
            civil_password=secrets.token_urlsafe(24),
            mail_password=secrets.token_urlsafe(24),
            receiver_password=secrets.token_urlsafe(24),
            sftp_passwords={login: secrets.token_urlsafe(24) for login in SFTP_LOGINS},
            department_passwords={name: secrets.token_urlsafe(24) for name in DEPARTMENTS},
            host_private_key=private.decode(),
            host_public_key=public.decode(),
        )


def _completed(known: dict[str, Any], fresh: dict[str, Any]) -> dict[str, Any]:
    """What is known, with fresh secrets only where there is none."""
    several = ("sftp_passwords", "department_passwords")
    return {**fresh, **known, **{name: {**fresh[name], **known.get(name, {})} for name in several}}


def _write_once(path: Path, made: Credentials) -> None:
    """Write whole and privately; the first of two processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(made), file)
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
