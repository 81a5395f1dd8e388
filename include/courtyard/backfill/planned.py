"""A plan: what a backfill would use, change, and have to tell. Values only; Chinese where a person reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from courtyard.period import Period

Standing = Literal["used", "done", "held", "rejected", "superseded"]
Outcome = Literal["same", "changes", "first", "held", "may_change"]
Kind = Literal["recipient", "approver", "unit"]

STANDINGS: dict[Standing, str] = {
    "used": "会用到",
    "done": "已入库",
    "held": "仍暂缓",
    "rejected": "仍拒收",
    "superseded": "已被替代",
}
OUTCOMES: dict[Outcome, str] = {
    "changes": "会出新版",
    "first": "会首次发布",
    "may_change": "可能出新版",
    "held": "仍暂缓",
    "same": "不变",
}
ASKED = {"never": "还没有取过", "absent": "上次来源没有数据", "failed": "上次取数失败", "again": "上次取时还没有期满"}
ARRIVALS = {"new": "新到", "late": "迟到", "corrected": "更正", "released": "已放行", "underway": "处理中"}


@dataclass(frozen=True)
class Verdict:
    """Whether a quarter may be run, why not and what to do; `busy_with` names the run that is at it now."""

    may_run: bool = True
    why: str = ""
    remedy: str = ""
    busy_with: str = ""


@dataclass(frozen=True)
class Delivery:
    """One delivery of a quarter. `arrival` is a key of ARRIVALS while it waits, else empty; `unit` the grid that sent it."""

    delivery_id: str
    source: str
    title: str
    period: str
    name: str
    unit: str
    received_at: datetime
    standing: Standing
    arrival: str
    datasets: tuple[str, ...]
    quarantined: int
    why: str

    @property
    def label(self) -> str:
        return self.unit or self.title


@dataclass(frozen=True)
class Asked:
    """A source that would be asked for a period, and what became of it last time."""

    source: str
    title: str
    period: str
    status: Literal["never", "absent", "failed", "again"]
    why: str
    at: datetime | None


@dataclass(frozen=True)
class Form:
    """A form and what would become of it. `revision` is the newest there is, None before the first.

    `changes` counts the lines of the comparison, None where that is not known without running. `fed_by` are the
    deliveries that wait and feed it. `is_later`: it belongs to a later quarter than those that are run.
    """

    report: str
    title: str
    period: str
    quarter: str
    revision: int | None
    outcome: Outcome
    why: str = ""
    changes: int | None = None
    fed_by: tuple[str, ...] = ()
    is_later: bool = False

    @property
    def moves(self) -> bool:
        return self.outcome in ("changes", "first", "may_change")

    @property
    def is_certain(self) -> bool:
        return self.outcome != "may_change"


@dataclass(frozen=True)
class Told:
    """Somebody who would have to be told, and why; `is_certain` as of the form."""

    kind: Kind
    name: str
    why: str
    is_certain: bool
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One quarter of a plan, in the order in which it would run. `seconds` is how long it took last, None if not known."""

    quarter: str
    title: str
    verdict: Verdict
    deliveries: tuple[Delivery, ...] = ()
    asked: tuple[Asked, ...] = ()
    forms: tuple[Form, ...] = ()
    seconds: float | None = None

    def standing(self, *wanted: Standing) -> tuple[Delivery, ...]:
        return tuple(d for d in self.deliveries if d.standing in wanted)

    @property
    def moving(self) -> tuple[Form, ...]:
        return tuple(form for form in self.forms if form.moves)

    @property
    def quarantined(self) -> int:
        return sum(d.quarantined for d in self.deliveries)


@dataclass(frozen=True)
class Plan:
    """What running some quarters would do, as the warehouse is at `at`.

    `later` are forms of later quarters that rest on what waits. `is_composed`: forms were made and compared, so "same"
    is exact; otherwise only what deliveries could move is known.
    """

    at: datetime
    steps: tuple[Step, ...]
    later: tuple[Form, ...]
    told: tuple[Told, ...]
    is_composed: bool
    notes: tuple[str, ...] = ()

    @property
    def may_run(self) -> bool:
        return all(step.verdict.may_run for step in self.steps)

    @property
    def forms(self) -> tuple[Form, ...]:
        return (*(form for step in self.steps for form in step.forms), *self.later)

    @property
    def moving(self) -> tuple[Form, ...]:
        return tuple(form for form in self.forms if form.moves)

    @property
    def used(self) -> tuple[Delivery, ...]:
        return tuple(d for step in self.steps for d in step.standing("used"))

    @property
    def seconds(self) -> float | None:
        known = [step.seconds for step in self.steps if step.seconds is not None]
        return sum(known) if known and len(known) == len(self.steps) else None

    @property
    def periods(self) -> list[Period]:
        return [Period.quarter(step.quarter) for step in self.steps]

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "may_run": self.may_run, "seconds": self.seconds}


def by_source(asked: Iterable[Asked]) -> list[str]:
    """A line for each source and what became of it last time, with its periods: 居民随手报照片 2026-04、2026-05（…）."""
    found = []
    for (title, status, why), group in groupby(asked, lambda a: (a.title, a.status, a.why)):
        reason = f"：{why}" if why and status == "failed" else ""
        found.append(f"{title} {'、'.join(entry.period for entry in group)}（{ASKED[status]}{reason}）")
    return found
