"""The office's mail server: SMTP that takes mail for anybody, IMAP for the office's own mailbox.

Mail lies in two Maildir folders, so any mail program can show it: `office` for the office's address,
`told` for everybody else's. Nothing leaves this machine.
"""

from __future__ import annotations

import asyncio
import hmac
import mailbox
import os
import secrets
from argparse import Namespace
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.maildir import Config, Identity, Login
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata

from courtyard.sample.standins.credentials import OFFICE_ADDRESS as ADDRESS
from courtyard.sample.standins.credentials import OFFICE_LOGIN as LOGIN

MAX_BYTES = 60 * 1024 * 1024
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Mail:
    """The running servers; `smtp_port` and `imap_port` are theirs on loopback."""

    smtp: asyncio.Server
    imap: asyncio.Server

    @property
    def smtp_port(self) -> int:
        return self.smtp.sockets[0].getsockname()[1]

    @property
    def imap_port(self) -> int:
        return self.imap.sockets[0].getsockname()[1]

    def close(self) -> None:
        self.smtp.close()
        self.imap.close()


async def serve(root: Path, password: str) -> Mail:
    """Serve the mail below a private folder on free loopback ports; the office logs in with the password."""
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o700)
    post = _Post(root)
    return Mail(await _smtp(post, password), await _imap(root, password))


class _Post:
    """Takes every mail and puts it into the folders of its receivers."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for name in (LOGIN, "told"):
            mailbox.Maildir(root / name)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for name in sorted({LOGIN if receiver == ADDRESS else "told" for receiver in envelope.rcpt_tos}):
            self._put(self._root / name, content)
        return "250 taken"

    def _put(self, folder: Path, content: bytes) -> None:
        """Store the bytes as arrived at their Date: the sample's quarters lie in another time than today."""
        name = f"{secrets.token_hex(12)}.localhost"
        part = folder / "tmp" / name
        part.write_bytes(content)
        with suppress(ValueError, TypeError, AttributeError):
            sent: datetime = message_from_bytes(content, policy=policy.default)["Date"].datetime
            os.utime(part, (sent.timestamp(), sent.timestamp()))
        part.rename(folder / "new" / name)


async def _smtp(post: _Post, password: str) -> asyncio.Server:
    def authenticate(_server: object, _session: object, _envelope: object, _way: str, given: object) -> AuthResult:
        known = isinstance(given, LoginPassword) and given.login == LOGIN.encode()
        right = known and hmac.compare_digest(given.password, password.encode())
        return AuthResult(success=right, handled=False)  # aiosmtpd answers

    def session() -> SMTP:
        return SMTP(
            post,
            hostname="localhost",
            data_size_limit=MAX_BYTES,
            authenticator=authenticate,
            auth_require_tls=False,  # loopback
        )

    return await asyncio.get_running_loop().create_server(session, _HOST, 0)


class _Config(Config):
    """The IMAP server's settings, with a greeting that asks no name server."""

    @property
    def greeting(self) -> bytes:
        return b"ready"


async def _imap(root: Path, password: str) -> asyncio.Server:
    """pymap over the Maildir folders, with one user."""
    config = _Config.from_args(
        Namespace(
            base_dir=os.fspath(root), concurrency=1, layout="++", colon=None, host=_HOST, port=0, debug=False,
            cert=None, key=None, tls=False, proxy_protocol=None, passlib_cfg=None,
        )
    )  # fmt: skip
    config.apply_context()
    login = Login(config)
    office = Identity(config, login.tokens, LOGIN, None, {"admin"})
    await office.set(UserMetadata(config, LOGIN, password=await Passwords(config).hash_password(password)))
    serve_one = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))
    return await asyncio.start_server(serve_one, _HOST, 0)
