"""How a publication's files reach a recipient: one module a channel.

`opened(ctx, recipient, channel, at)` is a context whose value sends one parcel. It returns only when the parcel was
confirmed; NotSent says why one did not arrive, ChannelDown that none can.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from courtyard.context import Context
from courtyard.district.recipients import Channel, Recipient
from courtyard.reports.channels import folders, mails, sftp
from courtyard.reports.parcel import Parcel

Send = Callable[[Parcel], None]
Open = Callable[[Context, Recipient, Channel, datetime], AbstractContextManager[Send]]

CHANNELS: dict[str, Open] = {"folder": folders.opened, "sftp": sftp.opened, "mail": mails.opened}
