"""Mail to posts: SMTP with TLS, workbooks and documents attached under their Chinese names."""

from __future__ import annotations

import hashlib
import mimetypes
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from sqlalchemy import Row

from courtyard.connection import Connection
from courtyard.notices.problems import AddressRefused, ChannelDown, NotSent
from courtyard.period import SHANGHAI

CONNECTION = "mail"
SECONDS = 15
MAX_ATTACHED_BYTES = 20 * 1024 * 1024
PORTS = {"smtps": 465, "smtp": 587}


@contextmanager
def opened(connection: Connection, outbox: Path, at: datetime) -> Iterator[Callable[[Row], None]]:
    """A session that sends `notices.notice` rows; the connection is `smtp://login:password@host:587?from_email=…`.

    A `Notice` does as well as a row. Scheme `smtps` (or port 465) is TLS from the first byte, `smtp` turns to TLS before logging in; a server
    without TLS is used on loopback only. The sender is `from_email`, else the login.
    """
    try:
        session = _session(connection)
    except smtplib.SMTPAuthenticationError:
        raise ChannelDown("邮件服务器拒绝了登录。", "请核对连接中的账号和密码。") from None
    except (smtplib.SMTPException, OSError) as error:
        raise ChannelDown(f"邮件服务器连不上（{type(error).__name__}）。", "请检查邮件服务器和网络。") from None
    sender = connection.extra.get("from_email") or connection.login
    try:
        yield lambda row: _send(session, message(row, sender, outbox, at))
    finally:
        with suppress(smtplib.SMTPException, OSError):
            session.quit()


def message(row: Row, sender: str, outbox: Path, at: datetime) -> EmailMessage:
    """The mail of a notice. Its Message-ID depends on the notice alone, so a repeated mail is known as one."""
    made = EmailMessage()
    made["From"], made["To"] = sender, row.address
    made["Subject"] = " ".join(row.subject.split())
    made["Date"] = format_datetime(at.astimezone(SHANGHAI))
    named = "\n".join((row.street_code, row.cause, row.channel, row.address))
    made["Message-ID"] = (
        f"<{hashlib.sha256(named.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2] or 'courtyard'}>"
    )
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answer, please
    made.set_content(row.body)
    for name, data in _attached(row, outbox):
        main, _, sub = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
        made.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return made


def _attached(row: Row, outbox: Path) -> list[tuple[str, bytes]]:
    """The files by name. AddressRefused when one is gone, too large or not below the outbox."""
    root, found, left = outbox.resolve(), [], MAX_ATTACHED_BYTES
    for name in row.attachments:
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise AddressRefused("要附的文件已不在。", "请重新生成后再发。")
        left -= path.stat().st_size
        if left < 0:
            raise AddressRefused(f"附件超过 {MAX_ATTACHED_BYTES >> 20} MB。", "请改用其他方式送达。")
        found.append((path.name, path.read_bytes()))
    return found


def _session(connection: Connection) -> smtplib.SMTP:
    port = connection.port or PORTS.get(connection.scheme, 587)
    if connection.scheme == "smtps" or port == PORTS["smtps"]:
        session = smtplib.SMTP_SSL(connection.host, port, timeout=SECONDS, context=ssl.create_default_context())
    else:
        session = smtplib.SMTP(connection.host, port, timeout=SECONDS)
    try:
        if not isinstance(session, smtplib.SMTP_SSL) and not _secured(session, connection):
            raise ChannelDown("邮件服务器不支持加密。", "请改用支持 TLS 的端口（587 或 465）。")
        if connection.login:
            session.login(connection.login, connection.password)
    except BaseException:
        session.close()
        raise
    return session


def _secured(session: smtplib.SMTP, connection: Connection) -> bool:
    """Turn to TLS where the server can; True when the session may be used."""
    session.ehlo()
    if not session.has_extn("starttls"):
        return connection.is_loopback
    session.starttls(context=ssl.create_default_context())
    session.ehlo()
    return True


def _send(session: smtplib.SMTP, made: EmailMessage) -> None:
    """Hand one mail over. Servers quote addresses in their answers, so only their codes go further."""
    try:
        session.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise _refused("收件地址", code) from None
    except smtplib.SMTPSenderRefused as error:
        raise ChannelDown(f"邮件服务器拒绝了发件地址（{error.smtp_code}）。", "请核对连接中的 from_email。") from None
    except smtplib.SMTPDataError as error:
        raise _refused("邮件内容", error.smtp_code) from None
    except (smtplib.SMTPException, OSError) as error:
        raise ChannelDown(f"发送中断（{type(error).__name__}）。", "下次运行会再发。") from None


def _refused(what: str, code: int) -> NotSent:
    """5xx is a refusal, 4xx means later (RFC 5321, 4.2.1)."""
    if code >= 500:
        return AddressRefused(f"邮件服务器拒绝了{what}（{code}）。", "请核对 contacts.csv 中的地址。")
    return NotSent(f"邮件服务器暂不接受{what}（{code}）。", "下次运行会再发。")
