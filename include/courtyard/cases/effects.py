"""What events do to a case. Pure: each function gives the case after its event, or says why it is not allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from courtyard.cases.event import WORKED, Case, Event
from courtyard.cases.rules import Rules, level_above
from courtyard.district.working_time import Span
from courtyard.errors import UsageError


class NotAllowed(UsageError):
    """The case does not stand where this could happen to it."""


def clocked(rules: Rules, case: Case) -> Case:
    """The case with the clocks of its level, from the moment the level was told."""
    limits = rules.cases.terms_of(case.urgency).levels.get(case.level)  # type: ignore[call-overload]
    if limits is None:
        return case.but(acknowledge_due_at=None, solve_due_at=None)
    return case.but(
        acknowledge_due_at=rules.after(case.step_since, limits.acknowledge),
        solve_due_at=rules.after(case.step_since, limits.solve),
    )


def _step(rules: Rules, case: Case, event: Event, level: str, unit_code: str | None = None) -> Case:
    """The case told to a level: a new step, its own clock, waiting to be acknowledged."""
    unit = unit_code or rules.unit_at(level, case.unit_code, case.courtyard_code)
    told = case.but(
        status="waiting",
        level=level,
        unit_code=unit,
        step_no=case.step_no + 1,
        step_since=event.at,
        acknowledged_at=None,
        extensions=0,
        answered_at=None,
        closed_at=None,
        closed_by=None,
        reopen_until=None,
        follow_up_asked_at=None,
    )
    return clocked(rules, told)


def unchanged(rules: Rules, case: Case, event: Event) -> Case:
    return case


def _released(rules: Rules, case: Case, event: Event) -> Case:
    return clocked(rules, case.but(status="waiting", step_since=event.at))


def _classified(rules: Rules, case: Case, event: Event) -> Case:
    """Another urgency has other clocks, from the same moments on; what is spent stays spent."""
    urgency = event.data.get("urgency", case.urgency)
    changed = case.but(
        category=event.data["category"],
        confidence=float(event.data.get("confidence", 1)),
        urgency=urgency,
        emergency=event.data.get("emergency", case.emergency),
    )
    if urgency == case.urgency:
        return changed
    was_total, now_total = (
        rules.after(case.opened_at, rules.cases.terms_of(name).total) for name in (case.urgency, urgency)
    )
    if case.total_due_at == was_total:  # somebody else's date, such as 12345's, stays
        changed = changed.but(total_due_at=now_total)
    if case.direction == "up" and case.status in ("held", *WORKED) and rules.rung(urgency, case.level) != case.level:
        return _told(rules, changed, event, rules.rung(urgency, case.level))
    if case.status not in WORKED:
        return changed
    anew = clocked(rules, changed)
    return anew.but(
        acknowledge_due_at=case.acknowledge_due_at and anew.acknowledge_due_at,
        solve_due_at=case.solve_due_at and anew.solve_due_at,
        extensions=0,
    )


def _placed(rules: Rules, case: Case, event: Event) -> Case:
    """Another unit or level that receives because of the courtyard is told now and has its whole time."""
    level = rules.rung(case.urgency, event.data.get("level") or case.level)
    moved = case.but(courtyard_code=event.data["courtyard_code"])
    unit = event.data.get("unit_code") or rules.unit_at(level, case.unit_code, moved.courtyard_code)
    if (level, unit) == (case.level, case.unit_code) or case.status == "answered":
        return moved
    return _told(rules, moved, event, level, unit)


def _told(rules: Rules, case: Case, event: Event, level: str, unit_code: str | None = None) -> Case:
    """The case with another level or unit; one that waits for a person goes on waiting for one."""
    if case.status != "held":
        return _step(rules, case, event, level, unit_code)
    unit = unit_code or rules.unit_at(level, case.unit_code, case.courtyard_code)
    return case.but(level=level, unit_code=unit)


def _acknowledged(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(status="handling", acknowledged_at=event.at)


def _extended(rules: Rules, case: Case, event: Event) -> Case:
    if case.extensions >= rules.cases.chasing.extensions:
        raise NotAllowed(
            f"工单{case.case_no}这一级已经延期{case.extensions}次，不能再延。", "请答复反映人，或上报上一级。"
        )
    if case.solve_due_at is None or case.solve_due_at <= event.at:
        raise NotAllowed(f"工单{case.case_no}已经过了办理时限，不能再延期。", "请尽快办理并答复反映人。")
    due_at = rules.after(case.solve_due_at, event.data["span"])
    limits = rules.cases.terms_of(case.urgency).levels.get(case.level)  # type: ignore[call-overload]
    if limits and due_at > rules.after(case.solve_due_at, limits.solve):
        told = Span.parse(limits.solve).title
        raise NotAllowed(f"工单{case.case_no}这一级一次最多延期{told}。", "请缩短延期，或上报上一级。")
    return case.but(solve_due_at=due_at, extensions=case.extensions + 1)


def _handed_back(rules: Rules, case: Case, event: Event) -> Case:
    level = event.data["level"]
    if case.direction == "up" and (level not in rules.rungs[case.urgency] or level == "department"):
        raise NotAllowed(f"工单{case.case_no}不能退到这一级。", "这一级不接收这样的工单；部门由街道去函。")
    if case.direction == "up" and (
        level,
        event.data.get("unit_code") or rules.unit_at(level, case.unit_code, case.courtyard_code),
    ) == (case.level, case.unit_code):
        raise NotAllowed(f"工单{case.case_no}就在这个单位。", "退单要写明退到哪一级、哪个单位。")
    return _moved(rules, case, event)


def _moved(rules: Rules, case: Case, event: Event) -> Case:
    return _step(rules, case, event, event.data["level"], event.data.get("unit_code"))


def _raised(rules: Rules, case: Case, event: Event) -> Case:
    above = level_above(rules, case)
    if above is None:
        raise NotAllowed(f"工单{case.case_no}已经在最高一级。", "请向部门去函，或答复反映人。")
    return _step(rules, case, event, above)


def _overdue(rules: Rules, case_: Case, event: Event) -> Case:
    """At the last rung nothing climbs further: the deadline is spent, the case is supervised."""
    match event.data["why"]:
        case "total":
            return case_.but(is_supervised=True, is_total_overdue=True)
        case "not_solved":
            return case_.but(is_supervised=True, solve_due_at=None)
        case _:
            return case_.but(is_supervised=True, acknowledge_due_at=None)


def _supervised(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(is_supervised=True)


def _written(rules: Rules, case: Case, event: Event) -> Case:
    """The first letter makes it the departments' matter: their limits hold from then on, the street answers for it."""
    if case.level == "department" or "department" not in rules.rungs[case.urgency]:
        return case.but(status="handling", acknowledged_at=case.acknowledged_at or event.at)
    told = _step(rules, case, event, "department")
    return told.but(status="handling", acknowledged_at=event.at)


def _answered(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(status="answered", answered_at=event.at, acknowledged_at=case.acknowledged_at or event.at)


def _back_up(rules: Rules, case: Case, event: Event) -> Case:
    """What was not solved goes to the level above the one that answered, at the last rung to itself again."""
    again = case.but(reopened=case.reopened + 1)
    return _step(rules, again, event, level_above(rules, case) or case.level)


def _reopened(rules: Rules, case: Case, event: Event) -> Case:
    """What the reporter said in time counts, however late it is taken up; a source that goes on with it knows no limit."""
    said_at = datetime.fromisoformat(event.data["said_at"]) if event.data.get("said_at") else event.at
    if event.post != "source" and case.reopen_until and said_at > case.reopen_until:
        raise NotAllowed(
            f"工单{case.case_no}办结已超过{Span.parse(rules.cases.closing.reopen_within).title}，不能再重新办理。",
            "请重新扫码上报，写明以前的工单号。",
        )
    return _back_up(rules, case, event)


def _ended(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(closed_at=event.at, reopen_until=rules.after(event.at, rules.cases.closing.reopen_within))


def _closed(rules: Rules, case: Case, event: Event) -> Case:
    by = {"source_closed": "source"}.get(event.kind, event.kind)
    return _ended(rules, case, event).but(status="closed", closed_by=by)


def _refused(rules: Rules, case: Case, event: Event) -> Case:
    return _ended(rules, case, event).but(status="refused", answered_at=event.at)


def _follow_up_due(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(follow_up_asked_at=event.at)


def _joined(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(status="joined", closed_at=event.at)


def _noted(rules: Rules, case: Case, event: Event) -> Case:
    return case.but(parent_no=event.data.get("parent_no", case.parent_no))


def _followed_up(rules: Rules, case: Case, event: Event) -> Case:
    """A follow-up that finds the matter not solved puts it on its way again."""
    asked = case.but(followed_up_at=event.at, satisfaction=event.data.get("satisfaction", case.satisfaction))
    if event.data.get("solved", True):
        return asked
    return _back_up(rules, asked, event)


EFFECTS: dict[str, Callable[[Rules, Case, Event], Case]] = {
    "released": _released,
    "classified": _classified,
    "placed": _placed,
    "acknowledged": _acknowledged,
    "extended": _extended,
    "handed_back": _handed_back,
    "escalated": _moved,
    "raised": _raised,
    "overdue": _overdue,
    "supervised": _supervised,
    "written": _written,
    "answered": _answered,
    "refused": _refused,
    "joined": _joined,
    "confirmed": _closed,
    "lapsed": _closed,
    "source_closed": _closed,
    "unsolved": _back_up,
    "reopened": _reopened,
    "followed_up": _followed_up,
    "noted": _noted,
    "follow_up_due": _follow_up_due,
}
