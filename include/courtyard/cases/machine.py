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

from collections.abc import Iterable, Sequence
from datetime import datetime

from courtyard.cases.clock import due, next_moment
from courtyard.cases.effects import EFFECTS, NotAllowed, clocked, unchanged
from courtyard.cases.event import STATUS_TITLES, WORKED, Case, Event, Status
from courtyard.cases.rules import Rules

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
    "measured": WORKED,  # interim safety measure; data: text
    "extended": ("handling",),  # data: reason, span
    "handed_back": WORKED,  # 退单; data: reason, level, unit_code where it is not the one that the courtyard names
    "raised": WORKED,  # 上报 before the time is up; data: reason
    "handed_down": WORKED,  # a task given to units below; data: children
    "supervised": ("waiting", "handling", "answered"),  # 督办; data: reason
    "written": WORKED,  # a letter; data: letter_no, department, number
    "replied": _ANY,  # a department's reply; data: letter_no, outcome
    "answered": WORKED,  # data: text, outcome
    "refused": ("held", "waiting", "handling"),  # data: reason, where
    "joined": ("held", "waiting", "handling"),  # into another case; data: into
    "followed_up": ("answered", "closed"),  # 回访; data: satisfaction, solved
    "noted": _ANY,  # data: text; parent_no, where it says which case is its root cause
    "source_closed": _LIVE,  # the system it came from says so; data: text
    # what the clock does
    "escalated": WORKED,  # data: why (not_acknowledged | not_solved), from_level
    "overdue": ("held", *WORKED),  # at the last rung, or the uninterrupted clock; data: why
    "chased": WORKED,  # data: letter_no or none
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
    case = clocked(rules, case)
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
    changed = EFFECTS.get(event.kind, unchanged)(rules, case, event)
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
    while (event := due(rules, case, at)) is not None:
        case = apply(rules, case, event)
        yield event, case
