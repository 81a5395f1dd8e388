"""更正函: whoever was sent a figure that has been replaced is told, once, until it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from courtyard import letters, notices
from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.letters import docx
from courtyard.notices import outbox
from courtyard.period import SHANGHAI, Period
from courtyard.reports import causes, changes, editions
from courtyard.reports.causes import Cause
from courtyard.reports.changes import Entry
from courtyard.reports.content import Content
from courtyard.reports.folder import FULL
from courtyard.reports.report_letters import Recall, recall_letter

if TYPE_CHECKING:
    from courtyard.reports.job import Job

_NEWEST = 2**31 - 1  # no revision is above it
STATES = ("待发", "已发", "已确认")
_OF = "street_code = :street AND report = :report AND period = :period"
_EARLIER = text(f"""
SELECT DISTINCT revision, recipient, view FROM publish.sending
 WHERE {_OF} AND revision < :before AND sent_at IS NOT NULL ORDER BY revision, recipient
""")
_WAITING = text(f"""
SELECT letter FROM publish.recall
 WHERE {_OF} AND recipient = :recipient AND new_revision <= :revision AND sent_at IS NULL ORDER BY old_revision
""")
_PUBLICATION = text(f"""
SELECT revision, content_hash, as_known_at, folder, manifest FROM publish.publication
 WHERE {_OF} AND revision = :revision
""")
_KNOWN = text(f"SELECT old_revision, recipient FROM publish.recall WHERE {_OF}")
_QUEUE = text("""
INSERT INTO publish.recall (street_code, report, period, old_revision, recipient, new_revision, letter_number, letter,
                            sha256, changes, queued_at, due_on)
VALUES (:street, :report, :period, :old, :recipient, :new, :number, :letter, :sha256, :changes, :at, :due_on)
""")
_SENT = text(f"""
UPDATE publish.recall SET sent_at = :at
 WHERE {_OF} AND recipient = :recipient AND new_revision <= :revision AND sent_at IS NULL
""")
_ACKNOWLEDGE = text(f"""
UPDATE publish.recall SET acknowledged_at = :at, acknowledged_by = :by, sent_at = coalesce(sent_at, :at)
 WHERE {_OF} AND acknowledged_at IS NULL AND (CAST(:recipient AS text) IS NULL OR recipient = :recipient)
RETURNING old_revision, recipient
""")
_LIST = text("""
SELECT report, period, old_revision, new_revision, recipient, letter_number, letter, changes, queued_at, due_on, sent_at,
       acknowledged_at, acknowledged_by
  FROM publish.recall WHERE street_code = :street ORDER BY due_on, report, period, old_revision, recipient
""")
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)")


@dataclass(frozen=True)
class Receiver:
    """Who holds which revision; `with_values` unless it was a view without names or small counts."""

    revision: int
    recipient: str
    with_values: bool = True


def receivers_of(job: Job, before_revision: int) -> list[Receiver]:
    """Everybody who was sent a revision older than this one, by the ledger of sendings."""
    rows = job.connection.execute(_EARLIER, {**job.where, "before": before_revision})
    names = {r.recipient: r.name for r in job.ctx.district.recipients.recipients}
    return [
        Receiver(row.revision, names.get(row.recipient, row.recipient), with_values=row.view == FULL) for row in rows
    ]


def queue(job: Job, made: Content, revision: int, entries: Sequence[Entry]) -> None:
    """A letter for each receiver of an older revision that was not told of it yet; HeldError as `published` has it.

    In the publication's transaction: letters, their numbers and the publication are there together or not at all.
    """
    known = {tuple(row) for row in job.connection.execute(_KNOWN, job.where)}
    for receiver in receivers_of(job, revision):
        if (receiver.revision, receiver.recipient) not in known:
            told = entries if receiver.revision == revision - 1 else _since(job, made, revision, receiver.revision)
            if told:  # a figure that is right again needs no recall
                _queue(job, made, (receiver, revision), told)


def _since(job: Job, made: Content, revision: int, old: int) -> list[Entry]:
    row = job.connection.execute(_PUBLICATION, {**job.where, "revision": old}).mappings().one()
    return changes.between(job, editions.published(job, row), editions.of_content(job, revision, made))


def _queue(job: Job, made: Content, pair: tuple[Receiver, int], entries: Sequence[Entry]) -> None:
    (receiver, revision), at, office = pair, made.as_known_at, job.ctx.district.office
    on = at.astimezone(SHANGHAI).date()
    cause = f"recall/{job.spec.report}/{job.period}/r{receiver.revision}/{receiver.recipient}"
    number = letters.number_of(job.connection, job.ctx.street_code, office.letter_mark, cause, at)
    recall = Recall(
        spec=job.spec,
        period=job.period,
        recipient=receiver.recipient,
        old_revision=receiver.revision,
        new_revision=revision,
        number=number,
        on=on,
        due_on=office.settle_by(on),
        with_values=receiver.with_values,
    )
    body = docx.render(recall_letter(job.ctx, recall, entries, _words(job, entries)))
    name = f"recalls/{job.period}/{job.spec.report}/更正函_r{receiver.revision}_{receiver.recipient.replace('/', '_')}.docx"
    outbox.put(job.ctx.settings.outbox, name, body)
    job.connection.execute(
        _QUEUE,
        {
            **job.where,
            "old": receiver.revision,
            "recipient": receiver.recipient,
            "new": revision,
            "number": number,
            "letter": name,
            "sha256": hashlib.sha256(body).hexdigest(),
            "changes": len(entries),
            "at": at,
            "due_on": recall.due_on,
        },
    )
    notices.queue(job.connection, _notices(job, recall, cause, name))


def _words(job: Job, entries: Sequence[Entry]) -> dict[Cause, str]:
    deliveries = {Cause(cause.delivery_id) for entry in entries for cause in entry.causes}
    return causes.described(job.connection, job.ctx.district, deliveries)


def _notices(job: Job, recall: Recall, cause: str, name: str) -> list[notices.Notice]:
    """The office itself is told that a letter waits: whoever sends the form sends the letter with it."""
    district, title = job.ctx.district, f"{recall.period.title}《{recall.spec.title}》"
    body = (
        f"{title}已出第{recall.new_revision}版，{recall.recipient}手中的第{recall.old_revision}版须更正。\n"
        f"更正函{recall.number}已拟好（附件），请随新版表格发出，并于{recall.due_on}前收回确认。\n"
        f"收到确认后登记：courtyard recalls acknowledge {recall.spec.report} {recall.period} --by <确认单位>"
    )
    made = notices.addressed(
        district,
        notices.contacts_of(district, job.ctx.street_code, recall.on),
        cause=cause,
        subject=f"更正函待发：{title}（致{recall.recipient}）",
        body=body,
        queued_at=datetime.combine(recall.on, datetime.min.time(), SHANGHAI),
    )
    return [replace(notice, attachments=(name,)) for notice in made]


def waiting(
    connection: Connection, ctx: Context, where: dict[str, str], recipient: str, revision: int
) -> dict[str, bytes]:
    """The letters that wait to be sent to a recipient with a revision, by name."""
    bound = {**where, "recipient": recipient, "revision": revision}
    paths = [ctx.settings.outbox / name for name in connection.scalars(_WAITING, bound)]
    return {path.name: path.read_bytes() for path in paths}


def mark_sent(connection: Connection, where: dict[str, str], recipient: str, revision: int, at: datetime) -> int:
    """The recipient was sent this revision with what it replaces: the letters up to it have gone out; how many."""
    return connection.execute(_SENT, {**where, "recipient": recipient, "revision": revision, "at": at}).rowcount


def handed_over(ctx: Context, report: str, period: str, *, recipient: str, at: datetime) -> int:
    """Enter that waiting letters were handed over on paper; UsageError when none waits."""
    where = {"street": ctx.street_code, "report": report, "period": str(Period.parse(period))}
    with ctx.engine("publisher").begin() as connection:
        if not (count := mark_sent(connection, where, recipient, _NEWEST, at)):
            raise UsageError(
                f"{report} {period} 没有待发给{recipient}的更正函。", "用 courtyard recalls 查看全部更正函。"
            )
        place = f"{where['period']}/{report} {recipient}"
        connection.execute(_AUDIT, {"at": at, "actor": ctx.holder, "action": "send recall", "object": place})
    return count


def acknowledge(
    ctx: Context, report: str, period: str, *, by: str, at: datetime, recipient: str | None = None
) -> list[dict[str, Any]]:
    """Enter that recalls of a report's period were acknowledged; UsageError when none waits.

    Returns the recalls: {report, period, old_revision, recipient}.
    """
    if not by.strip():
        raise UsageError("没有写由谁确认。", "请用 --by 写确认的单位或岗位。")
    where = {"street": ctx.street_code, "report": report, "period": str(Period.parse(period))}
    with ctx.engine("publisher").begin() as connection:
        rows = connection.execute(_ACKNOWLEDGE, {**where, "by": by.strip(), "at": at, "recipient": recipient}).all()
        if not rows:
            raise UsageError(f"{report} {period} 没有待确认的更正函。", "用 courtyard recalls 查看全部更正函。")
        for row in rows:
            place = f"{where['period']}/{report}/r{row.old_revision} {row.recipient}: {by.strip()}"
            entry = {"at": at, "actor": ctx.holder, "action": "acknowledge recall", "object": place}
            connection.execute(_AUDIT, entry)
    return [{"report": report, "period": where["period"], **row._mapping} for row in rows]


def listing(ctx: Context, on: date) -> list[dict[str, Any]]:
    """Every recall with its state on a day, the first due first; `is_overdue` while it is not acknowledged."""
    with ctx.engine("publisher").connect() as connection:
        rows = connection.execute(_LIST, {"street": ctx.street_code}).mappings().all()
    return [
        {**row, "state": _state(row), "is_overdue": row["acknowledged_at"] is None and row["due_on"] < on}
        for row in rows
    ]


def _state(row: Any) -> str:
    return STATES[2] if row["acknowledged_at"] else STATES[1] if row["sent_at"] else STATES[0]
