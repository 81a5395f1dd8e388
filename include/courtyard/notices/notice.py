"""One thing to tell at one address, and who is to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from courtyard.district.models import Contact, District


@dataclass(frozen=True)
class Notice:
    """`cause` names the occasion (`reminder/2026Q3/<unit>/due-3`): one cause is told once at an address.

    `channel` is mail, wecom or dingtalk; `address` a post's mail address or the id of the connection that
    holds a webhook. Subject and body hold no personal data; `attachments` are paths below `outbox/`, sent
    by mail only.
    """

    street_code: str
    cause: str
    channel: str
    address: str
    subject: str
    body: str
    queued_at: datetime
    attachments: tuple[str, ...] = ()


def contacts_of(district: District, unit_code: str, day: date) -> tuple[Contact, ...]:
    """Where a unit is told something on a day, in the order of the pack; empty when nobody can be told."""
    return tuple(
        contact
        for contact in district.contacts
        if contact.unit_code == unit_code
        and contact.valid_from <= day
        and (contact.valid_to is None or day < contact.valid_to)
    )


def addressed(
    district: District, contacts: Sequence[Contact], *, cause: str, subject: str, body: str, queued_at: datetime
) -> list[Notice]:
    """The same words to each of the contacts; add attachments with `dataclasses.replace`."""
    return [
        Notice(district.office.street_code, cause, contact.channel, contact.address, subject, body, queued_at)
        for contact in contacts
    ]
