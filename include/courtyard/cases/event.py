"""What happens to a case, and the case that follows from it: two frozen values, without a database or a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["held", "waiting", "handling", "answered", "closed", "joined", "refused"]
WORKED: tuple[Status, ...] = ("waiting", "handling")
OPEN: frozenset[Status] = frozenset({"held", "waiting", "handling", "answered"})
STATUS_TITLES: dict[Status, str] = {
    "held": "待核",
    "waiting": "待签收",
    "handling": "办理中",
    "answered": "已答复",
    "closed": "已办结",
    "joined": "已并入",
    "refused": "不予受理",
}
WHY = {
    "not_acknowledged": "未按时签收",
    "not_solved": "未按时办结",
    "not_reviewed": "未按时核实",
    "total": "总时限已到",
}
"""Why the clock did something: `data["why"]` of its events."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. `post` is who: `<unit code>/<post>`, `reporter`, `source` or `clock`; never a person.

    `cause` names what it is the only event of: the same cause happens once to a case, however often it is tried.
    `due_at` is the deadline that had passed, of what the clock did. `data` is JSON; its keys are those of `machine`.
    """

    kind: str
    at: datetime
    post: str
    cause: str
    due_at: datetime | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Where a case stands, a row of `cases.case`: see there for the fields. Moments are aware datetimes."""

    case_no: str
    direction: Literal["up", "down"]
    status: Status
    level: str
    unit_code: str
    courtyard_code: str | None
    category: str
    confidence: float
    urgency: str
    opened_at: datetime
    total_due_at: datetime
    step_no: int
    step_since: datetime
    acknowledge_due_at: datetime | None = None
    solve_due_at: datetime | None = None
    acknowledged_at: datetime | None = None
    extensions: int = 0
    is_supervised: bool = False
    is_total_overdue: bool = False
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    reopen_until: datetime | None = None
    reopened: int = 0
    follow_up_asked_at: datetime | None = None
    followed_up_at: datetime | None = None
    satisfaction: str | None = None
    emergency: str | None = None
    parent_no: str | None = None
    next_at: datetime | None = None
    last_seq: int = 0

    @classmethod
    def of(cls, names: Sequence[str], values: Sequence[Any]) -> Case:
        """The case of a row: `names` are all its fields."""
        case = object.__new__(cls)
        case.__dict__.update(zip(names, values, strict=True))
        case.__dict__["confidence"] = float(case.confidence)
        return case

    def but(self, **changes: Any) -> Case:
        """The case with some fields changed: `dataclasses.replace`, but fast enough for runs over all cases."""
        case = object.__new__(Case)
        case.__dict__.update(self.__dict__)
        case.__dict__.update(changes)
        return case

    @property
    def is_open(self) -> bool:
        return self.status in OPEN
