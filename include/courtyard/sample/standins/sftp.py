"""The SFTP servers of the departments: one hands over files, read only; one takes what the office sends."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path

import asyncssh

_WRITES = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


def _refuse(*_: object) -> None:
    raise asyncssh.SFTPPermissionDenied("read only")


class _ReadOnly(asyncssh.SFTPServer):
    """Serves reading only; every call that could change something is refused."""

    setstat = lsetstat = fsetstat = remove = mkdir = rmdir = _refuse
    rename = posix_rename = symlink = link = write = open56 = _refuse

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & _WRITES:
            _refuse()
        return super().open(path, pflags, attrs)


class _Login(asyncssh.SSHServer):
    """Password login; no shell, no forwarding (asyncssh refuses both unless told otherwise)."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        known = self._passwords.get(username, "")
        return bool(known) and hmac.compare_digest(known.encode(), password.encode())


async def serve(
    root: Path, passwords: Mapping[str, str], host_private_key: str, *, takes: bool = False
) -> asyncssh.SSHAcceptor:
    """Serve a folder on a free loopback port; `get_port()` of the result names it. Read only unless it `takes` files."""
    server = asyncssh.SFTPServer if takes else _ReadOnly
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Login(passwords),
        server_host_keys=[asyncssh.import_private_key(host_private_key)],
        sftp_factory=lambda channel: server(channel, chroot=str(root).encode()),
        config=None,
    )
