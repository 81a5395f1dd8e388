"""Who would have to be told: who was sent what would be replaced, who signs again, who gets a receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from courtyard.backfill.planned import Delivery, Form, Told
from courtyard.context import Context
from courtyard.period import SHANGHAI, Period
from courtyard.reports import recalling, waiving
from courtyard.reports.job import Job

_RECALLED = "收到过的版次会被替代，须发更正函并收回确认"
_SIGNS = "新版须签发后才能送出"
_RECEIPT = "报送会收到回执"


def of(
    connection: Connection, ctx: Context, forms: Iterable[Form], used: Iterable[Delivery], at: datetime
) -> tuple[Told, ...]:
    """Recipients first, then approvers, then units; each once for what is certain and once for what may be."""
    moving = [form for form in forms if form.moves]
    return (*_recipients(connection, ctx, moving), *_approvers(connection, ctx, moving, at), *_units(ctx, used))


def _recipients(connection: Connection, ctx: Context, moving: list[Form]) -> Iterator[Told]:
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for form in moving:
        if form.revision is None:
            continue
        job = Job(ctx, ctx.district.reports[form.report], Period.parse(form.period), connection)
        for name in dict.fromkeys(r.recipient for r in recalling.receivers_of(job, form.revision + 1)):
            found[name, form.is_certain].append(label(form))
    for (name, is_certain), forms in sorted(found.items(), key=lambda item: (not item[0][1], item[0][0])):
        yield Told("recipient", name, _RECALLED, is_certain, tuple(forms))


def _approvers(connection: Connection, ctx: Context, moving: list[Form], at: datetime) -> Iterator[Told]:
    waived = waiving.valid(connection, ctx, at.astimezone(SHANGHAI).date())
    office, found = ctx.district.office, defaultdict(list)
    for form in moving:
        if form.report not in waived:
            _, approver = ctx.district.recipients.signers(form.report, office.preparer, office.reviewer)
            found[approver, form.is_certain].append(label(form))
    for (name, is_certain), forms in sorted(found.items(), key=lambda item: (not item[0][1], item[0][0])):
        yield Told("approver", name, _SIGNS, is_certain, tuple(forms))


def _units(ctx: Context, used: Iterable[Delivery]) -> Iterator[Told]:
    submitted = {source.source for source in ctx.district.sources.values() if source.is_submitted}
    names = {delivery.unit: delivery for delivery in used if delivery.source in submitted and delivery.unit}
    yield from (Told("unit", name, _RECEIPT, True) for name in sorted(names))


def label(form: Form) -> str:
    """A form as people call it."""
    return f"{Period.parse(form.period).title}《{form.title}》"
