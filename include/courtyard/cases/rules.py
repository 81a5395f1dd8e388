"""What the pack says of cases, made ready for the machine: rungs, units, spans of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from courtyard.cases.event import Case
from courtyard.district.cases import LEVELS, CaseRules
from courtyard.district.models import District
from courtyard.district.working_time import Span, WorkingTime


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


def level_above(rules: Rules, case: Case) -> str | None:
    """The next level of the case's ladder that may receive it, None at the last."""
    rungs = rules.rungs[case.urgency]
    if case.direction == "down":
        return None
    higher = [level for level in rungs if LEVELS.index(level) > LEVELS.index(case.level)]
    # Departments are written to by a person: nothing climbs to them by itself.
    return higher[0] if higher and higher[0] != "department" else None
