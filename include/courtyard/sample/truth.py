"""The truth, written apart from the files: who there is, what was written where, and what was not."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

from courtyard.sample import alike
from courtyard.sample.groups import Groups, school_ages
from courtyard.sample.people import Membership, Person, Spot, Stay
from courtyard.sample.street import Street

COLUMNS = {
    "persons": ("person", "name", "sex", "birth_date", "id_number", "died", "twin"),
    "names": ("person", "name", "valid_from", "valid_to"),
    "traits": ("person", "trait"),
    "residence": (
        "person", "household", "courtyard_code", "building", "unit", "room", "valid_from", "valid_to", "residence_type",
    ),
    "memberships": ("person", "group", "community_code", "courtyard_code", "valid_from", "valid_to", "kind"),
    "rows": (
        "source", "dataset", "delivered", "period", "file", "sheet", "row_no", "person", "defects", "courtyard_code",
        "building", "unit", "room",
    ),
    "defects": ("source", "dataset", "delivered", "file", "sheet", "row_no", "column", "cell", "kind"),
    "omissions": ("source", "dataset", "period", "person", "reason"),
}  # fmt: skip


class Truth(AbstractContextManager["Truth"]):
    """Open files of one folder; every `rows` and `defects` line is written as its row is."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._files = {name: (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") for name in COLUMNS}
        self._writers = {name: csv.writer(file, lineterminator="\n") for name, file in self._files.items()}
        for name, columns in COLUMNS.items():
            self._writers[name].writerow(columns)
        self.rows: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def people(self, street: Street, groups: Groups) -> None:
        """Persons, stays and memberships; memberships are cut where their person moved."""
        for person in groups.make.persons:
            twin = f"P{person.twin:07d}" if person.twin is not None else ""
            died = person.died or ""
            line = (person.person_id, person.name, person.sex, person.birth, person.id_number, died, twin)
            self._writers["persons"].writerow(line)
            self._writers["names"].writerows(_names(person))
            for stay in person.stays:
                for place, building, since, until in street.stretches(stay.dwelling, stay.valid_from, stay.valid_to):
                    where = (place.code, building, *stay.dwelling[2:], since, until or "", person.residence_type)
                    self._writers["residence"].writerow((person.person_id, f"H{stay.household:07d}", *where))
            for membership in school_ages(person, street.start, street.end):
                self._membership(street, person, membership)
        self._writers["traits"].writerows(alike.traits(groups.make.persons))
        for membership in groups.memberships:
            self._membership(street, groups.make.persons[membership.person], membership)

    def _membership(self, street: Street, person: Person, held: Membership) -> None:
        for code, since, until in places_of(street, person, held):
            community = street.district.community_of(code).code
            line = (person.person_id, held.group, community, code, since, until or "", held.kind)
            self._writers["memberships"].writerow(line)

    def row(
        self,
        source: str,
        dataset: str,
        periods: tuple[str, str],
        at: tuple[str, str, Any],
        person: str,
        defects: list[str],
        where: Spot,
    ) -> None:
        """A written row: (delivered, spoken of), (file, sheet, row_no), the true person or '', and the true place."""
        self._writers["rows"].writerow((source, dataset, *periods, *at, person, ";".join(defects), *where))
        self.rows[dataset] += 1
        self.defects.update(defects)

    def cells(
        self, feed: tuple[str, str, str], at: tuple[str, str, Any], faults: Iterable[tuple[str, str, str]]
    ) -> None:
        """Faulty cells of a row as (column header, cell reference, kind); `feed` is (source, dataset, delivered)."""
        self._writers["defects"].writerows((*feed, *at, *fault) for fault in faults)

    def omission(self, source: str, dataset: str, period: str, person: str, reason: str) -> None:
        self._writers["omissions"].writerow((source, dataset, period, person, reason))


def _names(person: Person) -> Iterator[tuple[str, str, Any, Any]]:
    """Each name with the days on which it held; '' for always before and for still."""
    since: Any = ""
    for until, name in person.former:
        yield person.person_id, name, since, until
        since = until
    yield person.person_id, person.name, since, ""


def places_of(street: Street, person: Person, held: Membership) -> Iterator[tuple[str, date, date | None]]:
    """Where somebody was while a membership held: (courtyard's code, from, to), one stretch a courtyard."""
    stretch: tuple[str, date, date | None] | None = None
    for stay in person.stays:
        first, last = max(stay.valid_from, held.valid_from), _earlier(stay, held)
        if last is not None and first >= last:
            continue
        for place, _, since, until in street.stretches(stay.dwelling, first, last):
            if stretch and stretch[0] == place.code and stretch[2] == since:
                stretch = (stretch[0], stretch[1], until)
                continue
            if stretch:
                yield stretch
            stretch = (place.code, since, until)
    if stretch:
        yield stretch


def _earlier(stay: Stay, held: Membership) -> date | None:
    ends = [end for end in (stay.valid_to, held.valid_to) if end is not None]
    return min(ends) if ends else None
