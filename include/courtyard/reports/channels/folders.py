"""A folder that the recipient reads: written beside, synced, renamed; then read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from courtyard.context import Context
from courtyard.district.recipients import FolderChannel, Recipient
from courtyard.notices.problems import ChannelDown, NotSent
from courtyard.reports import folder
from courtyard.reports.parcel import Parcel


@contextmanager
def opened(
    ctx: Context, recipient: Recipient, channel: FolderChannel, at: datetime
) -> Iterator[Callable[[Parcel], None]]:
    """Sends below the channel's folder. One of the system's own must be there: it may be a share that is not mounted."""
    root = ctx.settings.outbox / channel.path
    if Path(channel.path).is_absolute() and not root.is_dir():
        raise ChannelDown("收件文件夹不存在，可能没有挂载。", "请检查文件夹后再送。")
    yield lambda parcel: _put(root / parcel.place, parcel)


def _put(target: Path, parcel: Parcel) -> None:
    try:
        if not folder.is_whole(target, parcel.manifest):  # whole: sent by a run that was killed before it noted it
            folder.write(target, {name: parcel.body(name) for name in parcel.files}, parcel.manifest)
        arrived = folder.is_whole(target, parcel.manifest)
    except OSError as error:
        raise NotSent(f"收件文件夹写不进（{error.strerror}）。", "请检查文件夹权限和磁盘。") from None
    if not arrived:
        raise NotSent("写入后读回的内容不一致。", "下次运行会再送。")
