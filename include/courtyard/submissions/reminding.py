"""Who still owes for a quarter, and what they are told on which day: each step once, to those who owe alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, text

from courtyard import notices
from courtyard.context import Context
from courtyard.district.models import District, GridCycle, SourceSpec, Unit
from courtyard.notices import Notice
from courtyard.period import SHANGHAI, Period
from courtyard.submissions import reminders
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.locks import lock_of

_STATUS = text(
    "SELECT unit_code, dataset, status FROM mart.submission_status WHERE street_code = :street AND period = :period"
)
OWING = ("missing", "rejected")


@dataclass(frozen=True)
class Owed:
    """What one unit still owes: dataset -> `missing` or `rejected`, in the order of the form."""

    unit: Unit
    source: SourceSpec
    datasets: Mapping[str, str]


@dataclass(frozen=True)
class Steps:
    """The days on which units are reminded, and the day on which their communities and the street hear of it."""

    days: tuple[tuple[date, str], ...]
    summary_on: date

    @classmethod
    def of(cls, cycle: Cycle, rules: GridCycle) -> Steps:
        return cls.around(cycle.due_on, rules.remind_before_due, rules.remind_after_due)

    @classmethod
    def around(cls, due_on: date, before_due: Iterable[int], after_due: Iterable[int]) -> Steps:
        """So many days before and after a due date."""
        before = ((due_on - timedelta(days=n), f"due-{n}") for n in before_due)
        after = ((due_on + timedelta(days=n), f"due+{n}") for n in after_due)
        days = tuple(sorted({*before, *after}))
        last = max([due_on, *(day for day, _ in days)])
        return cls(days, last + timedelta(days=1))

    def on(self, day: date) -> str | None:
        """The newest step that has come by a day; one that downtime has passed over is told with it, not apart."""
        return next((step for at, step in reversed(self.days) if at <= day), None)


def remind(ctx: Context, *, on: date, dry_run: bool = False) -> dict[str, Any]:
    """Queue what is due on a day (Shanghai's) for the quarter: one notice for each owing unit and step.

    The day after the last step communities and the street get one list of who owes. Nothing is told
    before the first step, once the quarter is frozen or closed, or to a unit that owes nothing.
    Returns `{"period", "on", "state", "step", "owing", "queued", "unreachable", "notices"}`: the calendar's
    state, codes of owing units and of those without contacts, how many notices were new, and all that
    are due. `dry_run` queues nothing.
    """
    rules = ctx.district.office.grid_cycle
    cycle = Cycle.of(ctx.period, rules)
    steps = Steps.of(cycle, rules)
    with ctx.engine().connect() as connection:
        lock = lock_of(connection, ctx, ctx.period, on)
        is_on = lock.state in ("open", "overdue")
        owing = _owing(connection, ctx) if is_on else []
        due = list(_due(ctx, cycle, steps, owing, on)) if is_on else []
        queued = notices.queue(connection, due)
        connection.rollback() if dry_run else connection.commit()
    told = {entry.cause.split("/")[2] for entry in due}
    step = steps.on(on) if is_on else None
    return {
        "period": str(ctx.period),
        "on": str(on),
        "state": lock.state,
        "step": step,
        "owing": [one.unit.code for one in owing],
        "queued": queued,
        "unreachable": [one.unit.code for one in owing if step and one.unit.code not in told],
        "notices": [{"cause": n.cause, "channel": n.channel, "address": n.address, "subject": n.subject} for n in due],
    }


def _owing(connection: Connection, ctx: Context) -> list[Owed]:
    """Units that owe, in the order of the pack. What a unit owes is the pack's to say, what has come the mart's."""
    rows = connection.execute(_STATUS, {"street": ctx.street_code, "period": str(ctx.period)})
    known = {(row.unit_code, row.dataset): row.status for row in rows}
    found = []
    for source in filter(lambda s: s.is_submitted, ctx.district.sources.values()):
        owed = [name for name in source.datasets if not ctx.district.contracts[name].optional]
        for unit in ctx.district.units_valid_on(ctx.period.last_day, "grid"):
            statuses = {name: known.get((unit.code, name), "missing") for name in owed}
            if lacking := {name: status for name, status in statuses.items() if status in OWING}:
                found.append(Owed(unit, source, lacking))
    return found


def _due(ctx: Context, cycle: Cycle, steps: Steps, owing: list[Owed], on: date) -> Iterable[Notice]:
    step = steps.on(on)
    for one in owing if step else ():
        subject, body = reminders.reminder(ctx.district, cycle, one.unit, one.source, one.datasets, on)
        yield from _told(ctx.district, ctx.period, one.unit.code, f"{one.source.source}-{step}", subject, body, on)
    if on < steps.summary_on or not owing:
        return
    communities: dict[str, list[Owed]] = {}
    for one in owing:
        communities.setdefault(one.unit.parent_code or "", []).append(one)
    for code, members in [*communities.items(), (ctx.street_code, owing)]:
        listed = [(one.unit, one.datasets) for one in members]
        subject, body = reminders.summary(ctx.district, cycle, ctx.district.unit_by_code[code], listed, on)
        yield from _told(ctx.district, ctx.period, code, "summary", subject, body, on)


def _told(
    district: District, period: Period, unit_code: str, step: str, subject: str, body: str, on: date
) -> list[Notice]:
    return notices.addressed(
        district,
        notices.contacts_of(district, unit_code, on),
        cause=f"reminder/{period}/{unit_code}/{step}",
        subject=subject,
        body=body,
        queued_at=datetime.combine(on, time(), SHANGHAI),
    )
