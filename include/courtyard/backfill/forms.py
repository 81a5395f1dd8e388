"""What would become of each form: composed from the warehouse as it is and compared with its newest revision.

Nothing is kept: the transaction is rolled back. What waits to be merged is not in it, so a form that rests on a waiting
delivery may change beyond what is told here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, text

from courtyard.backfill import feeding
from courtyard.backfill.planned import Delivery, Form
from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.period import Period
from courtyard.reports import checking, closing, comparison, editions, publishing, readiness, reconciling
from courtyard.reports.content import Content
from courtyard.reports.job import Job
from courtyard.reports.kept import Kept

_LATEST = text("""
SELECT revision, content_hash, as_known_at, folder, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY revision DESC LIMIT 1
""")
_PUBLISHED = text("SELECT DISTINCT report, period FROM publish.publication WHERE street_code = :street")


def of(
    connection: Connection, ctx: Context, quarter: Period, waiting: Iterable[Delivery], *, compose: bool
) -> tuple[Form, ...]:
    """Every form that is counted for a day of the quarter, by that day. Without `compose` only deliveries tell."""
    ctx, kept, waiting = replace(ctx, period=quarter), Kept(), tuple(waiting)
    return tuple(_form(Job(ctx, *due, connection, kept), waiting, compose) for due in publishing.due(ctx))


def later(
    connection: Connection, ctx: Context, quarters: Iterable[Period], waiting: Iterable[Delivery]
) -> Iterator[Form]:
    """Published forms of other, later quarters that rest on what waits: they are run again after a correction."""
    chosen, waiting = set(quarters), tuple(waiting)
    rows = connection.execute(_PUBLISHED, {"street": ctx.street_code}).all()
    found = [(ctx.district.reports[r.report], Period.parse(r.period)) for r in rows if r.report in ctx.district.reports]
    for spec, period in sorted(found, key=lambda due: (due[0].as_of(due[1]), due[0].report)):
        quarter = Period.of("quarter", spec.as_of(period))
        if quarter in chosen or quarter < min(chosen):
            continue
        if fed := feeding.fed_by(ctx, spec, period, waiting):
            latest = connection.execute(_LATEST, Job(ctx, spec, period, connection).where).mappings().one()
            form = _said(spec, period, quarter, latest)
            yield replace(form, outcome="may_change", fed_by=fed, is_later=True, why="由随后的续算决定")


def _form(job: Job, waiting: tuple[Delivery, ...], compose: bool) -> Form:
    latest = job.connection.execute(_LATEST, job.where).mappings().one_or_none()
    form = _said(job.spec, job.period, job.ctx.period, latest)
    form = replace(form, fed_by=feeding.fed_by(job.ctx, job.spec, job.period, waiting))
    if compose or latest is None:
        try:
            with job.connection.begin_nested():
                form = _ready(job, form, waiting)
                if compose and form.outcome == "first":
                    form = _composed(job, form, latest)
        except Exception as error:  # as in publishing: whatever one report's files do, the others are still told
            form = replace(form, outcome="held", why=publishing.reason_of(error))
    return replace(form, outcome="may_change") if form.fed_by and form.outcome == "same" else form


def _said(spec: ReportSpec, period: Period, quarter: Period, latest: RowMapping | None) -> Form:
    revision = latest["revision"] if latest else None
    return Form(spec.report, spec.title, str(period), str(quarter), revision, "same")


def _ready(job: Job, form: Form, waiting: tuple[Delivery, ...]) -> Form:
    """Whether a form's data is there, or comes with what waits."""
    wanted = readiness.needs(job.ctx, job.spec, job.period)
    lacking = [need for need in wanted if readiness.missing(job.connection, job.ctx, [need])]
    if not lacking:
        return replace(form, outcome="first")
    come = {(dataset, delivery.period) for delivery in waiting for dataset in delivery.datasets}
    is_coming = all((need.dataset, str(need.period)) in come for need in lacking)
    why = readiness.missing(job.connection, job.ctx, wanted)
    return replace(form, outcome="may_change" if is_coming else "held", why=why)


def _composed(job: Job, form: Form, latest: RowMapping | None) -> Form:
    """A form whose data is there, set against its newest revision as publishing would."""
    made = job.known_content()
    if latest and latest["content_hash"] == made.content_hash:
        return replace(form, outcome="same")
    checked = checking.check(job.connection, job.where, _reconciled(job, made))
    if checked.failing:  # what waits may put it right
        outcome = "may_change" if form.fed_by else "held"
        return replace(form, outcome=outcome, why=str(checking.Unreconciled(checked)))
    if closed := closing.of(job.connection, *job.where.values()):
        return replace(form, outcome="held", why=f"已由{closed.actor}于{closed.since}关闭：{closed.reason}")
    if latest is None:
        return form
    changed = comparison.compare(editions.published(job, latest).said, comparison.said(job.spec, made))
    return replace(form, outcome="changes", changes=len(changed))


def _reconciled(job: Job, made: Content) -> reconciling.Form:
    return reconciling.Form(job.ctx.district, job.spec, job.period, made, job.other)
