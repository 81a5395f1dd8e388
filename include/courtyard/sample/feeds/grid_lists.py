"""Whom each grid lists in a quarter: its members as the grid worker knows them, and what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from courtyard.period import Period
from courtyard.sample.feeds.outlet import World
from courtyard.sample.groups import school_ages
from courtyard.sample.mess import RATES
from courtyard.sample.people import Membership, Person, Stay

SOURCE = "grid"
DATASETS = {
    "activist": "grid_activists",
    "party_member": "grid_party_members",
    "dibao": "grid_dibao",
    "school_age": "grid_school_age",
}
DAYS_BEFORE_END = 5


@dataclass(slots=True)
class Listing:
    """A row to be written: who, as what, where, and what is new about it."""

    person: Person
    membership: Membership
    stay: Stay
    change: str
    changed: date | None
    faults: list[str] = field(default_factory=list)


Members = dict[str, dict[int, tuple[Membership, Stay]]]


class GridLists:
    """Follows what the grids know from one quarter to the next."""

    def __init__(self, world: World) -> None:
        self.world = world
        street = world.street
        self._memberships: dict[str, list[Membership]] = defaultdict(list)
        for membership in world.groups.memberships:
            if membership.group != "dibao" or membership.kind == "dibao":
                self._memberships[membership.group].append(membership)
        for person in world.persons:
            self._memberships["school_age"] += school_ages(person, street.start, street.end)
        self._before = {group: self._members(group, street.start - timedelta(days=1)) for group in DATASETS}
        self._known = {
            (grid, group): {no: held for no, held in members.items() if not self._missed(no, group)}
            for group, by_grid in self._before.items()
            for grid, members in by_grid.items()
        }

    def quarter(self, index: int, absent: set[str], late: set[str]) -> dict[tuple[str, str], list[Listing]]:
        """The listings of every grid and group; grids in `absent` send nothing that can be read."""
        period = self.world.street.quarters[index]
        found: dict[tuple[str, str], list[Listing]] = {}
        for group in DATASETS:
            now = self._members(group, period.last_day - timedelta(days=DAYS_BEFORE_END))
            at_end = self._members(group, period.last_day)
            for grid in self.world.street.grids:
                listed: list[Listing] = []
                if grid not in absent:
                    listed = list(self._listings(grid, group, index, now[grid]))
                    found[grid, group] = listed
                    self._mark(listed, at_end, grid)
                self._omissions(period, group, at_end[grid], listed, (grid in absent, grid in late))
            self._before[group] = now
        return found

    def _members(self, group: str, day: date) -> Members:
        """Grid -> person -> (membership, stay) on this day."""
        found: Members = {grid: {} for grid in self.world.street.grids}
        for membership in self._memberships[group]:
            stay = self.world.persons[membership.person].stay_on(day) if membership.holds_on(day) else None
            if stay:
                found[self.world.street.grid_of[stay.dwelling.courtyard]][membership.person] = (membership, stay)
        return found

    def _missed(self, person: int, group: str) -> bool:
        return self.world.draws.hit(RATES["row.missed"], f"grid.missed.{group}", person)

    def _late(self, grid: str, group: str, person: int, index: int) -> bool:
        return self.world.draws.hit(RATES["row.late"], f"grid.late.{group}", int(grid), person, index)

    def _listings(
        self, grid: str, group: str, index: int, now: dict[int, tuple[Membership, Stay]]
    ) -> Iterator[Listing]:
        """Members first known, known and changed, and those who went; a change may wait a quarter."""
        known = self._known.setdefault((grid, group), {})
        quarter_end = self.world.street.quarters[index].last_day
        before = self._before[group][grid]
        for no, (membership, stay) in now.items():
            if no in known:
                changed = _changed(known[no], (membership, stay))
                yield Listing(self.world.persons[no], membership, stay, "updated" if changed else "unchanged", changed)
            elif self._missed(no, group) or (no not in before and self._late(grid, group, no, index)):
                continue
            else:
                since = max(membership.valid_from, stay.valid_from)
                yield Listing(self.world.persons[no], membership, stay, "added", since)
            known[no] = (membership, stay)
        for no in [no for no in known if no not in now]:
            person, (membership, stay) = self.world.persons[no], known[no]
            if no in before and self._late(grid, group, no, index):
                yield Listing(person, membership, stay, "unchanged", None)
                continue
            del known[no]
            yield Listing(person, membership, stay, *_departure(person, membership, stay, quarter_end))

    def _mark(self, listed: list[Listing], at_end: Members, grid: str) -> None:
        """Note rows that say something else than the truth on the quarter's last day."""
        for item in listed:
            here = item.person.no in at_end[grid]
            if item.change in ("unchanged", "updated", "added") and not here:
                item.faults.append("row.stale")
            elif item.change == "moved_out" and any(item.person.no in members for members in at_end.values()):
                item.faults.append("row.moved_within")

    def _omissions(
        self, period: Period, group: str, true: dict[int, object], listed: list[Listing], unit: tuple[bool, bool]
    ) -> None:
        absent, late = unit
        seen = {item.person.no for item in listed}
        for no in true:
            if no in seen and not late:
                continue
            reason = "missing_unit" if absent else "missed" if self._missed(no, group) else "late"
            person = self.world.persons[no].person_id
            self.world.truth.omission(SOURCE, DATASETS[group], str(period), person, reason)


def _changed(was: tuple[Membership, Stay], now: tuple[Membership, Stay]) -> date | None:
    """The day on which a known member's facts changed, None while they are the same."""
    if was[1].dwelling != now[1].dwelling:
        return now[1].valid_from
    same = was[0].kind == now[0].kind and was[0].facts.get("party_org") == now[0].facts.get("party_org")
    return None if same else now[0].valid_from


def _departure(person: Person, membership: Membership, stay: Stay, day: date) -> tuple[str, date | None]:
    """What the grid reports by a day of somebody who is no longer on its list, and since when."""
    if person.died and person.died <= day:
        return "deceased", person.died
    if gone := person.gone_since(day):
        return "moved_out", gone
    if membership.valid_to and (stay.valid_to is None or membership.valid_to <= stay.valid_to):
        return "left", membership.valid_to
    return "moved_out", stay.valid_to
