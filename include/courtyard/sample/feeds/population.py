"""公安 actual population: a GB18030 snapshot at the end of each quarter, on SFTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from courtyard.period import SHANGHAI, Period
from courtyard.sample.feeds.outlet import Sheet, World, letters, set_time
from courtyard.sample.mess import RATES
from courtyard.sample.people import Person, Stay
from courtyard.sample.spelling import Row, Speller

SOURCE = DATASET = "population"
MISSED = {"hukou": 0.2, "floating": 2.0, "overseas": 0.5}


@dataclass(frozen=True)
class Seen:
    """What the police know of a person at the end of a quarter."""

    stay: Stay
    status: str
    since: date | None
    stale: bool


@dataclass(slots=True)
class _Line:
    """A spelled line, kept from quarter to quarter while nothing changes."""

    key: tuple
    text: str
    row: Row


class Population:
    """Writes the snapshots one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contract = world.contract(DATASET)
        self.speller = Speller(world.street.district, self.contract, world.addresses, "text")
        self._lines: dict[int, _Line] = {}

    def write(self, quarter: int) -> int:
        """One quarter's file; returns the number of its rows."""
        street = self.world.street
        period = street.quarters[quarter]
        file = f"sftp/population/{period}/syrk_{street.code}_{period}.csv"
        path = self.world.out / file
        path.parent.mkdir(parents=True)
        headers = {c.name: (c.synonyms[0] if quarter == 2 and c.synonyms else c.header) for c in self.contract.columns}
        sheet = Sheet(SOURCE, DATASET, period, period, file, "", headers, letters(list(headers)))
        row_no = 1
        with path.open("w", encoding=self.contract.encoding, newline="") as target:
            target.write(",".join(headers.values()) + "\r\n")
            for person, seen in self._listed(quarter):
                line = self._line(person, seen, period)
                copies = 2 if self._twice(person, quarter) else 1
                for copy in range(copies):
                    row_no += 1
                    target.write(line.text)
                    row = _copied(line.row) if copy else line.row
                    where = self.world.spot(seen.stay.dwelling, period)
                    sheet.record(self.world.truth, row_no, row, person.person_id, where)
        set_time(path, period.end, 2)
        return row_no - 1

    def _twice(self, person: Person, quarter: int) -> bool:
        return self.world.draws.hit(RATES["row.duplicate"], "population.duplicate", person.no, quarter)

    def _listed(self, quarter: int) -> Iterator[tuple[Person, Seen]]:
        """Who stands in the snapshot, by courtyard, and who is missing from it on record."""
        period = self.world.street.quarters[quarter]
        for person in self.world.persons:
            true = person.stay_on(period.last_day)
            missed = RATES["row.missed"] * MISSED[person.residence_type]
            if self.world.draws.hit(missed, "population.missed", person.no):
                if true:
                    self._omit(period, person, "missed")
                continue
            seen = self._seen(person, quarter)
            if seen:
                yield person, seen
            elif true:
                self._omit(period, person, "late")

    def _omit(self, period: Period, person: Person, reason: str) -> None:
        self.world.truth.omission(SOURCE, DATASET, str(period), person.person_id, reason)

    def _known(self, person: Person, quarter: int) -> Stay | None:
        """The stay the police know of; a change of the quarter may reach them one quarter late."""
        quarters = self.world.street.quarters
        before = quarters[max(quarter, 0)].start - timedelta(days=1)
        if quarter < 0:
            return person.stay_on(before)
        now = person.stay_on(quarters[quarter].last_day)
        was = person.stay_on(before)
        late = now is not was and self.world.draws.hit(RATES["row.late"], "population.late", person.no, quarter)
        return was if late else now

    def _seen(self, person: Person, quarter: int) -> Seen | None:
        last_day = self.world.street.quarters[quarter].last_day
        now = self._known(person, quarter)
        if now:
            return Seen(now, "resident", None, now is not person.stay_on(last_day))
        was = self._known(person, quarter - 1)
        gone = person.gone_since(last_day)
        if was and gone:
            return Seen(was, "deceased" if person.died == gone else "moved_out", gone, False)
        return None

    def _line(self, person: Person, seen: Seen, period: Period) -> _Line:
        newborn = self._newborn(person, period)
        place, building = self.world.street.on(seen.stay.dwelling, period.last_day)
        called = self.world.street.names_on(place, period.last_day)[0]
        name = self.world.name(person, SOURCE, period.last_day)
        key = (id(seen.stay), seen.status, newborn, seen.stale, name, place.code, called, building)
        kept = self._lines.get(person.no)
        if kept and kept.key == key:
            return kept
        rng = self.world.draws.rng("population.row", person.no)
        row = self.speller.row(rng, self._values(person, seen, newborn, name), period.last_day, person.sex)
        if seen.stale:
            row.row_faults.append("row.stale")
        row.row_faults += ["id.newborn"] if newborn else self.world.faults(person, SOURCE, period.last_day)
        changed = seen.since or min(max(seen.stay.valid_from, period.start), period.last_day)
        stamp = datetime.combine(changed, time(9 + person.no % 8, person.no % 60), SHANGHAI)
        cells = ["" if cell is None else str(cell) for cell in row.cells.values()]
        line = _Line(key, _csv([*cells, f"{stamp:%Y-%m-%d %H:%M:%S}"]), row)
        line.row.cells = {}
        self._lines[person.no] = line
        return line

    def _newborn(self, person: Person, period: Period) -> bool:
        fresh = person.birth >= period.start
        return fresh and self.world.draws.hit(RATES["id.newborn"], "population.newborn", person.no)

    def _values(self, person: Person, seen: Seen, newborn: bool, name: str) -> dict:
        number = "" if newborn else self.world.id_number(person)
        return {
            "person_no": f"{self.world.street.code}{person.no + 1:09d}",
            "name": name,
            "sex": person.sex,
            "birth_date": person.birth,
            "document_type": person.document if number or person.document == "passport" else "none",
            "id_number": number,
            "ethnicity": person.ethnicity,
            "household_no": f"{self.world.street.code}H{seen.stay.household + 1:07d}",
            "relation": seen.stay.relation,
            "residence_type": person.residence_type,
            "hukou_address": person.hukou_address,
            "address": seen.stay.dwelling,
            "split_residence": person.split,
            "phone": person.phone,
            "status": seen.status,
            "status_date": seen.since,
        }


def _copied(row: Row) -> Row:
    return Row({}, row.faults, [*row.row_faults, "row.duplicate"])


def _csv(cells: list[str]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerow(cells)
    return target.getvalue()
