"""Mail: one message with the files attached, confirmed when the recipient's server has taken it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district.recipients import MailChannel, Recipient
from courtyard.notices import Notice, mail
from courtyard.notices.problems import AddressRefused, ChannelDown, NotSent
from courtyard.period import Period
from courtyard.reports.parcel import Parcel


@contextmanager
def opened(
    ctx: Context, recipient: Recipient, channel: MailChannel, at: datetime
) -> Iterator[Callable[[Parcel], None]]:
    """One session for all parcels of the recipient."""
    with mail.opened(_connection(ctx, channel), ctx.settings.published, at) as send_one:
        yield lambda parcel: _send(send_one, channel, parcel, at)


def _connection(ctx: Context, channel: MailChannel) -> Connection:
    try:
        return ctx.connection(channel.connection)
    except Exception:  # each place that keeps connections says "not set" in its own way
        raise ChannelDown("没有设置这个连接。", f"请设置连接 {channel.connection} 后再送。") from None


def _send(send_one: Callable[[Notice], None], channel: MailChannel, parcel: Parcel, at: datetime) -> None:
    for name in parcel.files:
        parcel.body(name)  # what is attached is what was published
    try:
        send_one(letter(channel, parcel, at))
    except AddressRefused as error:
        raise NotSent(error.message, error.remedy.replace("contacts.csv", "recipients.yaml")) from None


def letter(channel: MailChannel, parcel: Parcel, at: datetime) -> Notice:
    """The message. Its Message-ID follows from cause and address, so a repeated one is known as the same."""
    told = parcel.manifest
    period = Period.parse(told["period"]).title
    replaces = f"，取代第{told['supersedes']}版" if told["supersedes"] else ""
    sums = [f"{name}\n  SHA-256 {digest}" for name, digest in parcel.files.items()]
    lines = [
        f"{parcel.recipient.name}：",
        f"现报送{parcel.street}{period}《{told['title']}》第{told['revision']}版{replaces}，见附件。",
        f"依据：{parcel.basis}",
        "附件及校验值：",
        *sums,
    ]
    return Notice(
        street_code=parcel.street_code,
        cause=f"deliver/{parcel.place}/{parcel.recipient.recipient}",
        channel="mail",
        address=channel.address,
        subject=f"{parcel.street}{period}{told['title']}（第{told['revision']}版）",
        body="\n".join(lines),
        queued_at=at,
        attachments=tuple(f"{parcel.place}/{name}" for name in parcel.files),
    )
