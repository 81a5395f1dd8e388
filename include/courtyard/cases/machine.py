"""The state machine of a case: which event is allowed when, and what it does. Pure; every clock is handed in.

    held ──released──> waiting ──acknowledged──> handling ──answered──> answered ──confirmed/lapsed──> closed
                          ^ │                       │ │                    │                            │
                          │ └─escalated/handed_back─┘ │                    │unsolved                    │reopened
                          └────────── one level up, a new step <───────────┴────────────────────────────┘

A level that was told has its own clock (`acknowledge_due_at`, `solve_due_at`); `total_due_at` runs from the first minute
and never stands still. What the clock does (`due_events`) happens once for each step, whenever it is asked: the deadline
names the event. A level that is told late because nobody ran has its whole time: its step starts when it was told.
A deadline that has passed at the last rung is spent: it never comes back within that step, so its event stays the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from courtyard.cases.event import STATUS_TITLES, Case, Event, Status
from courtyard.district.cases import LEVELS, CaseRules
from courtyard.district.models import District
from courtyard.district.working_time import Span, WorkingTime
from courtyard.errors import UsageError

CLOCK = "clock"
_WORKED: tuple[Status, ...] = ("waiting", "handling")
_LIVE: tuple[Status, ...] = ("held", "waiting", "handling", "answered")
_ANY: tuple[Status, ...] = (*_LIVE, "closed", "joined", "refused")
ALLOWED: dict[str, tuple[Status, ...]] = {
    # reports of residents
    "joined_by": _LIVE,  # another report of the same problem; data: dataset, record_key
    "said_more": _ANY,  # a reporter adds something; data: reply (the record that holds the words), said_at
    "confirmed": ("answered",),
    "unsolved": ("answered",),
    "reopened": ("closed", "refused"),  # data: reply, said_at
    # what posts do
    "released": ("held",),
    "classified": _LIVE,  # data: category, urgency, confidence
    "placed": _LIVE,  # data: courtyard_code, level?, unit_code?
    "acknowledged": ("waiting",),
    "measured": _WORKED,  # interim safety measure; data: text
    "extended": ("handling",),  # data: reason, span
    "handed_back": _WORKED,  # 退单; data: reason, level, unit_code where it is not the one that the courtyard names
    "raised": _WORKED,  # 上报 before the time is up; data: reason
    "handed_down": _WORKED,  # a task given to units below; data: children
    "supervised": ("waiting", "handling", "answered"),  # 督办; data: reason
    "written": _WORKED,  # a letter; data: letter_no, department, number
    "replied": _ANY,  # a department's reply; data: letter_no, outcome
    "answered": _WORKED,  # data: text, outcome
    "refused": ("held", "waiting", "handling"),  # data: reason, where
    "joined": ("held", "waiting", "handling"),  # into another case; data: into
    "followed_up": ("answered", "closed"),  # 回访; data: satisfaction, solved
    "noted": _ANY,  # data: text; parent_no, where it says which case is its root cause
    "source_closed": _LIVE,  # the system it came from says so; data: text
    # what the clock does
    "escalated": _WORKED,  # data: why (not_acknowledged | not_solved), from_level
    "overdue": ("held", *_WORKED),  # at the last rung, or the uninterrupted clock; data: why
    "chased": _WORKED,  # data: letter_no or none
    "lapsed": ("answered",),  # nobody objected in time
    "follow_up_due": ("closed",),  # 回访 is to be made
}
TITLES: dict[str, str] = {
    "opened": "受理",
    "joined_by": "又有人反映",
    "said_more": "补充情况",
    "confirmed": "反映人确认已解决",
    "unsolved": "反映人认为仍未解决",
    "reopened": "重新办理",
    "released": "核实后受理",
    "classified": "确定类别",
    "placed": "确定院落",
    "acknowledged": "签收",
    "measured": "临时安全措施",
    "extended": "延期",
    "handed_back": "退单改派",
    "raised": "上报",
    "handed_down": "向下交办",
    "supervised": "督办",
    "written": "去函",
    "replied": "复函",
    "answered": "答复",
    "refused": "不予受理",
    "joined": "并入同一问题",
    "followed_up": "回访",
    "noted": "备注",
    "source_closed": "来源系统已办结",
    "escalated": "逾期升级",
    "overdue": "逾期",
    "chased": "催办",
    "lapsed": "期满无异议，办结",
    "follow_up_due": "该回访了",
}


class NotAllowed(UsageError):
    """The case does not stand where this could happen to it."""


@dataclass(frozen=True)
class Rules:
    """What the machine needs of a pack."""

    cases: CaseRules
    time: WorkingTime
    district: District

    @classmethod
    def of(cls, district: District) -> Rules:
        return cls(district.cases, district.office.working_time, district)

    @cached_property
    def _moments(self) -> dict[tuple[datetime, str], datetime]:
        return {}

    def after(self, start: datetime, span: str) -> datetime:
        """When a span that starts at a moment has run out; many cases of one run start at the same one."""
        key = start, span
        if key not in self._moments:
            self._moments[key] = self.time.after(start, Span.parse(span))
        return self._moments[key]

    @cached_property
    def rungs(self) -> dict[str, tuple[str, ...]]:
        """The levels that receive a case of each urgency, from below."""
        return {terms.urgency: tuple(level for level in LEVELS if level in terms.levels) for terms in self.cases.terms}

    def rung(self, urgency: str, level: str) -> str:
        """The level that receives in place of one: itself, where the urgency has no limits for it the next above."""
        rungs = self.rungs[urgency]
        return next((rung for rung in rungs if LEVELS.index(rung) >= LEVELS.index(level)), rungs[-1])

    @cached_property
    def _units(self) -> dict[tuple[str, str, str | None], str]:
        return {}

    def unit_at(self, level: str, case_unit: str, courtyard_code: str | None) -> str:
        """The unit whose post receives at a level: the courtyard's where it is known, else what stands above the unit."""
        key = level, case_unit, courtyard_code
        if key not in self._units:
            self._units[key] = self._unit_at(*key)
        return self._units[key]

    def _unit_at(self, level: str, case_unit: str, courtyard_code: str | None) -> str:
        kind = self.cases.level(level).unit
        if kind == "street":
            return self.district.office.street_code
        if courtyard_code in self.district.courtyard_by_code:
            above = self.district.grid_of if kind == "grid" else self.district.community_of
            return above(courtyard_code).code
        unit = self.district.unit_by_code.get(case_unit)
        while unit is not None and unit.kind != kind:
            unit = self.district.unit_by_code.get(unit.parent_code or "")
        return unit.code if unit else self.district.office.street_code


def opened(rules: Rules, *, case_no: str, event: Event) -> Case:
    """The case that an `opened` event makes.

    `event.at` is when its first level is told, `data["opened_at"]` the first minute (ISO) where that lies before. Data:
    direction, category, confidence, urgency, courtyard_code, level, unit_code, held (whether it waits for a person),
    emergency, parent_no, due_at and total_due_at (ISO, where somebody else set them).
    """
    data = event.data
    since = datetime.fromisoformat(data["opened_at"]) if data.get("opened_at") else event.at
    urgency, level, unit_code = data["urgency"], data["level"], data["unit_code"]
    if data.get("direction", "up") == "up" and rules.rung(urgency, level) != level:
        level = rules.rung(urgency, level)
        unit_code = rules.unit_at(level, unit_code, data.get("courtyard_code"))
    total = (
        datetime.fromisoformat(data["total_due_at"])
        if data.get("total_due_at")
        else rules.after(since, rules.cases.terms_of(urgency).total)
    )
    case = Case(
        case_no=case_no,
        direction=data.get("direction", "up"),
        status="held" if data.get("held") else "waiting",
        level=level,
        unit_code=unit_code,
        courtyard_code=data.get("courtyard_code"),
        category=data["category"],
        confidence=float(data.get("confidence", 0)),
        urgency=urgency,
        opened_at=since,
        total_due_at=total,
        step_no=1,
        step_since=event.at,
        emergency=data.get("emergency"),
        parent_no=data.get("parent_no"),
        last_seq=1,
    )
    case = _clocked(rules, case)
    if case.status == "held":
        case = case.but(solve_due_at=None)
    elif data.get("due_at"):
        case = case.but(solve_due_at=datetime.fromisoformat(data["due_at"]))
    return case.but(next_at=next_moment(rules, case))


def apply(rules: Rules, case: Case, event: Event) -> Case:
    """The case after an event. NotAllowed when its state does not permit it; ValueError for a kind nobody knows."""
    if event.kind not in ALLOWED:
        raise ValueError(f"there is no event '{event.kind}'")
    if case.status not in ALLOWED[event.kind]:
        raise NotAllowed(
            f"工单{case.case_no}现在是“{STATUS_TITLES[case.status]}”，不能再“{TITLES[event.kind]}”。",
            "请先用 courtyard cases show 看它走到了哪一步。",
        )
    changed = _EFFECTS.get(event.kind, _unchanged)(rules, case, event)
    changed = changed.but(last_seq=case.last_seq + 1)
    return changed.but(next_at=next_moment(rules, changed))


def fold(rules: Rules, case_no: str, events: Sequence[Event]) -> Case:
    """The case that its events make, the first one `opened`."""
    case = opened(rules, case_no=case_no, event=events[0])
    for event in events[1:]:
        case = apply(rules, case, event)
    return case


def due_events(rules: Rules, case: Case, at: datetime) -> Iterable[tuple[Event, Case]]:
    """What the clock has to do by `at`: each event, and the case after it.

    Events bear `at`; `due_at` is the deadline that had passed. Only steps that were told can be late, so after a downtime
    one step is taken, and the next level has its whole time.
    """
    while (event := _due(rules, case, at)) is not None:
        case = apply(rules, case, event)
        yield event, case


def next_moment(rules: Rules, case: Case) -> datetime | None:
    """The earliest moment at which the clock has something to do; None when it never has."""
    return min((moment for moment, *_ in _deadlines(rules, case)), default=None)


def level_above(rules: Rules, case: Case) -> str | None:
    """The next level of the case's ladder that may receive it, None at the last."""
    rungs = rules.rungs[case.urgency]
    if case.direction == "down":
        return None
    higher = [level for level in rungs if LEVELS.index(level) > LEVELS.index(case.level)]
    # Departments are written to by a person: nothing climbs to them by itself.
    return higher[0] if higher and higher[0] != "department" else None


# --- the clock ---------------------------------------------------------------------------------


def _deadlines(rules: Rules, case: Case) -> list[tuple[datetime, str, str]]:
    """Every deadline that has not been acted on: the moment, the kind of event, why."""
    found: list[tuple[datetime, str, str]] = []
    if case.status == "held" and case.acknowledge_due_at:
        found.append((case.acknowledge_due_at, "spent", "not_reviewed"))
    if case.status == "waiting" and case.acknowledge_due_at:
        found.append((case.acknowledge_due_at, "late", "not_acknowledged"))
    if case.status in _WORKED and case.solve_due_at:
        found.append((case.solve_due_at, "late", "not_solved"))
    if case.status in ("held", *_WORKED) and not case.is_total_overdue:
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


def _due(rules: Rules, case: Case, at: datetime) -> Event | None:
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


def _clocked(rules: Rules, case: Case) -> Case:
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
    return _clocked(rules, told)


# --- what events do ----------------------------------------------------------------------------


def _unchanged(rules: Rules, case: Case, event: Event) -> Case:
    return case


def _released(rules: Rules, case: Case, event: Event) -> Case:
    return _clocked(rules, case.but(status="waiting", step_since=event.at))


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
    if case.direction == "up" and case.status in ("held", *_WORKED) and rules.rung(urgency, case.level) != case.level:
        return _told(rules, changed, event, rules.rung(urgency, case.level))
    if case.status not in _WORKED:
        return changed
    clocked = _clocked(rules, changed)
    return clocked.but(
        acknowledge_due_at=case.acknowledge_due_at and clocked.acknowledge_due_at,
        solve_due_at=case.solve_due_at and clocked.solve_due_at,
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


_EFFECTS: dict[str, Callable[[Rules, Case, Event], Case]] = {
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
