"""Reports: a specification and its SQL become the department's own form, in numbered revisions.

The functions here import what they need when they are called: a DAG file may import this package.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from courtyard.context import Context
from courtyard.period import Period

log = logging.getLogger(__name__)


def publish(ctx: Context, until: date | None = None) -> dict[str, list[dict[str, Any]]]:
    """Publish every report period that ends in the quarter, then its bulletin, and the catalogue anew.

    With `until`, only what is counted for a day before it, and the bulletin waits for the quarter's own run.

    Returns `published`, `unchanged` (each {report, period, revision, folder}) and `held` (each
    {report, period, reason}). Raises LeaseLost when another run has taken over the quarter.
    """
    from courtyard.errors import HeldError
    from courtyard.reports import bulletin, catalogue, publishing

    done = publishing.publish(ctx, until)
    made_besides = [("bulletin", bulletin.publish)] if until is None else []
    for name, make in [*made_besides, ("catalogue", catalogue.build)]:
        try:
            made = make(ctx)
        except HeldError as error:
            done["held"].append({"report": name, "period": str(ctx.period), "reason": str(error)})
        else:
            if isinstance(made, tuple):
                outcome, entry = made
                done[outcome].append(entry)
    return done


def trace(
    ctx: Context, report: str, period: str, cell: str, revision: int | None = None, most: int | None = 1000
) -> dict[str, Any]:
    """Lead a cell of a published form back to the delivered rows it is made of.

    Returns {report, title, period, revision, cell, anchor, kind, column, definition, rule, count, files, rows:
    [{delivery_id, source, name, sheet, row_no, dataset, record, valid_from, recorded_at}]}. `anchor` is the first of
    merged cells, `kind` says in Chinese what the cell is, `rule` names the pack's files, measures, datasets and the
    moment of knowledge. `count` is the number of rows, none but for values of the table; `files` has them by delivery
    and sheet, `rows` the first `most` of them one by one, all for None. Raises UsageError for a report, period or cell
    that was not published.
    """
    from courtyard.reports import tracing

    return tracing.trace(ctx, report, period, cell, revision, most)


def deliver(ctx: Context, *, at: datetime, period: Period | None = None) -> dict[str, Any]:
    """Send what is signed or waived and has not arrived yet; never raises for a recipient that is down.

    Returns {sent, waiting, unsigned}; see `delivering.deliver`. The catalogue tells of it.
    """
    from courtyard.reports import delivering

    done = delivering.deliver(ctx, at=at, period=period)
    refresh_catalogue(ctx)
    return done


def refresh_catalogue(ctx: Context) -> None:
    """Let the catalogue show what was signed, waived or sent; a disk that refuses is the next run's to tell."""
    from courtyard.errors import HeldError
    from courtyard.reports import catalogue

    try:
        catalogue.build(ctx)
    except HeldError as error:
        log.warning("%s", error)


def remind(ctx: Context, *, on: date) -> dict[str, Any]:
    """Queue reminders of what waits for a signature; see `reminding.remind`."""
    from courtyard.reports import reminding

    return reminding.remind(ctx, on=on)


def questions(ctx: Context, *, on: date) -> list[dict[str, str]]:
    """Who is to be asked for a signature, and for which department: {department, approver}."""
    from courtyard.reports import asking

    return [{"department": q.department, "approver": q.approver} for q in asking.questions(ctx, on)]


def ask(ctx: Context, *, department: str, approver: str, at: datetime) -> dict[str, Any] | None:
    """What an approver is shown for a department: {subject, body, asked}; None when nothing waits any more."""
    from courtyard.period import SHANGHAI
    from courtyard.reports import asking

    day = at.astimezone(SHANGHAI).date()
    for question in asking.questions(ctx, day):
        if (question.department, question.approver) == (department, approver):
            body = asking.preview(ctx, question, day)
            return {"subject": f"请签发：{question.label}", "body": body, "asked": question.targets}
    return None


def answer(
    ctx: Context, *, asked: list[dict[str, Any]], option: str, given: dict[str, str], at: datetime
) -> dict[str, Any]:
    """Carry out an answer on what was asked; `given` holds post, reason and only.

    Returns {signed, returned, passed_over}, or {wrong: why} when the answer cannot be taken and must be asked again.
    """
    from courtyard.reports import asking

    try:
        done = asking.answer(ctx, asked, asking.Answer(option=option, **given), at)
    except asking.WrongAnswer as error:
        return {"wrong": str(error)}
    refresh_catalogue(ctx)
    return done


def entitled(ctx: Context, report: str, period: str) -> dict[str, Any]:
    """The files of a report's latest revision, and who may get which on what basis.

    Returns {report, title, period, revision, folder, files: [{file, view, recipients, basis}]}; the view of the full form
    is `names`. Raises UsageError for a report or period that was not published.
    """
    from courtyard.reports import views

    return views.entitled(ctx, report, period)


def compare(ctx: Context, report: str, period: str, old: int | None = None, new: int | None = None) -> dict[str, Any]:
    """What changed between two published revisions, the last two unless given.

    Returns {report, title, period, old, new, count, changes: [{kind, cell, old_cell, column, label, before, after,
    cause}]}. Values of a roster name persons: the look is audited. UsageError for a revision that was not published.
    """
    from courtyard.reports import comparing

    return comparing.compare(ctx, report, period, old, new)
