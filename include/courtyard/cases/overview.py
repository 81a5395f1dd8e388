"""Where cases stand by a moment: both clocks, what is overdue, what waits for a follow-up; one case with all that happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from courtyard.cases import clock, ledger, machine
from courtyard.cases.event import OPEN, STATUS_TITLES, Case
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district.posts import Posts
from courtyard.district.working_time import Span
from courtyard.period import SHANGHAI
from courtyard.store import statements
from courtyard.store.tables import case as case_table

_SQL = statements.load("courtyard.cases", "overview.sql")


def level_due_at(case: Case) -> datetime | None:
    """When this level's running deadline ends: to acknowledge, then to solve; None where it has none, or it is spent."""
    if case.status == "held":
        return case.acknowledge_due_at
    if case.status == "waiting":
        return min(filter(None, (case.acknowledge_due_at, case.solve_due_at)), default=None)
    return case.solve_due_at if case.status == "handling" else None


def is_overdue(case: Case, at: datetime) -> bool:
    """Whether a clock of an open case has run out: this level's (spent at the last rung) or the uninterrupted one."""
    if case.status not in ("held", "waiting", "handling"):
        return False
    due_at = level_due_at(case)
    is_late = case.is_supervised if due_at is None else due_at <= at
    return is_late or case.is_total_overdue or case.total_due_at <= at


def is_followed_up_next(case: Case) -> bool:
    """Whether somebody was told to follow up and has not yet."""
    return case.status == "closed" and case.follow_up_asked_at is not None and not clock.is_followed_up(case)


def listing(
    connection: Connection,
    ctx: Context,
    at: datetime,
    *,
    unit: str | None = None,
    courtyard: str | None = None,
    everything: bool = False,
) -> list[dict[str, Any]]:
    """Open cases (all with `everything`), overdue first, then the nearest deadline.

    With `unit` those that it or a unit below it has, with `courtyard` those of one courtyard.
    """
    query = select(case_table).where(case_table.c.street_code == ctx.street_code)
    if not everything:
        query = query.where(case_table.c.status.in_(sorted(OPEN)))
    if unit:
        query = query.where(case_table.c.unit_code.startswith(unit, autoescape=True))
    if courtyard:
        query = query.where(case_table.c.courtyard_code == courtyard)
    return _told(ctx, at, (ledger.of_row(row) for row in connection.execute(query).mappings()))


def by_courtyard(connection: Connection, ctx: Context, at: datetime) -> dict[str, dict[str, int]]:
    """{"open", "overdue"}: how many cases of each courtyard that has any open."""
    found = connection.execute(_SQL["by_courtyard"], {"street": ctx.street_code, "at": at})
    return {row.courtyard_code: {"open": row.open, "overdue": row.overdue} for row in found}


def follow_ups(connection: Connection, ctx: Context, at: datetime) -> list[dict[str, Any]]:
    """Closed cases that somebody was told to follow up (回访) and has not yet."""
    query = select(case_table).where(
        case_table.c.street_code == ctx.street_code,
        case_table.c.status == "closed",
        case_table.c.follow_up_asked_at.is_not(None),
    )
    found = (ledger.of_row(row) for row in connection.execute(query).mappings())
    return _told(ctx, at, (case for case in found if is_followed_up_next(case)))


def channels(connection: Connection, ctx: Context, numbers: Iterable[str]) -> dict[str, list[str]]:
    """By which channels cases were reported; a task from a department by none."""
    where = {"street": ctx.street_code, "numbers": list(numbers)}
    return {row.case_no: row.channels for row in connection.execute(_SQL["channels"], where)}


def due(connection: Connection, ctx: Context, at: datetime, *, until: datetime) -> list[dict[str, Any]]:
    """What is overdue or runs out by `until`, and closed cases that somebody has to follow up (回访)."""
    query = select(case_table).where(
        case_table.c.street_code == ctx.street_code,
        case_table.c.status.in_([*OPEN, "closed"]),
    )
    found = (ledger.of_row(row) for row in connection.execute(query).mappings())
    return _told(ctx, at, (case for case in found if is_followed_up_next(case) or _runs_out(case, at, until)))


def _runs_out(case: Case, at: datetime, until: datetime) -> bool:
    if case.status not in ("held", "waiting", "handling"):
        return False
    return is_overdue(case, at) or min(level_due_at(case) or case.total_due_at, case.total_due_at) <= until


def counts(connection: Connection, ctx: Context, at: datetime) -> dict[str, int]:
    """{"open", "held", "overdue", "follow_up"}: how many cases."""
    return dict(connection.execute(_SQL["counts"], {"street": ctx.street_code, "at": at}).mappings().one())


def show(connection: Connection, ctx: Context, case_no: str, at: datetime) -> dict[str, Any]:
    """One case with its reports and everything that happened: residents' words among it, so the reading is audited."""
    case = ledger.find(connection, ctx.street_code, case_no)
    where = {"street": ctx.street_code, "case_no": case_no}
    reports = [dict(row) for row in connection.execute(_SQL["reports"], where).mappings()]
    events = [dict(row) for row in connection.execute(_SQL["events"], where).mappings()]
    for event in events:
        event["title"] = machine.TITLES[event["kind"]]
    audited = {"at": at, "actor": ctx.holder, "action": "read", "object": f"case {ctx.street_code}/{case_no}"}
    connection.execute(_SQL["audit"], audited)
    return {**_told(ctx, at, [case])[0], "reports": reports, "events": events}


def _told(ctx: Context, at: datetime, cases: Iterable[Case]) -> list[dict[str, Any]]:
    rules, posts, day = Rules.of(ctx.district), Posts(ctx.district), at.astimezone(SHANGHAI).date()
    found = [
        _one(ctx, rules, posts, case, at) | {"post": posts.responsible(case.unit_code, day).post} for case in cases
    ]
    return sorted(
        found, key=lambda one: (not one["is_overdue"], one["level_due_at"] or one["total_due_at"], one["case_no"])
    )


def _one(ctx: Context, rules: Rules, posts: Posts, case: Case, at: datetime) -> dict[str, Any]:
    due_at, place = level_due_at(case), ctx.district.courtyard_by_code.get(case.courtyard_code or "")
    titles = {category.code: category.title for category in rules.cases.categories}
    return {
        **vars(case),
        "status_title": STATUS_TITLES[case.status],
        "level_title": rules.cases.level(case.level).title,
        "unit_name": ctx.district.unit_by_code[case.unit_code].name,
        "courtyard_name": place.name if place else "",
        "category_title": titles.get(case.category, case.category),
        "urgency_title": rules.cases.terms_of(case.urgency).title,
        "level_due_at": due_at,
        "level_left_minutes": _minutes(_left(rules, case, at, due_at)) if due_at else None,
        "total_minutes": _minutes((case.closed_at or at) - case.opened_at),
        "is_overdue": is_overdue(case, at),
        "follow_up": is_followed_up_next(case),
    }


def _left(rules: Rules, case: Case, at: datetime, due_at: datetime) -> timedelta:
    """The time until a deadline: working time where the pack gave the level working time, else all of it; negative after."""
    limits = rules.cases.terms_of(case.urgency).levels.get(case.level)  # type: ignore[call-overload]
    span = limits and (limits.acknowledge if due_at == case.acknowledge_due_at else limits.solve)
    if span is None or not Span.parse(span).unit.startswith("working"):
        return due_at - at
    return rules.time.worked(at, due_at) if at <= due_at else -rules.time.worked(due_at, at)


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
