"""A department's file on an SFTP server whose host key is known beforehand, or a folder units put files into."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

import asyncssh

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources import submitted
from courtyard.sources.fetched import Fetched, Refused
from courtyard.sources.submitted import STILL_WRITTEN, TOO_LARGE

DEADLINE_SECONDS = 120
MAX_BYTES = 512 * 1024 * 1024
SETTLE_ATTEMPTS = 3
SETTLE_SECONDS = 0.5


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched | Refused]:
    """Yield the file `options.file` (`{period}`, `{street_code}`), or nothing when it is not there.

    With `options.pattern` instead, yield every file of that folder, as transport `files` does.
    `connection.extra["host_key"]` pins the server (`ssh-ed25519 AAAA…`); the login is a password or
    `extra["private_key"]`. The folder comes from the pack only; names that the server gives are
    checked before they are asked for.
    """
    deadline = float(spec.options.get("deadline_seconds", DEADLINE_SECONDS))
    asked = _collect if "pattern" in spec.options else _one
    try:
        yield from asyncio.run(asyncio.wait_for(asked(spec, connection, period, street_code), deadline))
    except FAILURES as error:
        what, remedy = explained(error, f"文件取不到（{type(error).__name__}）")
        raise SourceError(f"来源「{spec.title}」的{what}。", remedy) from None


FAILURES = (asyncssh.Error, OSError, TimeoutError)


def explained(error: Exception, otherwise: str) -> tuple[str, str]:
    """What went wrong with a server, as the end of a sentence, and the remedy; never its own words."""
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return "主机密钥与登记的不一致，已拒绝连接", "请向对方核实后更新 host_key。"
        case asyncssh.PermissionDenied():
            return "登录凭据被拒绝", "请核对连接中的账号和密码。"
        case TimeoutError():
            return "文件在限定时间内没有传完", "请稍后再试，或请对方检查服务器。"
        case _:
            return otherwise, "请检查对方服务器和网络。"


@asynccontextmanager
async def session(title: str, connection: Connection) -> AsyncIterator[asyncssh.SFTPClient]:
    """A session whose paths are bytes: a name need not be text. `title` says in errors whose server it is."""
    async with (
        asyncssh.connect(
            connection.host,
            connection.port or 22,
            username=connection.login,
            password=connection.password or None,
            client_keys=_client_keys(connection),
            known_hosts=_known_host(title, connection),
            agent_path=None,
            config=None,
            connect_timeout=10,
        ) as connected,
        connected.start_sftp_client(path_encoding=None) as sftp,
    ):
        yield sftp


async def _one(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> list[Fetched]:
    """The one file that the pack names."""
    path = PurePosixPath(str(spec.options["file"]).format(period=period, street_code=street_code))
    async with session(f"来源「{spec.title}」", connection) as sftp:
        for attempt in range(SETTLE_ATTEMPTS):
            await asyncio.sleep(SETTLE_SECONDS if attempt else 0)
            try:
                before = await sftp.lstat(os.fsencode(path))
                _check(spec, before)
                data = await _settled(sftp, os.fsencode(path), before)
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return []
            if data is not None:
                return [Fetched(path.name, data, submitted.media_type(path.name), version_at=_modified(before))]
        raise SourceError(f"来源「{spec.title}」的文件还在写入。", "请等对方传完后再取。")


async def _collect(
    spec: SourceSpec, connection: Connection, period: Period, street_code: str
) -> list[Fetched | Refused]:
    """Every file of the folder that matches the pattern, by name; what still grows waits for the next run."""
    below, name_pattern = submitted.place(spec, period, street_code)
    folder = os.fsencode(below or ".")
    async with session(f"来源「{spec.title}」", connection) as sftp:
        try:
            found = {entry.filename: entry.attrs async for entry in sftp.scandir(folder)}
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return []
        taken, left = [], MAX_BYTES
        for raw, before in sorted(found.items()):
            name = os.fsdecode(raw)
            if name in (".", "..") or not submitted.is_wanted(name, name_pattern):
                continue
            shown, unit_code = submitted.named(spec, name, street_code)
            reason = _refusal(name, before, left)
            data = None if reason else await _settled(sftp, folder + b"/" + raw, before)
            if data is None:
                taken.append(Refused(shown, reason or STILL_WRITTEN, waits=reason in (None, STILL_WRITTEN)))
                continue
            left -= len(data)
            taken.append(Fetched(shown, data, submitted.media_type(name), _modified(before), unit_code))
        return taken


def _refusal(name: str, found: asyncssh.SFTPAttrs, left: int) -> str | None:
    """Why a file of the folder is not taken, or None."""
    if reason := submitted.name_refusal(name):
        return reason
    if found.permissions is not None and not stat.S_ISREG(found.permissions):
        return "不是普通文件，请交文件本身"
    size = found.size or 0
    if size > submitted.MAX_BYTES:
        return TOO_LARGE
    return STILL_WRITTEN if submitted.is_unfinished(name) or size > left else None


async def _settled(sftp: asyncssh.SFTPClient, path: bytes, before: asyncssh.SFTPAttrs) -> bytes | None:
    """The file's bytes, or None while it still changes."""
    async with sftp.open(path, "rb") as file:
        data = await file.read(before.size or 0)
    after = await sftp.lstat(path)
    return data if len(data) == before.size == after.size and before.mtime == after.mtime else None


def _modified(found: asyncssh.SFTPAttrs) -> datetime:
    return datetime.fromtimestamp(found.mtime or 0, UTC)


def _check(spec: SourceSpec, found: asyncssh.SFTPAttrs) -> None:
    if found.permissions is not None and not stat.S_ISREG(found.permissions):
        raise SourceError(f"来源「{spec.title}」指向的不是普通文件。", "请让对方放置文件本身，不用链接或文件夹。")
    if (found.size or 0) > MAX_BYTES:
        raise SourceError(f"来源「{spec.title}」的文件超过 {MAX_BYTES >> 20} MB。", "请核对文件。")


def _known_host(title: str, connection: Connection) -> tuple[list[asyncssh.SSHKey], list, list]:
    """The one key that the server may show (asyncssh: trusted host keys, trusted CAs, revoked keys)."""
    try:
        return [asyncssh.import_public_key(connection.extra["host_key"])], [], []
    except (KeyError, asyncssh.KeyImportError):
        raise SourceError(
            f"{title}没有登记有效的主机密钥。", "请在连接中写明 host_key（如 ssh-ed25519 AAAA…）。"
        ) from None


def _client_keys(connection: Connection) -> list[asyncssh.SSHKey] | None:
    key = connection.extra.get("private_key")
    return [asyncssh.import_private_key(key)] if key else None
