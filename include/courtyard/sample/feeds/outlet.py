"""What every feed is given, and how a written row is put on record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from courtyard.district.models import Contract
from courtyard.period import SHANGHAI, Period
from courtyard.sample.addresses import Addresses
from courtyard.sample.draw import Draws
from courtyard.sample.groups import Groups
from courtyard.sample.mess import RATES
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

    @property
    def persons(self) -> list[Person]:
        return self.groups.make.persons

    def contract(self, dataset: str) -> Contract:
        return self.street.district.contracts[dataset]

    def id_number(self, person: Person) -> str:
        """The number that sources may know: one person in twenty gives none to anybody."""
        withheld = self.draws.hit(RATES["id.withheld"], "id.withheld", person.no)
        return "" if withheld else person.id_number

    def faults_of_id(self, person: Person) -> list[str]:
        return ["id.withheld"] if person.id_number and not self.id_number(person) else []

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
