"""Who is told of what happened to a case: community and street at every step, by mail and webhook; never a person's data.

A notice says which case it is, what happened, who has it now and until when: nothing that a resident or a post wrote.
One event is told once at an address (`case/<case_no>/<seq>`). Where one run moves more cases of a unit than
`alerts.digest_above` of the pack's rules, the unit gets one summary of them instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property

from sqlalchemy import Connection, text

from courtyard import notices
from courtyard.cases.event import STATUS_TITLES, WHY, Case, Event
from courtyard.cases.ledger import Step
from courtyard.cases.machine import TITLES
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district.models import Contact
from courtyard.district.posts import Answering, Posts
from courtyard.period import SHANGHAI

# Told to the unit that has the case, its community and the street.
TO_ALL = frozenset({
    "opened", "released", "escalated", "overdue", "handed_back", "raised", "supervised", "measured", "extended", "refused",
    "written", "handed_down", "answered", "confirmed", "unsolved", "reopened", "lapsed", "source_closed", "joined",
})  # fmt: skip
# Told to the unit that has it and its community: nothing for the street to do.
TO_NEAR = frozenset({"said_more", "joined_by", "replied", "chased", "follow_up_due"})
# Told like a step where it made one: another unit has the case now.
IF_MOVED = frozenset({"classified", "placed", "followed_up"})
# What grid workers who reported the case are told.
RESULTS = frozenset({"answered", "refused", "confirmed", "lapsed", "source_closed"})
TO_DO = {
    "held": "请核实后受理或不予受理。",
    "waiting": "请在签收时限前签收。",
    "handling": "请在办理时限前答复反映人。",
    "answered": "已答复，等反映人确认。",
    "closed": "已办结。",
    "refused": "已告知反映人理由和去处。",
    "joined": "请到并入的那一件办理。",
}
_BY_WORKERS = text("""
SELECT DISTINCT case_no FROM cases.report WHERE street_code = :street AND channel = 'worker' AND case_no = ANY(:numbers)
""")
_LISTED = 20


def queue(connection: Connection, ctx: Context, steps: Sequence[Step]) -> int:
    """Queue notices of these steps in the caller's transaction; returns how many were new. Silent events tell nobody."""
    telling = _Telling(ctx, _reported_by_workers(connection, ctx, steps))
    by_unit: dict[str, list[Step]] = {}
    for step in steps:
        for unit in telling.units(*step):
            by_unit.setdefault(unit, []).append(step)
    most = telling.rules.cases.alerts.digest_above
    told = [
        notice
        for unit, entries in by_unit.items()
        for notice in (telling.summary(unit, entries) if len(entries) > most else telling.each(unit, entries))
    ]
    return notices.queue(connection, told)


def _reported_by_workers(connection: Connection, ctx: Context, steps: Sequence[Step]) -> set[str]:
    numbers = [case.case_no for event, case in steps if event.kind in RESULTS]
    if not numbers:
        return set()
    return set(connection.scalars(_BY_WORKERS, {"street": ctx.street_code, "numbers": numbers}))


class _Telling:
    """The words and the addresses of one run."""

    def __init__(self, ctx: Context, by_workers: set[str]) -> None:
        self.district, self.street_code, self.by_workers = ctx.district, ctx.street_code, by_workers
        self.rules = Rules.of(ctx.district)
        self._answering: dict[tuple[str, date], Answering] = {}
        self._contacts: dict[tuple[str, date], tuple[Contact, ...]] = {}

    @cached_property
    def posts(self) -> Posts:
        return Posts(self.district)

    def units(self, event: Event, case: Case) -> Iterator[str]:
        """The units that are told of an event, each once."""
        is_step = event.kind in TO_ALL or (event.kind in IF_MOVED and case.step_since == event.at)
        if event.data.get("silent") or not (is_step or event.kind in TO_NEAR):
            return
        near = [case.unit_code, event.data.get("from_unit"), self._community(case.courtyard_code, case.unit_code)]
        if is_step or self._is_urgent_at_night(event, case):
            near.append(self.street_code)
        if case.case_no in self.by_workers and event.kind in RESULTS and case.courtyard_code:
            near.append(self.district.grid_of(case.courtyard_code).code)
        yield from dict.fromkeys(unit for unit in near if unit)

    def _community(self, courtyard_code: str | None, unit_code: str) -> str | None:
        """The community of a case: its courtyard's, else the one that its unit belongs to; none where the street has it."""
        code = self.rules.unit_at("community", unit_code, courtyard_code)
        return code if code != self.street_code else None

    def _is_urgent_at_night(self, event: Event, case: Case) -> bool:
        return self.rules.cases.terms_of(case.urgency).alert_off_hours and not self.rules.time.is_open(event.at)

    def each(self, unit: str, steps: Sequence[Step]) -> Iterator[notices.Notice]:
        for event, case in steps:
            mark = "【非工作时间，请即处理】" if self._is_urgent_at_night(event, case) and case.is_open else ""
            late = "（已过重新办理时限）" if event.data.get("is_late") else ""
            subject = f"{mark}工单{case.case_no} {TITLES[event.kind]}{late}：{self._about(case)}"
            cause = f"case/{case.case_no}/{case.last_seq}"
            yield from self._addressed(unit, event.at, cause, subject, self._body(event, case))

    def summary(self, unit: str, steps: Sequence[Step]) -> Iterator[notices.Notice]:
        """One notice for all that one run did to the cases of a unit, the most urgent ones named."""
        (first_event, first_case), at = steps[0], max(event.at for event, _ in steps)
        counts = Counter(TITLES[event.kind] for event, _ in steps)
        ranks = [terms.urgency for terms in self.rules.cases.terms]
        ranked = sorted(steps, key=lambda step: ranks.index(step[1].urgency))[:_LISTED]
        lines = [f"{kind} {number} 件" for kind, number in counts.most_common()]
        lines += ["", f"最急的 {len(ranked)} 件："]
        lines += [f"{case.case_no} {TITLES[event.kind]} {self._about(case)}" for event, case in ranked]
        lines += ["", f"全部见：courtyard cases list --unit {unit}"]
        cause = (
            f"cases/{unit}/{first_event.at.astimezone(SHANGHAI).isoformat()}/{first_case.case_no}/{first_case.last_seq}"
        )
        subject = f"工单汇总：{len(steps)} 件有变动"
        yield from self._addressed(unit, at, cause, subject, "\n".join(lines))

    def _about(self, case: Case) -> str:
        place = self.district.courtyard_by_code.get(case.courtyard_code or "")
        terms = self.rules.cases.terms_of(case.urgency)
        title = next((c.title for c in self.rules.cases.categories if c.code == case.category), case.category)
        return f"{title}（{terms.title}，{place.name if place else '院落待定'}）"

    def _body(self, event: Event, case: Case) -> str:
        unit = self.district.unit_by_code[case.unit_code]
        answering = self._answered_by(case.unit_code, event.at)
        why = WHY.get(event.data.get("why", ""), "")
        lines = [
            f"{_moment(event.at)} {TITLES[event.kind]}{f'（{why}）' if why else ''}",
            f"工单：{case.case_no}  {self._about(case)}  {STATUS_TITLES[case.status]}",
            f"现由：{self.rules.cases.level(case.level).title}　{unit.name}　{answering.post}",
        ]
        if case.status == "waiting" and case.acknowledge_due_at:
            lines.append(f"签收时限：{_moment(case.acknowledge_due_at)}")
        if case.status in ("waiting", "handling"):
            lines.append(f"本级办理时限：{_moment(case.solve_due_at) if case.solve_due_at else '已过'}")
            lines.append(
                f"总时限（从第一分钟起）：{_moment(case.total_due_at)}{'，已过' if case.is_total_overdue else ''}"
            )
        lines.append(f"{TO_DO[case.status]}详情：courtyard cases show {case.case_no}")
        return "\n".join(lines)

    def _answered_by(self, unit: str, at: datetime) -> Answering:
        key = unit, at.astimezone(SHANGHAI).date()
        if key not in self._answering:
            self._answering[key] = self.posts.responsible(*key)
        return self._answering[key]

    def _addressed(self, unit: str, at: datetime, cause: str, subject: str, body: str) -> list[notices.Notice]:
        """At the addresses of the unit whose post answers: a vacant post's notices go to the unit above."""
        told = self._answered_by(unit, at).unit_code, at.astimezone(SHANGHAI).date()
        if told not in self._contacts:
            self._contacts[told] = notices.contacts_of(self.district, *told)
        return notices.addressed(
            self.district, self._contacts[told], cause=cause, subject=subject, body=body, queued_at=at
        )


def _moment(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
