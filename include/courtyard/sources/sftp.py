"""A department's file on an SFTP server whose host key is known beforehand."""

from __future__ import annotations

import asyncio
import mimetypes
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath

import asyncssh

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources.fetched import Fetched

DEADLINE_SECONDS = 120
MAX_BYTES = 512 * 1024 * 1024
SETTLE_ATTEMPTS = 3
SETTLE_SECONDS = 0.5


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched]:
    """Yield the file `options.file` (`{period}`, `{street_code}`), or nothing when it is not there.

    `connection.extra["host_key"]` pins the server (`ssh-ed25519 AAAA…`); the login is a password or
    `extra["private_key"]`. The path comes from the pack only, never from names the server gives.
    """
    path = PurePosixPath(str(spec.options["file"]).format(period=period, street_code=street_code))
    deadline = float(spec.options.get("deadline_seconds", DEADLINE_SECONDS))
    try:
        found = asyncio.run(asyncio.wait_for(_download(spec, connection, str(path)), deadline))
    except asyncssh.HostKeyNotVerifiable:
        raise SourceError(
            f"来源「{spec.title}」的主机密钥与登记的不一致，已拒绝连接。", "请向对方核实后更新 host_key。"
        ) from None
    except asyncssh.PermissionDenied:
        raise SourceError(f"来源「{spec.title}」登录凭据被拒绝。", "请核对连接中的账号和密码。") from None
    except TimeoutError:
        raise SourceError(f"来源「{spec.title}」在限定时间内没有传完。", "请稍后再取，或请对方检查服务器。") from None
    except (asyncssh.Error, OSError) as error:
        raise SourceError(
            f"来源「{spec.title}」的文件取不到（{type(error).__name__}）。", "请检查对方服务器和网络。"
        ) from None
    if found:
        data, modified = found
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        yield Fetched(path.name, data, media_type, version_at=modified)


async def _download(spec: SourceSpec, connection: Connection, path: str) -> tuple[bytes, datetime] | None:
    """The file's bytes and its modification time, once it has stopped changing."""
    async with (
        asyncssh.connect(
            connection.host,
            connection.port or 22,
            username=connection.login,
            password=connection.password or None,
            client_keys=_client_keys(connection),
            known_hosts=_known_host(spec, connection),
            agent_path=None,
            config=None,
            connect_timeout=10,
        ) as session,
        session.start_sftp_client() as sftp,
    ):
        for attempt in range(SETTLE_ATTEMPTS):
            await asyncio.sleep(SETTLE_SECONDS if attempt else 0)
            try:
                before = await sftp.lstat(path)
                _check(spec, before)
                async with sftp.open(path, "rb") as file:
                    data = await file.read(before.size or 0)
                after = await sftp.lstat(path)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None
            if len(data) == before.size == after.size and before.mtime == after.mtime:
                return data, datetime.fromtimestamp(before.mtime or 0, UTC)
        raise SourceError(f"来源「{spec.title}」的文件还在写入。", "请等对方传完后再取。")


def _check(spec: SourceSpec, found: asyncssh.SFTPAttrs) -> None:
    if found.permissions is not None and not stat.S_ISREG(found.permissions):
        raise SourceError(f"来源「{spec.title}」指向的不是普通文件。", "请让对方放置文件本身，不用链接或文件夹。")
    if (found.size or 0) > MAX_BYTES:
        raise SourceError(f"来源「{spec.title}」的文件超过 {MAX_BYTES >> 20} MB。", "请核对文件。")


def _known_host(spec: SourceSpec, connection: Connection) -> tuple[list[asyncssh.SSHKey], list, list]:
    """The one key that the server may show (asyncssh: trusted host keys, trusted CAs, revoked keys)."""
    try:
        return [asyncssh.import_public_key(connection.extra["host_key"])], [], []
    except (KeyError, asyncssh.KeyImportError):
        raise SourceError(
            f"来源「{spec.title}」没有登记有效的主机密钥。", "请在连接中写明 host_key（如 ssh-ed25519 AAAA…）。"
        ) from None


def _client_keys(connection: Connection) -> list[asyncssh.SSHKey] | None:
    key = connection.extra.get("private_key")
    return [asyncssh.import_private_key(key)] if key else None
