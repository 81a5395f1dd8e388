"""Reminders of what waits for a signature: each step before and after the due date is told once."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from courtyard import notices
from courtyard.context import Context
from courtyard.notices import Notice
from courtyard.period import SHANGHAI
from courtyard.reports import signing
from courtyard.reports.signing import Publication
from courtyard.submissions.reminding import Steps


def remind(ctx: Context, *, on: date) -> dict[str, Any]:
    """Queue what is due on a day (Shanghai's): one notice for each waiting publication and step, to its approver.

    Returns `{"waiting", "queued", "unreachable"}`: how many publications wait, how many notices were new, and the
    approvers whose unit has no contacts.
    """
    rules = ctx.district.recipients.sign_off
    waits = [publication for publication in signing.waiting(ctx) if publication.state == "waiting"]
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


def _notices(ctx: Context, publication: Publication, step: str, on: date) -> list[Notice]:
    unit, _, post = publication.approver.partition("/")
    unit = unit if post else ctx.street_code  # the office's own reviewer is reached at the street
    title = f"《{publication.spec.title}》{publication.period.title}第{publication.revision}版"
    when = "已过报送期限" if publication.due_on < on else f"应在{publication.due_on}前报送"
    body = "\n".join(
        (
            f"{post or publication.approver}：",
            f"{title}待签发，{when}{publication.spec.recipient}。",
            f"查看：courtyard sign {publication.spec.report} {publication.period}",
            f"签发：courtyard sign {publication.spec.report} {publication.period} --as {publication.approver}",
            f"退回：再加 --return 理由。也可在 Airflow 的“签发报表”中答复。填报：{publication.preparer}。",
        )
    )
    return notices.addressed(
        ctx.district,
        notices.contacts_of(ctx.district, unit, on),
        cause=f"sign/{publication.period}/{publication.spec.report}/r{publication.revision}/{step}",
        subject=f"待签发：{title}（{when}）",
        body=body,
        queued_at=datetime.combine(on, time(), SHANGHAI),
    )
