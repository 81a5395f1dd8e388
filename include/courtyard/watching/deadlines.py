"""Forms that are due soon or overdue: what each waits for, and who does what about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, text

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.district.working_time import WorkingTime
from courtyard.period import SHANGHAI, Period
from courtyard.reports import readiness, signing, waiving
from courtyard.reports.signing import Publication
from courtyard.watching.cause import Cause

_HOLDS = text("SELECT report, period, reason FROM publish.hold WHERE street_code = :street")
_SENDINGS = text("""
SELECT report, period, revision, recipient, channel, confirmed_at, error FROM publish.sending WHERE street_code = :street
""")
MOST_QUARTERS = 8  # back from the running one: a form that is due longer ago is the boards' to show


@dataclass(frozen=True)
class Waits:
    """Where a form stands on its way out, why, and who does what; `stage` is unpublished, held, unsigned, returned or undelivered."""

    stage: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Form:
    """One report of one period, and the day by which its first recipient wants it."""

    spec: ReportSpec
    period: Period
    due_on: date

    @property
    def title(self) -> str:
        return f"《{self.spec.title}》{self.period.title}"


def look(connection: Connection, ctx: Context, at: datetime) -> list[Cause]:
    """One cause for each form in the days around its due date and the stage at which it waits."""
    on = at.astimezone(SHANGHAI).date()
    known = {(p.spec.report, p.period): p for p in signing.latest(connection, ctx)}
    holds = {(row.report, row.period): row.reason for row in connection.execute(_HOLDS, {"street": ctx.street_code})}
    sent: dict[tuple[str, str, int], list[Row]] = {}
    for row in connection.execute(_SENDINGS, {"street": ctx.street_code}):
        sent.setdefault((row.report, row.period, row.revision), []).append(row)
    waived = waiving.valid(connection, ctx, on)
    causes = []
    for form in due(ctx, on):
        publication = known.get((form.spec.report, form.period))
        if publication is None:
            waits = _unpublished(connection, ctx, form, holds.get((form.spec.report, str(form.period)), ""))
        else:
            entries = sent.get((form.spec.report, str(form.period), publication.revision), [])
            waits = _unreleased(publication, form.spec.report in waived) or _undelivered(publication, entries)
        if waits:
            causes.append(_cause(ctx, form, waits, on))
    return causes


def due(ctx: Context, on: date) -> Iterator[Form]:
    """The forms whose day of counting has come and whose due date is near: so many working days on either side."""
    rules, time = ctx.district.watch.deadlines, WorkingTime(ctx.district.office.calendar)
    last = time.due_on(on, rules.before)
    first = Period.quarter(ctx.district.office.first_quarter)
    quarter, quarters = Period.of("quarter", on), []
    while quarter >= first and len(quarters) < MOST_QUARTERS:
        quarters.append(quarter)
        quarter = quarter.previous()
    for quarter in reversed(quarters):
        for spec in ctx.district.reports.values():
            recipients = ctx.district.recipients.of(spec)
            for period in spec.periods(quarter) if recipients else ():
                as_of = spec.as_of(period)
                due_on = min(recipient.due_on(spec, as_of) for recipient in recipients)
                if as_of < on and due_on <= last and on <= time.due_on(due_on, rules.after):
                    yield Form(spec, period, due_on)


def _unpublished(connection: Connection, ctx: Context, form: Form, held: str) -> Waits:
    preparer, _ = _signers(ctx, form.spec)
    rerun = f"运行“季度数据链”（季度 {Period.of('quarter', form.spec.as_of(form.period))}）。"
    if lacking := readiness.missing(connection, ctx, readiness.needs(ctx, form.spec, form.period)):
        return Waits("unpublished", f"缺数：{lacking.rstrip('。')}", f"请{preparer}催齐数据，到后{rerun}")
    if held:
        remedy = f"请{preparer}核对；数字属实的用 courtyard explain 说明，有误的更正，再{rerun}"
        return Waits("held", f"被暂缓：{held.rstrip('。')}", remedy)
    return Waits("unpublished", "数据已齐，还没有生成报表", f"请{preparer}{rerun}")


def _unreleased(publication: Publication, is_waived: bool) -> Waits | None:
    if publication.state == "waiting" and not is_waived:
        remedy = f"请{publication.approver}在 Airflow“签发报表”中签发或退回，或用 courtyard sign。"
        return Waits("unsigned", f"第{publication.revision}版待{publication.approver}签发", remedy)
    if publication.state == "returned":
        why = f"第{publication.revision}版被{publication.decided['post']}退回：{publication.decided['reason']}"
        return Waits("returned", why.rstrip("。"), f"请{publication.preparer}更正数据后重新运行该季度。")
    return None


def _undelivered(publication: Publication, entries: list[Row]) -> Waits | None:
    """A recipient with a channel that has not confirmed; one without is served by hand."""
    confirmed = {(row.recipient, row.channel) for row in entries if row.confirmed_at}
    errors = {row.recipient: row.error for row in entries if not row.confirmed_at}
    open_ = [r for r in publication.recipients if any((r.recipient, c.channel) not in confirmed for c in r.channels)]
    if not open_:
        return None
    named = "、".join(recipient.name for recipient in open_)
    error = next((errors[r.recipient] for r in open_ if errors.get(r.recipient)), "")
    why = f"已可报送，尚未送达{named}" + (f"：{error.rstrip('。')}" if error else "")
    return Waits("undelivered", why, f"请{publication.preparer}检查送达渠道后运行 courtyard deliver。")


def _signers(ctx: Context, spec: ReportSpec) -> tuple[str, str]:
    office = ctx.district.office
    return ctx.district.recipients.signers(spec.report, office.preparer, office.reviewer)


def _cause(ctx: Context, form: Form, waits: Waits, on: date) -> Cause:
    is_late = form.due_on < on
    kind = "overdue" if is_late else "deadline"
    left = _working_days(WorkingTime(ctx.district.office.calendar), *sorted((on, form.due_on)))
    when = f"应于 {form.due_on} 前报送{form.spec.recipient}，" + (
        f"已逾期 {left} 个工作日" if is_late else f"还有 {left} 个工作日"
    )
    key = f"{kind}/{form.spec.report}/{form.period}/{waits.stage}"
    return Cause(key, kind, form.title, f"{when}：{waits.why}。", waits.remedy, (str(form.period),))


def _working_days(time: WorkingTime, since: date, until: date) -> int:
    """Working days after one day up to another, inclusive."""
    days = 0
    while (since := time.due_on(since, 1)) <= until:
        days += 1
    return days
