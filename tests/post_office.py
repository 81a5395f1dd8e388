"""A mail server on loopback for one test module: what is sent arrives, what has arrived can be read."""

from __future__ import annotations

import asyncio
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from courtyard.connection import Connection
from courtyard.sample.standins import mail
from courtyard.sample.standins.credentials import OFFICE_ADDRESS, OFFICE_LOGIN

PASSWORD = "the-password"


@dataclass(frozen=True)
class PostOffice:
    root: Path
    smtp_port: int
    imap_port: int

    @property
    def mail(self) -> Connection:
        """Where the office sends from."""
        return Connection.from_uri(
            "mail", f"smtp://{OFFICE_LOGIN}:{PASSWORD}@127.0.0.1:{self.smtp_port}?from_email={OFFICE_ADDRESS}"
        )

    def mailbox(self, password: str = PASSWORD) -> Connection:
        """Where the office receives."""
        return Connection.from_uri("mailbox", f"imap://{OFFICE_LOGIN}:{password}@127.0.0.1:{self.imap_port}/INBOX")

    def arrives(self, raw: bytes | EmailMessage) -> None:
        """Mail from somebody to the office."""
        data = raw.as_bytes(policy=policy.SMTP) if isinstance(raw, EmailMessage) else raw
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as session:
            session.sendmail("somebody@grid.example", [OFFICE_ADDRESS], data)

    def told(self) -> list[EmailMessage]:
        """What was sent to others than the office."""
        return [message_from_bytes(p.read_bytes(), policy=policy.default) for p in (self.root / "told/new").iterdir()]

    def empty(self) -> None:
        for path in [*self.root.glob("*/new/*"), *self.root.glob("*/cur/*")]:
            path.unlink()


def letter(at: datetime, *files: tuple[str, bytes], subject: str = "报表") -> EmailMessage:
    """A mail of that time with attachments."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "somebody@grid.example", OFFICE_ADDRESS, subject
    made["Date"] = format_datetime(at)
    made.set_content("见附件")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made


@contextmanager
def running(root: Path) -> Iterator[PostOffice]:
    """The stand-in's servers in a thread of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    served = asyncio.run_coroutine_threadsafe(mail.serve(root, PASSWORD), loop).result(20)
    yield PostOffice(root, served.smtp_port, served.imap_port)
    loop.call_soon_threadsafe(served.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
