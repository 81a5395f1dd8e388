"""The clock of one case: which deadlines run, and what happens when one has passed. Pure.

What the clock does happens once for each step, whenever it is asked: the deadline names the event.
"""

from __future__ import annotations

from datetime import datetime

from courtyard.cases.event import WORKED, Case, Event
from courtyard.cases.rules import Rules, level_above

CLOCK = "clock"


def next_moment(rules: Rules, case: Case) -> datetime | None:
    """The earliest moment at which the clock has something to do; None when it never has."""
    return min((moment for moment, *_ in _deadlines(rules, case)), default=None)


def _deadlines(rules: Rules, case: Case) -> list[tuple[datetime, str, str]]:
    """Every deadline that has not been acted on: the moment, the kind of event, why."""
    found: list[tuple[datetime, str, str]] = []
    if case.status == "held" and case.acknowledge_due_at:
        found.append((case.acknowledge_due_at, "spent", "not_reviewed"))
    if case.status == "waiting" and case.acknowledge_due_at:
        found.append((case.acknowledge_due_at, "late", "not_acknowledged"))
    if case.status in WORKED and case.solve_due_at:
        found.append((case.solve_due_at, "late", "not_solved"))
    if case.status in ("held", *WORKED) and not case.is_total_overdue:
        found.append((case.total_due_at, "spent", "total"))
    if case.status == "answered" and case.answered_at:
        found.append((rules.after(case.answered_at, rules.cases.closing.confirm_within), "lapsed", "no_objection"))
    is_asked = case.follow_up_asked_at or is_followed_up(case)
    if case.status == "closed" and case.closed_by == "lapsed" and case.closed_at and not is_asked:
        found.append((rules.after(case.closed_at, rules.cases.closing.follow_up_within), "follow_up", "no_word"))
    return found


def is_followed_up(case: Case) -> bool:
    """Whether somebody asked the reporter since the last answer."""
    return bool(case.followed_up_at and case.answered_at and case.followed_up_at >= case.answered_at)


def due(rules: Rules, case: Case, at: datetime) -> Event | None:
    """What has run out by `at`, the first of it; None where nothing has. The event bears `at`."""
    first = min(_deadlines(rules, case), default=None)
    if first is None or first[0] > at:
        return None
    due_at, kind, why = first
    if kind == "lapsed":
        return Event("lapsed", at, CLOCK, f"lapsed/{case.step_no}", due_at, {"why": why})
    if kind == "follow_up":
        return Event("follow_up_due", at, CLOCK, f"follow_up/{case.step_no}", due_at, {"why": why})
    above = level_above(rules, case) if kind == "late" else None
    data = {"why": why, "from_level": case.level, "from_unit": case.unit_code}
    if above is None:
        return Event("overdue", at, CLOCK, f"overdue/{case.step_no}/{why}", due_at, data)
    return Event("escalated", at, CLOCK, f"escalated/{case.step_no}", due_at, {**data, "level": above})
