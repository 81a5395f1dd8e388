"""A recipient's SFTP server: each file as `.part`, renamed, read back and compared; the manifest last."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath

import asyncssh

from courtyard.context import Context
from courtyard.district.recipients import Recipient, SftpChannel
from courtyard.errors import CourtyardError, SourceError
from courtyard.notices.problems import ChannelDown, NotSent
from courtyard.reports.folder import sha256
from courtyard.reports.parcel import Parcel
from courtyard.sources import sftp

DEADLINE_SECONDS = 120  # of one parcel


@contextmanager
def opened(
    ctx: Context, recipient: Recipient, channel: SftpChannel, at: datetime
) -> Iterator[Callable[[Parcel], None]]:
    """One session for all parcels of the recipient."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            client = runner.run(_enter(stack, ctx, recipient, channel))
        except SourceError as error:  # no host key is registered
            raise ChannelDown(error.message, error.remedy) from None
        except CourtyardError:
            raise ChannelDown("没有设置这个连接。", f"请设置连接 {channel.connection} 后再送。") from None
        except sftp.FAILURES as error:
            what, remedy = sftp.explained(error, f"服务器连不上（{type(error).__name__}）")
            raise ChannelDown(f"{what}。", remedy) from None
        try:
            yield lambda parcel: _send(runner, client, PurePosixPath(channel.path or "."), parcel)
        finally:
            with suppress(*sftp.FAILURES):
                runner.run(stack.aclose())


async def _enter(
    stack: AsyncExitStack, ctx: Context, recipient: Recipient, channel: SftpChannel
) -> asyncssh.SFTPClient:
    connection = ctx.connection(channel.connection)
    return await stack.enter_async_context(sftp.session(f"接收单位「{recipient.name}」", connection))


def _send(runner: asyncio.Runner, client: asyncssh.SFTPClient, root: PurePosixPath, parcel: Parcel) -> None:
    try:
        runner.run(asyncio.wait_for(_put(client, root / parcel.place, parcel), DEADLINE_SECONDS))
    except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, ConnectionError) as error:
        raise ChannelDown(f"传送中断（{type(error).__name__}）。", "下次运行会再送。") from None
    except sftp.FAILURES as error:
        what, remedy = sftp.explained(error, f"文件写不进对方文件夹（{type(error).__name__}）")
        raise NotSent(f"{what}。", remedy) from None


async def _put(client: asyncssh.SFTPClient, target: PurePosixPath, parcel: Parcel) -> None:
    await client.makedirs(os.fsencode(target), exist_ok=True)
    for name, data in parcel.contents():
        path = os.fsencode(target / name)
        if await _read(client, path) != sha256(data):
            await _write(client, path, data)
    for name, data in parcel.contents():
        if await _read(client, os.fsencode(target / name)) != sha256(data):
            raise NotSent("写入后读回的内容不一致。", "下次运行会再送。")


async def _write(client: asyncssh.SFTPClient, path: bytes, data: bytes) -> None:
    """Write beside and rename; a server that renames onto nothing that exists has the old file removed first."""
    part = path + b".part"
    async with client.open(part, "wb") as file:
        await file.write(data)
    try:
        await client.posix_rename(part, path)
    except asyncssh.SFTPOpUnsupported:
        with suppress(asyncssh.SFTPNoSuchFile):
            await client.remove(path)
        await client.rename(part, path)


async def _read(client: asyncssh.SFTPClient, path: bytes) -> str | None:
    """The SHA-256 of what lies there, or None."""
    try:
        async with client.open(path, "rb") as file:
            return sha256(await file.read())
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        return None
