"""Reports that arrive together: each opens a case or joins one, in the order in which they were told. Pure but for the keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from courtyard.cases import doubting, machine, numbering
from courtyard.cases.classifying import Classifier, Guess
from courtyard.cases.event import Case, Event
from courtyard.cases.joining import Candidate, Joiner, Told
from courtyard.cases.ledger import Step
from courtyard.cases.reported import Report, text_of
from courtyard.cases.rules import Rules
from courtyard.district.case_reports import ReportSource
from courtyard.district.cases import LEVELS
from courtyard.privacy.keys import KeyRing

REPORTER, SOURCE = "reporter", "source"


@dataclass(frozen=True)
class Link:
    """Which case answers a report."""

    report: Report
    case_no: str
    how: Literal["opened", "joined"]


class Lot:
    """Takes reports one by one; `steps` are the events and the cases after them, `links` which case each report is in."""

    def __init__(self, rules: Rules, keys: KeyRing, at: datetime) -> None:
        self.steps: list[Step] = []
        self.links: list[Link] = []
        self.taken: set[str] = set()
        self._rules, self._keys, self._at = rules, keys, at
        self._classifier, self._joiner = Classifier(rules.cases), Joiner(rules.cases)
        self._cases: dict[str, Case] = {}
        self._case_of: dict[tuple[str, str], str] = {}
        self._near: dict[str, list[Candidate]] = defaultdict(list)

    def know(self, case: Case, source: ReportSource, attrs: Mapping[str, Any], reported_at: datetime) -> None:
        """An open case of before, with the record that opened it: others may join it."""
        self._cases[case.case_no] = case
        text = self._joiner.read(text_of(source, attrs))
        self._offer(
            case, Told(text, reported_at, case.courtyard_code, case.category, case.emergency, case.status == "held")
        )

    def know_named(self, key: tuple[str, str], case: Case) -> None:
        """The case, open or not, of a report that another one says to repeat."""
        self._cases.setdefault(case.case_no, case)
        self._case_of[key] = case.case_no

    def first_minute(self, report: Report) -> datetime:
        """When its clock began: no later than now, whatever a sender's clock says."""
        return min(report.reported_at, self._at)

    def subject(self, report: Report) -> str:
        """What the number of the case that a report opens is made from."""
        return f"{report.dataset}|{report.record_key}"

    def take(self, report: Report) -> None:
        """Let a report join the case it belongs to, or open one."""
        emergency = report.emergency or self._danger_in(report.text)
        if (named := self._named(report, emergency)) is not None:
            return self._join(report, named, {"why": "named"})
        guess = self._classifier.guess(report.text, report.kinds)
        doubts = doubting.doubts(self._rules.cases, self._rules.district, report)
        told = Told(
            text=self._joiner.read(report.text),
            at=report.reported_at,
            courtyard_code=self._courtyard(report),
            category=guess.category,
            emergency=emergency,
            # A danger to life waits for nobody's doubts, what is over needs nobody's.
            is_held=bool(doubts) and not emergency and not report.is_closed,
        )
        if not report.is_closed and (found := self._joiner.best(told, self._near[told.courtyard_code or ""])):
            return self._join(report, self._cases[found.case_no], {"why": "emergency" if emergency else "alike"})
        return self._open(report, told, guess, doubts)

    def _danger_in(self, text: str) -> str | None:
        """The number to call for what a text tells of."""
        found = self._rules.cases.emergency_in(text)
        return found.call if found else None

    def _named(self, report: Report, emergency: str | None) -> Case | None:
        """The case of the report that this one says to repeat.

        None where that is over and this one goes on at its source, or where this one alone tells of a danger to life.
        """
        case_no = self._case_of.get((report.dataset, report.duplicate_of or ""))
        case = self._cases[case_no] if case_no else None
        if case is None or case.status == "joined" or (emergency and case.emergency != emergency):
            return None
        return case if case.is_open or report.is_closed else None

    def _join(self, report: Report, case: Case, data: dict[str, Any]) -> None:
        kind = "joined_by" if case.is_open else "noted"
        silent = {"silent": True} if report.is_closed else {}
        data = {"dataset": report.dataset, "record_key": report.record_key, "channel": report.channel, **data, **silent}
        self._happen(case, Event(kind, self._at, REPORTER, report.cause, data=data))
        self._link(report, case.case_no, "joined")

    def _open(self, report: Report, told: Told, guess: Guess, doubts: tuple[str, ...]) -> None:
        """A case of its own. What is closed at its source already is opened and closed in one go, at its own times."""
        opened_at = self.first_minute(report)
        case_no = numbering.number(self._keys, self.subject(report), opened_at, self.taken)
        self.taken.add(case_no)
        data = {
            **self._place(told, guess),
            "opened_at": opened_at.isoformat(),
            "category": guess.category,
            "confidence": guess.confidence,
            "asked": not self._classifier.is_sure(guess),
            "reasons": guess.reasons,
            "courtyard_code": told.courtyard_code,
            "emergency": told.emergency,
            "doubts": doubts,
            "dataset": report.dataset,
            "record_key": report.record_key,
            "channel": report.channel,
        }
        if report.due_at and report.due_at > self._at:
            data["due_at"] = report.due_at.isoformat()
        if report.is_closed:
            data["silent"] = True
        told_at = opened_at if report.is_closed else self._at
        event = Event("opened", told_at, REPORTER, report.cause, data=data)
        case = machine.opened(self._rules, case_no=case_no, event=event)
        self.steps.append((event, case))
        self._cases[case_no] = case
        self._link(report, case_no, "opened")
        if report.is_closed:
            self._happen(case, self._closing(report, opened_at))
        else:
            self._offer(case, told)

    def _place(self, told: Told, guess: Guess) -> dict[str, Any]:
        """Urgency, level and unit that a case starts with; where nobody knows the courtyard, the street is to find it."""
        category = self._rules.cases.category(guess.category)
        urgency = "emergency" if told.emergency else category.urgency
        rungs = self._rules.rungs[urgency]
        wanted = category.starts_at if told.courtyard_code else "street"
        level = next((rung for rung in rungs if LEVELS.index(rung) >= LEVELS.index(wanted)), rungs[-1])
        street = self._rules.district.office.street_code
        found = {
            "urgency": urgency,
            "level": level,
            "unit_code": self._rules.unit_at(level, street, told.courtyard_code),
        }
        if told.is_held:
            found["held"] = True
        if told.courtyard_code is None:
            found["to_place"] = True
        return found

    def _closing(self, report: Report, opened_at: datetime) -> Event:
        closed_at = max(opened_at, min(report.closed_at or opened_at, self._at))
        cause = f"source/{report.dataset}/{report.record_key}/{report.status}"
        return Event("source_closed", closed_at, SOURCE, cause, data={"silent": True, "status": report.status})

    def _courtyard(self, report: Report) -> str | None:
        return report.courtyard_code if report.courtyard_code in self._rules.district.courtyard_by_code else None

    def _offer(self, case: Case, told: Told) -> None:
        if told.courtyard_code:
            self._near[told.courtyard_code].append(Candidate(case.case_no, told))

    def _happen(self, case: Case, event: Event) -> None:
        after = machine.apply(self._rules, case, event)
        self._cases[case.case_no] = after
        self.steps.append((event, after))

    def _link(self, report: Report, case_no: str, how: Literal["opened", "joined"]) -> None:
        self.links.append(Link(report, case_no, how))
        self._case_of[report.key] = case_no
