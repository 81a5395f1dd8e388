"""What DAGs do beside the stages of a quarter, each in one task and by name: the grid cycle, the release of reports, cases."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from courtyard import cases, measuring, reports, runnable, stages
from courtyard.context import Context
from courtyard.period import SHANGHAI, Period
from courtyard.stages import TAKEN_IN, Connect, Result, Stage, context
from courtyard.store import runs
from courtyard.warehouse import follow_on
from courtyard.watching import alerting, failing, looking, summaries
from courtyard.watching.failing import Failure

LATE = timedelta(days=31)
"""So long after a quarter has ended, deliveries that were late for it are still looked for every day."""
LOST = timedelta(hours=6)
"""So long after a correction the runs that follow from it have run."""
log = logging.getLogger(__name__)
_UNREAD = text("""
SELECT EXISTS (SELECT FROM landing.delivery d
                WHERE d.street_code = :street AND d.source = ANY(:sources) AND d.period = ANY(:periods)
                  AND NOT EXISTS (SELECT FROM quality.batch b WHERE b.delivery_id = d.delivery_id
                                     AND b.status IN ('merged', 'rejected', 'superseded', 'held')))
""")


def report(period: str, *, holder: str, at: datetime, connection: Connect = None) -> dict[str, Result]:
    """Take in what has landed for a quarter and publish what is counted for a day before that of `at`.

    The quarter before it is looked at too, as long as its last deliveries may come. Returns quarter -> step -> result;
    a report that is held does not stop anything. Raises HeldError while another run has one of the quarters.
    """
    day = at.astimezone(SHANGHAI).date()
    publish = Stage("publish", "发布报表", lambda ctx: reports.publish(ctx, day))
    quarter, done = Period.quarter(period), {}
    for one in (quarter.previous(), quarter):
        ctx = context(str(one), holder=holder, connection=connection)
        first = Period.quarter(ctx.district.office.first_quarter)
        if one >= first and day - one.last_day <= LATE:
            done[str(one)] = dict(stages.run_these(ctx, [*map(stages.stage, TAKEN_IN), publish]))
    return done


def reports_wait(period: str, *, holder: str, connection: Connect = None) -> bool:
    """Whether something of residents has landed, for this quarter or the one before it, that is not taken in yet."""
    return bool(_unread(Period.quarter(period), holder, connection))


def take_in_reports(period: str, *, holder: str, connection: Connect = None) -> dict[str, Result]:
    """From what residents sent to cases, in this process; the quarter before it too, where its last day came late.

    Returns quarter -> step -> result. Raises HeldError while another run has the quarter: the next run takes it up.
    """
    found = _unread(Period.quarter(period), holder, connection)
    return {str(ctx.period): dict(stages.run_these(ctx, map(stages.stage, TAKEN_IN))) for ctx in found}


def _unread(quarter: Period, holder: str, connection: Connect) -> list[Context]:
    """The quarters with deliveries of residents that have a batch to come, or one on its way."""
    found = []
    for one in (quarter.previous(), quarter):
        ctx = context(str(one), holder=holder, connection=connection)
        sources = [s.source for s in ctx.district.sources.values() if s.transport == "georeport" and s.datasets]
        periods = [str(part) for kind in ("month", "quarter") for part in one.parts(kind)]
        values = {"street": ctx.street_code, "sources": sources, "periods": periods}
        with ctx.engine().connect() as database:
            if database.scalar(_UNREAD, values):
                found.append(ctx)
    return found


def due(period: str, *, holder: str, at: datetime, again: bool, connection: Connect = None) -> list[dict[str, Any]]:
    """The quarters to be run again after a correction, the oldest first: {run_id, conf} of the run of each.

    The id is one a cause. With `again`, what has been due for hours gets another one each day: its trigger was lost or its run
    has failed. A quarter that a post has closed is named in the log and stays due until it is opened again.
    """
    found, ctx = [], context(period, holder=holder, connection=connection)
    for one in follow_on.due(ctx):
        if why := runnable.closed(ctx, Period.quarter(one.quarter), at):
            log.warning("%s 待续算：%s", one.quarter, why)
            continue
        run_id = one.run_id
        if again and at - one.asked_at > LOST:
            log.warning("%s 自 %s 起待续算：%s", one.quarter, runs.moment(one.asked_at), one.reason)
            run_id += f"__{at:%Y%m%d}"
        found.append({"run_id": run_id, "conf": {"quarter": one.quarter, "reason": one.reason}})
    return found


def deliver(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Send what is signed or waived, whatever its period."""
    return reports.deliver(context(period, holder=holder, connection=connection), at=at)


def move_cases(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Take up what was merged and let every deadline of a case that has passed happen; see `cases.run`."""
    return cases.run(context(period, holder=holder, connection=connection), at=at)


def forget(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Delete from the residents' service what is older than the pack keeps."""
    return forgotten(context(period, holder=holder, connection=connection), at.astimezone(SHANGHAI).date())


def forgotten(ctx: Context, day: date) -> Result:
    """The same as of a day: {before, reports}. Cases and landed bytes stay."""
    months = day.year * 12 + day.month - 1 - ctx.district.cases.limits.kept_months
    before = datetime(months // 12, months % 12 + 1, 1, tzinfo=SHANGHAI)
    with ctx.engine().begin() as database:
        query = text("SELECT intake.forget(:street, :before)")
        return {"before": before, "reports": database.scalar(query, {"street": ctx.street_code, "before": before})}


def watch(period: str, *, holder: str, at: datetime, connection: Connect = None) -> Result:
    """Look at sources, at what is stuck and at deadlines, and tell what is new; see `looking.watch`."""
    return looking.watch(context(period, holder=holder, connection=connection), at=at)


def alert(period: str, *, holder: str, at: datetime, failure: Failure, connection: Connect = None) -> Result:
    """A task failed for good: tell it, once a cause; see `alerting.alert`."""
    ctx = context(period, holder=holder, connection=connection)
    return alerting.alert(ctx, [failing.cause_of(ctx.district, failure)], at=at)


def recovered(period: str, *, holder: str, at: datetime, failure: Failure, connection: Connect = None) -> Result:
    """A task succeeded: end what was told of it, of its source or of the database; `failure` names the task."""
    ctx = context(period, holder=holder, connection=connection)
    return alerting.recovered(ctx, failure, at=at)


def questions(period: str, *, holder: str, at: datetime, connection: Connect = None) -> list[dict[str, str]]:
    """Who is to be asked for a signature: {department, approver}."""
    return reports.questions(context(period, holder=holder, connection=connection), on=at.astimezone(SHANGHAI).date())


def ask(period: str, *, holder: str, connection: Connect = None, **of: Any) -> Result | None:
    """What an approver is shown; see `reports.ask`."""
    return reports.ask(context(period, holder=holder, connection=connection), **of)


def answer(period: str, *, holder: str, connection: Connect = None, **given: Any) -> Result:
    """What an approver's answer does; see `reports.answer`."""
    return reports.answer(context(period, holder=holder, connection=connection), **given)


def measure(period: str, *, holder: str, at: datetime, connection: Connect = None) -> dict[str, int]:
    """What stands at a moment, as gauges; see `measuring.gauges`."""
    ctx = context(period, holder=holder, connection=connection)
    with ctx.engine("publisher").connect() as database:
        return measuring.gauges(database, ctx, at)


# Actions that are no stages, and so say nothing of themselves.
_TITLES = {"remind": "催报", "deliver": "送达", "cases": "工单时限", "watch": "监测"}


def said_of(name: str, result: Any) -> str:
    """One line for a log about what an action did; empty for one that says it itself."""
    is_told = name in _TITLES and isinstance(result, dict)
    return f"{_TITLES[name]}：{summaries.summary(name, result)}。" if is_told else ""


ACTIONS: dict[str, Callable[..., Any]] = {
    **stages.GRID_ACTIONS,
    "report": report,
    "reports_wait": reports_wait,
    "take_in_reports": take_in_reports,
    "due": due,
    "deliver": deliver,
    "cases": move_cases,
    "forget": forget,
    "watch": watch,
    "alert": alert,
    "recovered": recovered,
    "questions": questions,
    "ask": ask,
    "answer": answer,
    "measure": measure,
}
