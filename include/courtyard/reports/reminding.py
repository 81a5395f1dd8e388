"""Reminders of what waits for a signature: each step before and after the due date is told once."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from courtyard import notices
from courtyard.context import Context
from courtyard.district.models import Contact
from courtyard.notices import Notice
from courtyard.period import SHANGHAI
from courtyard.reports import signing
from courtyard.reports.signing import Publication, Target
from courtyard.submissions.reminding import Steps


def remind(ctx: Context, *, on: date) -> dict[str, Any]:
    """Queue what is due on a day (Shanghai's): one notice for each waiting publication and step, to its approver.

    Returns `{"waiting", "queued", "unreachable"}`: how many publications wait, how many notices were new, and the
    approvers whose unit has no contacts.
    """
    rules = ctx.district.recipients.sign_off
    waits = signing.unanswered(ctx, on)
    told: list[Notice] = []
    unreachable: list[str] = []
    for publication in waits:
        steps = Steps.around(publication.due_on, rules.remind_before_due, rules.remind_after_due)
        if step := steps.on(on):
            made = _notices(ctx, publication, step, on)
            told += made
            unreachable += [] if made else [publication.approver]
    with ctx.engine().begin() as connection:
        queued = notices.queue(connection, told)
    return {"waiting": len(waits), "queued": queued, "unreachable": sorted(set(unreachable))}


def tell_refused(ctx: Context, target: Target, reason: str, at: datetime) -> int:
    """Queue why an answer was not accepted, to who approves; returns how many notices that are."""
    with ctx.engine("publisher").connect() as connection:
        approver = signing.latest(connection, ctx, target.report, target.period)[0].approver
    told = notices.addressed(
        ctx.district,
        _contacts(ctx, approver, at.astimezone(SHANGHAI).date()),
        cause=f"sign/{target.period}/{target.report}/r{target.revision}/refused/{at.isoformat()}",
        subject="签发的答复没有被接受，请再答一次",
        body=f"{approver}：\n{reason}\n请在 Airflow 的“签发报表”中再答一次。",
        queued_at=at,
    )
    with ctx.engine().begin() as connection:
        return notices.queue(connection, told)


def _contacts(ctx: Context, approver: str, on: date) -> tuple[Contact, ...]:
    """Where an approver is told something; the office's own reviewer is reached at the street."""
    unit, _, post = approver.partition("/")
    return notices.contacts_of(ctx.district, unit if post else ctx.street_code, on)


def _notices(ctx: Context, publication: Publication, step: str, on: date) -> list[Notice]:
    title = f"《{publication.spec.title}》{publication.period.title}第{publication.revision}版"
    when = "已过报送期限" if publication.due_on < on else f"应在{publication.due_on}前报送"
    body = "\n".join(
        (
            f"{publication.approver.rpartition('/')[2]}：",
            f"{title}待签发，{when}{publication.spec.recipient}。",
            f"查看：courtyard sign {publication.spec.report} {publication.period}",
            f"签发：courtyard sign {publication.spec.report} {publication.period} --as {publication.approver}",
            f"退回：再加 --return 理由。也可在 Airflow 的“签发报表”中答复。填报：{publication.preparer}。",
        )
    )
    return notices.addressed(
        ctx.district,
        _contacts(ctx, publication.approver, on),
        cause=f"sign/{publication.period}/{publication.spec.report}/r{publication.revision}/{step}",
        subject=f"待签发：{title}（{when}）",
        body=body,
        queued_at=datetime.combine(on, time(), SHANGHAI),
    )
