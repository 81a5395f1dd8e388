"""A year of simulated days over several cases: random actions, replies and downtime of the clock, and what must hold.

`Year` is a hypothesis state machine over the pure machine; `test_year_in_the_ledger.py` runs the same one over the real ledger.
What is due when is said here a second time, in other words than the machine's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.cases.stories import COURTYARD, GRID, opening, shanghai

from courtyard.cases import machine
from courtyard.cases.effects import NotAllowed
from courtyard.cases.event import Case, Event
from courtyard.cases.machine import ALLOWED
from courtyard.cases.rules import Rules
from courtyard.district import load_district
from courtyard.district.cases import LEVELS
from courtyard.district.working_time import Span
from courtyard.settings import Settings

RULES = Rules.of(load_district(Settings.from_env({}).district_path))
# Which state may follow which, whatever happens; a state may always stay.
FOLLOWS = {
    "held": {"waiting", "refused", "joined", "closed"},
    "waiting": {"handling", "answered", "refused", "joined", "closed"},
    "handling": {"waiting", "answered", "refused", "joined", "closed"},
    "answered": {"waiting", "closed"},
    "closed": {"waiting"},
    "refused": {"waiting"},
    "joined": set(),
}
BY_CLOCK = ("escalated", "overdue", "chased", "lapsed", "follow_up_due")
BY_OTHERS = sorted(set(ALLOWED) - set(BY_CLOCK))
CATEGORIES = ("light", "power", "gas_hazard", "fire_hazard", "other")
MINUTES = st.one_of(st.integers(1, 240), st.integers(1, 60 * 24 * 20))


def expected(case: Case) -> dict[tuple[str, int], Any]:
    """Every deadline of a case that has not been acted on: (what, step) -> moment."""
    closing, found = RULES.cases.closing, {}
    if case.status in ("held", "waiting"):
        found["held" if case.status == "held" else "acknowledge"] = case.acknowledge_due_at
    if case.status in ("waiting", "handling"):
        found["solve"] = case.solve_due_at
    if case.status in ("held", "waiting", "handling"):
        found["total"] = None if case.is_total_overdue else case.total_due_at
    if case.status == "answered":
        found["lapse"] = RULES.after(case.answered_at, closing.confirm_within)
    if case.status == "closed" and case.closed_by == "lapsed":
        is_asked = case.followed_up_at is not None and case.followed_up_at >= case.answered_at
        if case.follow_up_asked_at is None and not is_asked:
            found["follow_up"] = RULES.after(case.closed_at, closing.follow_up_within)
    return {(what, case.step_no): moment for what, moment in found.items() if moment is not None}


class Year(RuleBasedStateMachine):
    """Cases by number, everything that happened to them, and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, Case] = {}
        self.events: dict[str, list[Event]] = {}
        self.fired: set[tuple[str, str]] = set()
        self.serial = 0

    @initialize(start=st.sampled_from(["2026-02-13 16:30", "2026-09-30 11:45", "2026-12-30 23:50", "2026-06-01 09:00"]))
    def begin(self, start):
        self.now = shanghai(start)
        self.clear()

    # what a backend does; the ledger's does it in the database
    def clear(self) -> None:
        pass

    def put(self, case_no: str, event: Event) -> Case:
        return machine.opened(RULES, case_no=case_no, event=event)

    def let(self, case: Case, event: Event) -> Case:
        return machine.apply(RULES, case, event)

    def run_clock(self) -> list[tuple[Event, Case]]:
        return [step for case in list(self.cases.values()) for step in machine.due_events(RULES, case, self.now)]

    # what may happen
    @precondition(lambda self: len(self.cases) < 4)
    @rule(category=st.sampled_from(CATEGORIES), level=st.sampled_from(LEVELS[:3]), held=st.booleans(),
          courtyard=st.booleans(), down=st.integers(0, 9), late=st.integers(0, 300))  # fmt: skip
    def open(self, category, level, held, courtyard, down, late):
        urgency = RULES.cases.category(category).urgency
        self.serial += 1
        number = self.number()
        data = {"category": category, "urgency": urgency, "held": held, "level": level if courtyard else "street"}
        code = COURTYARD if courtyard else None
        unit = RULES.unit_at(data["level"], GRID, code)
        first_minute = (self.now - timedelta(minutes=late)).isoformat()
        data |= {"courtyard_code": code, "unit_code": unit, "opened_at": first_minute}
        if down == 0:
            data |= {"direction": "down", "total_due_at": (self.now + timedelta(days=9)).isoformat(), "held": False}
        event = opening(self.now, **data)
        case = self.put(number, event)
        self.cases[number], self.events[number] = case, [event]
        assert case.opened_at <= self.now

    def number(self) -> str:
        return f"260101-{self.serial:05}"

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), is_allowed=st.integers(0, 4))
    def somebody_acts(self, data, is_allowed):
        case = self.cases[data.draw(st.sampled_from(sorted(self.cases)), label="case")]
        kinds = [kind for kind in BY_OTHERS if not is_allowed or case.status in ALLOWED[kind]]
        kind = data.draw(st.sampled_from(kinds), label="kind")
        event = Event(kind, self.now, "x", f"action/{case.last_seq}", None, self.said(data, case, kind))
        try:
            after = self.let(case, event)
        except NotAllowed:
            assert case.status not in ALLOWED[kind] or kind in ("extended", "raised", "handed_back", "reopened")
            return
        assert case.status in ALLOWED[kind]
        self.check(case, event, after)

    def said(self, data, case, kind):
        match kind:
            case "classified":
                category = data.draw(st.sampled_from(CATEGORIES))
                return {"category": category, "urgency": RULES.cases.category(category).urgency}
            case "placed":
                return {"courtyard_code": data.draw(st.sampled_from([COURTYARD, "5101050050020001"]))}
            case "extended":
                return {"reason": "r", "span": data.draw(st.sampled_from(["1 working_days", "2 hours", "30 days"]))}
            case "handed_back":
                return {"reason": "r", "level": data.draw(st.sampled_from(LEVELS))}
            case "followed_up":
                return {"satisfaction": "neutral", "solved": data.draw(st.booleans())}
            case "joined":
                return {"into": "260101-99999"}
        return {}

    @rule(minutes=MINUTES)
    def time_passes_and_the_clock_runs(self, minutes):
        self.now += timedelta(minutes=minutes)
        self.clock_runs()

    @precondition(lambda self: any(case.next_at for case in self.cases.values()))
    @rule(seconds=st.sampled_from([-1, 0, 0, 1]))
    def the_clock_runs_about_the_next_deadline(self, seconds):
        first = min(case.next_at for case in self.cases.values() if case.next_at)
        self.now = max(self.now, first + timedelta(seconds=seconds))
        self.clock_runs()

    @rule(minutes=MINUTES)
    def nobody_runs_the_clock(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def clock_runs(self):
        """Every deadline that has passed happens now, once, and after that none is left."""
        for event, after in self.run_clock():
            case = self.cases[after.case_no]
            assert event.due_at <= self.now == event.at, "early"
            assert event.due_at in expected(case).values(), "no deadline of this case"
            assert (case.case_no, event.cause) not in self.fired, "twice"
            self.fired.add((case.case_no, event.cause))
            self.check(case, event, after)
        for case in self.cases.values():
            assert all(moment > self.now for moment in expected(case).values()), "a deadline never happened"
        assert self.run_clock() == []

    def check(self, case: Case, event: Event, after: Case) -> None:
        """A step is one that may follow, and no clock was set back."""
        assert after.status == case.status or after.status in FOLLOWS[case.status], (
            case.status,
            event.kind,
            after.status,
        )
        assert (after.opened_at, after.case_no, after.last_seq) == (case.opened_at, case.case_no, case.last_seq + 1)
        assert after.step_no in (case.step_no, case.step_no + 1)
        assert after.is_total_overdue >= case.is_total_overdue
        if event.kind != "classified":
            assert after.total_due_at == case.total_due_at
        if after.step_no > case.step_no:
            assert after.step_since == event.at and after.status in ("waiting", "handling")
        if event.kind in ("escalated", "raised"):
            assert LEVELS.index(after.level) == LEVELS.index(case.level) + 1 or after.level in ("street", "community")
            assert LEVELS.index(case.level) < LEVELS.index(after.level) <= LEVELS.index("street")
        self.cases[case.case_no] = after
        self.events[case.case_no].append(event)

    # what holds at any moment
    @invariant()
    def every_case_is_the_fold_of_its_events(self):
        for number, case in self.cases.items():
            assert machine.fold(RULES, number, self.events[number]) == case

    @invariant()
    def the_clock_looks_again_when_the_next_deadline_passes(self):
        for case in self.cases.values():
            assert case.next_at == min(expected(case).values(), default=None)

    @invariant()
    def a_case_that_is_worked_on_has_a_clock(self):
        """Nothing stands still in silence: until its last deadlines are spent a worked case has a next moment."""
        for case in self.cases.values():
            if case.status in ("held", "waiting", "handling") and case.next_at is None:
                assert case.is_supervised and case.is_total_overdue

    @invariant()
    def spans_of_a_step_are_not_longer_than_the_pack_says(self):
        for case in self.cases.values():
            limits = RULES.cases.terms_of(case.urgency).levels.get(case.level)
            if case.acknowledge_due_at and case.status == "waiting" and limits:
                assert case.acknowledge_due_at == RULES.time.after(case.step_since, Span.parse(limits.acknowledge))
