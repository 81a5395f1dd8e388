"""What every feed is given, and how a written row is put on record."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from courtyard.district.models import Contract
from courtyard.period import SHANGHAI, Period
from courtyard.sample.addresses import Addresses
from courtyard.sample.draw import Draws
from courtyard.sample.groups import Groups
from courtyard.sample.mess import RATES, effect
from courtyard.sample.people import Dwelling, Person, Spot
from courtyard.sample.spelling import Row
from courtyard.sample.street import Street
from courtyard.sample.truth import Truth


@dataclass(frozen=True)
class World:
    """The whole truth, and where files and their record go."""

    street: Street
    groups: Groups
    draws: Draws
    addresses: Addresses
    truth: Truth
    out: Path
    keys: dict[tuple[str, int], tuple[Any, ...]] = field(default_factory=dict)

    @property
    def persons(self) -> list[Person]:
        return self.groups.make.persons

    @property
    def city_district(self) -> str:
        """The name of the office's district, before those of its departments."""
        return self.street.district.office.city_district

    def contract(self, dataset: str) -> Contract:
        return self.street.district.contracts[dataset]

    def id_number(self, person: Person) -> str:
        """The number that sources may know: one person in twenty gives none to anybody."""
        return "" if person.withheld else person.id_number

    def name(self, person: Person, source: str, day: date) -> str:
        """The name a source writes on a day: of those who changed it, now and then the former one for good."""
        hit = person.former and self.draws.hit(RATES["name.former"], f"{source}.former", person.no)
        return person.former[0][1] if hit else person.name_on(day)

    def faults(self, person: Person, source: str, day: date) -> list[str]:
        """What is wrong with every row that this source writes of a person on a day."""
        faults = ["id.withheld"] if person.withheld else []
        return faults + (["name.former"] if self.name(person, source, day) != person.name_on(day) else [])

    def rekeyed(self, dataset: str, person: Person, row: Row, named: tuple[Any, ...]) -> list[str]:
        """Whether a reader takes the row for another record than the last one this dataset had of the person.

        `named` is what the record is known by where the row has no ID number.
        """
        fault = row.faults.get("id_number", "")
        if any(effect(kind) == "quarantined" for kind in row.defects):
            return []
        key = named if row.cells["id_number"] is None else (fault if fault == "id.mistyped_valid" else "",)
        before = self.keys.setdefault((dataset, person.no), key)
        self.keys[dataset, person.no] = key
        return ["row.rekeyed"] if before != key else []

    def spot(self, where: Dwelling | int, period: Period) -> Spot:
        """The truth about a place on a period's last day."""
        return self.street.spot(where, period.last_day)


@dataclass(frozen=True)
class Sheet:
    """Where rows of one dataset are written, for the record: `file` is relative to the folder of all files.

    `headers` and `letters` are by column name; sources without a grid of cells have no letters.
    """

    source: str
    dataset: str
    delivered: Period
    period: Period
    file: str
    sheet: str
    headers: dict[str, str]
    letters: dict[str, str]

    def record(self, truth: Truth, row_no: Any, row: Row, person: str, where: Spot) -> None:
        """Put one written row on record, with its faulty cells."""
        at = (self.file, self.sheet, row_no)
        periods = str(self.delivered), str(self.period)
        truth.row(self.source, self.dataset, periods, at, person, row.defects, where)
        truth.cells(self._feed, at, ((self.headers[n], self._cell(n, row_no), k) for n, k in row.faults.items()))

    def mark(self, truth: Truth, row_no: int, letter: str, header: str, kind: str) -> None:
        """Put a fault of the sheet on record, at a cell that belongs to no row of data."""
        truth.cells(self._feed, (self.file, self.sheet, row_no), [(header, f"{letter}{row_no}", kind)])
        truth.defects[kind] += 1

    @property
    def _feed(self) -> tuple[str, str, str]:
        return self.source, self.dataset, str(self.delivered)

    def _cell(self, name: str, row_no: Any) -> str:
        return f"{self.letters[name]}{row_no}" if self.letters else ""


def letters(names: list[str], first: int = 0) -> dict[str, str]:
    """The spreadsheet letter of each column, up to ZZ."""
    return {name: column_letter(index) for index, name in enumerate(names, first)}


def column_letter(index: int) -> str:
    high, low = divmod(index, 26)
    return (chr(64 + high) if high else "") + chr(65 + low)


def retyped(world: World, source: str, person: int, quarter: int) -> int:
    """The spelling a row has in a quarter: mostly that of the first one, sometimes typed anew."""
    return quarter if world.draws.hit(0.12, f"{source}.retyped", person, quarter) else 0


def set_time(path: Path, day: date, hour: int = 18, minute: int = 0) -> None:
    """A file's time as its source would have it: Shanghai time."""
    moment = datetime.combine(day, time(hour, minute), SHANGHAI).timestamp()
    os.utime(path, (moment, moment))
