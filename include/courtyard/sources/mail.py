"""Attachments that units mail to the office: read from its mailbox over IMAP, nothing marked or deleted.

A mail belongs to the quarter in whose collection the office's own server took it in, so no mail is
read for two quarters. Senders, subjects and texts are neither kept nor logged.
"""

from __future__ import annotations

import email
import imaplib
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.errors import SourceError
from courtyard.period import SHANGHAI, Period
from courtyard.sources import submitted
from courtyard.sources.fetched import Fetched, Refused
from courtyard.sources.submitted import MAX_BYTES, TOO_LARGE

SECONDS = 20
DEADLINE_SECONDS = 300
MAX_MESSAGES = 5_000
MAX_MESSAGE_BYTES = 60 * 1024 * 1024
MAX_ATTACHMENTS = 20
OLDEST_DATE = timedelta(days=60)
CLOCK_SKEW = timedelta(minutes=10)
TABLES = frozenset({".xlsx", ".xls", ".et", ".csv"})
ARCHIVES = frozenset({".zip", ".rar", ".7z", ".gz", ".tar"})

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


@dataclass(frozen=True)
class _Mail:
    """A mail of the box before it is read; `arrived` is the server's own time."""

    uid: str
    size: int
    arrived: datetime

    @property
    def title(self) -> str:
        """What a ledger calls it: its number and day, nothing of its sender."""
        return f"邮件{self.uid}（{self.arrived.astimezone(SHANGHAI).date()}）"


def fetch(spec: SourceSpec, connection: Connection, period: Period, street_code: str) -> Iterator[Fetched | Refused]:
    """Yield each table attached to a mail that arrived from `options.since` to before `options.until` (dates).

    Without these days the period's own count. The connection is `imaps://login:password@host/INBOX`;
    `imap://` turns to TLS before logging in, but on loopback. The unit is told by the attachment's name,
    as in a folder. A mail or attachment that cannot be taken is `Refused` with its reason.
    """
    since, until = spec.options.get("since", period.start), spec.options.get("until", period.end)
    deadline = time.monotonic() + float(spec.options.get("deadline_seconds", DEADLINE_SECONDS))
    with _mailbox(spec, connection) as box:
        for mail in _arrived(spec, box, since, until):
            if time.monotonic() > deadline:
                raise SourceError(f"来源「{spec.title}」的邮箱在限定时间内没有读完。", "下次运行会从头再读。")
            if mail.size > MAX_MESSAGE_BYTES:
                yield Refused(mail.title, f"邮件超过 {MAX_MESSAGE_BYTES >> 20} MB")
                continue
            yield from _tables(spec, mail, _bytes(spec, box, mail), street_code)


@contextmanager
def _mailbox(spec: SourceSpec, connection: Connection) -> Iterator[imaplib.IMAP4]:
    """The folder of the connection's path (INBOX), opened for reading only."""
    try:
        box = _connect(connection)
        try:
            if not isinstance(box, imaplib.IMAP4_SSL) and not connection.is_loopback:
                box.starttls(ssl.create_default_context())
            _log_in(spec, box, connection)
            if box.select(f'"{connection.path or "INBOX"}"', readonly=True)[0] != "OK":
                raise SourceError(f"来源「{spec.title}」没有这个邮箱文件夹。", "请核对连接末尾的文件夹名（INBOX）。")
            yield box
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                box.logout()
    except (imaplib.IMAP4.error, OSError) as error:
        # A server's words may quote an address: only the error's kind goes further.
        raise SourceError(
            f"来源「{spec.title}」的邮箱读不了（{type(error).__name__}）。", "请检查邮件服务器和网络。"
        ) from None


def _connect(connection: Connection) -> imaplib.IMAP4:
    if connection.scheme == "imaps" or connection.port == imaplib.IMAP4_SSL_PORT:
        port = connection.port or imaplib.IMAP4_SSL_PORT
        return imaplib.IMAP4_SSL(connection.host, port, ssl_context=ssl.create_default_context(), timeout=SECONDS)
    return imaplib.IMAP4(connection.host, connection.port or imaplib.IMAP4_PORT, timeout=SECONDS)


def _log_in(spec: SourceSpec, box: imaplib.IMAP4, connection: Connection) -> None:
    try:
        box.login(connection.login, connection.password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeError):
        raise SourceError(f"来源「{spec.title}」的邮箱拒绝了登录。", "请核对连接中的账号和密码（授权码）。") from None
    if "ID" in box.capabilities:
        box.xatom("ID", '("name" "courtyard")')  # NetEase mailboxes (163, 126) open to clients that say their name


def _arrived(spec: SourceSpec, box: imaplib.IMAP4, since: date, until: date) -> list[_Mail]:
    """The mails that the server took in from `since` to before `until`, Shanghai's days, in order of arrival.

    IMAP counts days in a zone of its own, so a day more on each side is asked for.
    """
    day = timedelta(days=1)
    _, [uids] = box.uid("SEARCH", "SINCE", _imap_date(since - day), "BEFORE", _imap_date(until + day))
    asked = (uids or b"").decode().split()
    if len(asked) > MAX_MESSAGES:
        raise SourceError(f"来源「{spec.title}」这一季的邮件超过 {MAX_MESSAGES} 封。", "请清理邮箱，或换用专用邮箱。")
    if not asked:
        return []
    _, answers = box.uid("FETCH", ",".join(asked), "(UID RFC822.SIZE INTERNALDATE)")
    mails = filter(None, (_told(line) for line in answers if isinstance(line, bytes)))
    within = [mail for mail in mails if since <= mail.arrived.astimezone(SHANGHAI).date() < until]
    return sorted(within, key=lambda mail: (mail.arrived, int(mail.uid)))


def _told(line: bytes) -> _Mail | None:
    """What one FETCH answer says of a mail; None for answers that nobody asked for."""
    uid, size, at = _UID.search(line), _SIZE.search(line), imaplib.Internaldate2tuple(line)
    if not (uid and size and at):
        return None
    return _Mail(uid[1].decode(), int(size[1]), datetime.fromtimestamp(time.mktime(at), UTC))


def _imap_date(day: date) -> str:
    """A day as IMAP writes it, in English whatever the locale (RFC 3501, `date`)."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def _bytes(spec: SourceSpec, box: imaplib.IMAP4, mail: _Mail) -> bytes:
    _, answers = box.uid("FETCH", mail.uid, "(BODY.PEEK[])")  # PEEK leaves it unread
    for answer in answers:
        if isinstance(answer, tuple):
            return answer[1]
    raise SourceError(f"来源「{spec.title}」的{mail.title}取不到。", "下次运行会再取。")


def _tables(spec: SourceSpec, mail: _Mail, raw: bytes, street_code: str) -> list[Fetched | Refused]:
    """The attachments of one mail. Hostile mails make the email package raise many kinds of errors."""
    try:
        message = email.message_from_bytes(raw, policy=policy.default)
        every = list(_parts(message))
        parts = [part for part in every if _is_attached(part)]
        if parts and any(_is_cut(part) for part in every):
            return [Refused(mail.title, "邮件不完整，请重发")]
        sent_at = _sent_at(message, mail.arrived)
        taken = [_taken(spec, mail, part, sent_at, street_code) for part in parts[:MAX_ATTACHMENTS]]
    except Exception:
        return [Refused(mail.title, "邮件的格式有误，读不了，请重发")]
    if (more := len(parts) - MAX_ATTACHMENTS) > 0:
        taken.append(Refused(mail.title, f"附件超过 {MAX_ATTACHMENTS} 个，后 {more} 个未收"))
    return taken


def _parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """Every part of a mail; a mail inside it is one part, whatever it holds."""
    yield message
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            yield from _parts(part)


def _is_attached(part: EmailMessage) -> bool:
    """Files and forwarded mails; not the texts, nor pictures that a text shows."""
    if part.is_multipart():
        return part.get_content_type() == "message/rfc822"
    if part.get_content_disposition() == "attachment":
        return True
    is_shown = part.get_content_maintype() == "image" and "content-id" in part
    return part.get_filename() is not None and not is_shown


def _is_cut(part: EmailMessage) -> bool:
    """Whether a part ends before its time: its last attachment may be short."""
    return any(isinstance(d, CloseBoundaryNotFoundDefect | StartBoundaryNotFoundDefect) for d in part.defects)


def _taken(spec: SourceSpec, mail: _Mail, part: EmailMessage, sent_at: datetime, street_code: str) -> Fetched | Refused:
    name = _name(part)
    shown, unit_code = submitted.named(spec, name, street_code)
    if reason := _refusal(name, part):
        return Refused(shown or mail.title, reason)
    data = part.get_payload(decode=True)
    if part.defects or not data:  # bad Base64 leaves a defect and fewer bytes
        return Refused(shown, "附件损坏或是空的，请重发")
    if len(data) > MAX_BYTES:
        return Refused(shown, TOO_LARGE)
    return Fetched(shown, data, submitted.media_type(name), sent_at, unit_code)


def _refusal(name: str, part: EmailMessage) -> str | None:
    """Why an attachment is not taken, or None."""
    if part.get_content_type() == "message/rfc822":
        return "是转发的邮件，请直接附上表格"
    if not name:
        return "附件没有文件名，请命名后重发"
    if reason := submitted.name_refusal(name):
        return reason
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in ARCHIVES:
        return "是压缩包，请解开后重发"
    return None if suffix in TABLES else "不是表格文件（xlsx、xls、et、csv）"


def _name(part: EmailMessage) -> str:
    """The attachment's name without any folder before it; older clients write it in GB18030 as it is."""
    name = part.get_filename() or ""
    for header, raw in part.raw_items():
        octets = raw.encode("utf-8", "surrogateescape")
        if header.lower() == "content-disposition" and not octets.isascii():
            told = policy.default.header_factory(header, _text(octets))
            name = told.params.get("filename", name)
    return re.split(r"[/\\]", name)[-1].strip()


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeError:
        return octets.decode("gb18030", "replace")


def _sent_at(message: EmailMessage, arrived: datetime) -> datetime:
    """When it was sent, as its Date says, unless that is after it arrived or long before."""
    try:
        sent = parsedate_to_datetime(str(message["Date"]))
    except (ValueError, TypeError):
        return arrived
    if sent.tzinfo is None:  # "-0000": a time in UTC from nowhere in particular (RFC 5322, 3.3)
        sent = sent.replace(tzinfo=UTC)
    return sent if arrived - OLDEST_DATE <= sent <= arrived + CLOCK_SKEW else arrived
