"""Delivery: what is signed or waived goes to each recipient by its channels, once, and is confirmed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from courtyard import letters
from courtyard.context import Context
from courtyard.district.models import Recipient
from courtyard.errors import CourtyardError
from courtyard.letters import docx
from courtyard.notices.problems import ChannelDown, NotSent
from courtyard.period import SHANGHAI, Period
from courtyard.reports import recalling, sendings, signing, waiving
from courtyard.reports.channels import CHANNELS, Send
from courtyard.reports.parcel import Parcel, files_for
from courtyard.reports.report_letters import covering_letter
from courtyard.reports.sendings import Sending
from courtyard.reports.signing import Publication

log = logging.getLogger(__name__)

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Released:
    """A publication that may go out, and on whose word."""

    publication: Publication
    word: str

    @property
    def key(self) -> Key:
        return self.publication.spec.report, str(self.publication.period), self.publication.revision


def deliver(ctx: Context, *, at: datetime, period: Period | None = None) -> dict[str, Any]:
    """Send what is released and not confirmed yet; `at` is the moment of sending, by the real clock.

    With `period`, only reports counted for a day of it. Returns `sent` and `waiting`, each a list of {report, period,
    revision, recipient, channel, error}, and `unsigned`, how many publications nobody has signed. Never raises for a
    recipient: what did not arrive waits with its reason and is tried again by the next run.
    """
    released, unsigned = _released(ctx, at, period)
    with ctx.engine("publisher").begin() as connection:
        sendings.enter(connection, [entry for one in released.values() for entry in _entries(ctx, one, at)])
        rows = sendings.unconfirmed(connection, ctx.street_code)
    by_channel: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if _key(row) in released:  # a newer revision takes the place of an older one
            by_channel.setdefault((row.recipient, row.channel), []).append(row)
    done: dict[str, Any] = {"sent": [], "waiting": [], "unsigned": unsigned}
    for (code, kind), queued in by_channel.items():
        errors = _send_all(ctx, code, kind, queued, released, at)
        for row in queued:
            error = errors[_key(row)]
            told = {"report": row.report, "period": row.period, "revision": row.revision}
            done["waiting" if error else "sent"].append(told | {"recipient": code, "channel": kind, "error": error})
    return done


def _released(ctx: Context, at: datetime, period: Period | None) -> tuple[dict[Key, Released], int]:
    """The newest publications that are signed or waived on the day, and the number of those that are neither."""
    with ctx.engine("publisher").connect() as connection:
        newest = signing.latest(connection, ctx)
        waivers = waiving.valid(connection, ctx, at.astimezone(SHANGHAI).date())
    found, unsigned = {}, 0
    for publication in newest:
        as_of = publication.spec.as_of(publication.period)
        if period is not None and not period.start <= as_of < period.end:
            continue
        waiver = waivers.get(publication.spec.report)
        if publication.state == "signed":
            decided = publication.decided
            word = f"{decided['post']}{decided['at'].astimezone(SHANGHAI):%Y-%m-%d}签发"
        elif publication.state == "waiting" and waiver:  # what its approver returned stays here
            word = waiver.basis
        else:
            unsigned += 1
            continue
        one = Released(publication, word)
        found[one.key] = one
    return found, unsigned


def _entries(ctx: Context, released: Released, at: datetime) -> list[Sending]:
    publication, manifest = released.publication, released.publication.manifest
    return [
        Sending(
            street_code=ctx.street_code,
            **publication.where,
            recipient=recipient.recipient,
            channel=channel.channel,
            target=channel.target,
            basis=f"{recipient.basis_of(publication.spec)}；{released.word}",
            view=recipient.view_of(publication.spec),
            files=files_for(manifest, recipient.view_of(publication.spec)),
            queued_at=at,
        )
        for recipient in publication.recipients
        for channel in recipient.channels
    ]


def _send_all(
    ctx: Context, code: str, kind: str, rows: list[Row], released: dict[Key, Released], at: datetime
) -> dict[Key, str]:
    """Send a recipient's parcels over one channel; returns why some did not arrive, '' for those that did."""
    recipient = next((r for r in ctx.district.recipients.recipients if r.recipient == code), None)
    channel = next((c for c in recipient.channels if c.channel == kind), None) if recipient else None
    errors: dict[Key, str] = {}
    try:
        if recipient is None or channel is None:
            raise ChannelDown("recipients.yaml 中已没有这个接收单位或渠道。", "请恢复它，或不再理会这一条。")
        with CHANNELS[kind](ctx, recipient, channel, at) as send_one:
            for row in rows:
                errors[_key(row)] = _send_one(ctx, send_one, row, (released[_key(row)], recipient), at)
    except Exception as error:  # whatever one recipient's server does, the others still get theirs
        reason = str(error) if isinstance(error, CourtyardError) else f"未能送达（{type(error).__name__}）。"
        log.warning("送 %s（%s）没有成功：%s", code, kind, type(error).__name__)
        left = [row for row in rows if _key(row) not in errors]
        with ctx.engine("publisher").begin() as connection:
            for row in left:
                sendings.fail(connection, row, reason, tried=row is left[0])
        errors |= {_key(row): reason for row in left}
    return errors


def _send_one(ctx: Context, send_one: Send, row: Row, of: tuple[Released, Recipient], at: datetime) -> str:
    """One try under the entry's lock, so that two runs at once send it once; returns why it did not arrive.

    Raises ChannelDown when the rest of the channel's parcels need not be tried.
    """
    released, recipient = of
    publication = released.publication
    with ctx.engine("publisher").begin() as connection:
        if not sendings.claim(connection, row):
            return "另一个进程正在送，或已送达。"
        try:
            parcel = Parcel.of(
                publication.manifest,
                recipient,
                row.view,
                street_code=ctx.street_code,
                street=ctx.district.office.short_name,
                source=ctx.settings.published / publication.folder,
                basis=row.basis,
                letters=letters_for(connection, ctx, publication, recipient, at),
            )
            send_one(parcel)
        except ChannelDown:
            raise
        except NotSent as error:
            sendings.fail(connection, row, str(error))
            return str(error)
        sendings.confirm(connection, row, at, ctx.holder, parcel.files)
        recalling.mark_sent(connection, _where(row), recipient.name, row.revision, at)
        return ""


def letters_for(
    connection: Connection, ctx: Context, publication: Publication, recipient: Recipient, at: datetime
) -> dict[str, bytes]:
    """What goes along: recalls of what the recipient was sent before, and the covering letter where it wants one."""
    where = {"street": ctx.street_code, "report": publication.spec.report, "period": str(publication.period)}
    found = recalling.waiting(connection, ctx, where, recipient.name, publication.revision)
    if recipient.covering_letter:
        cause = f"cover/{where['report']}/{where['period']}/r{publication.revision}/{recipient.recipient}"
        number = letters.number_of(connection, ctx.street_code, ctx.district.office.letter_mark, cause, at)
        on = at.astimezone(SHANGHAI).date()
        letter = covering_letter(
            ctx, publication.spec, publication.manifest, recipient=recipient.name, number=number, on=on
        )
        found["报送函.docx"] = docx.render(letter)
    return found


def _where(row: Row) -> dict[str, str]:
    return {"street": row.street_code, "report": row.report, "period": row.period}


def _key(row: Row) -> Key:
    return row.report, row.period, row.revision
