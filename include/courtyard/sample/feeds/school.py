"""教育 school roll: children at primary school who live in the street, one workbook a quarter on SFTP."""

from __future__ import annotations

from datetime import timedelta

from courtyard.period import Period
from courtyard.sample.feeds import books
from courtyard.sample.feeds.outlet import Sheet, World, letters, retyped, set_time
from courtyard.sample.groups import intake_year
from courtyard.sample.mess import RATES
from courtyard.sample.people import Person, Stay
from courtyard.sample.spelling import Speller

SOURCE, DATASET = "school", "school_children"
ENROLLED = 0.8
GRADES = ("一年级", "二年级", "三年级", "四年级", "五年级", "六年级")
SCHOOLS = 5
NOTES = ("说明", "1. 本名册由学籍系统导出。", "2. 现居住地址由家长填写，以实际居住为准。")


class School:
    """Writes the roll of one quarter after the other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contract = world.contract(DATASET)
        self.schools = _schools(world)
        self.speller = Speller(world.street.district, self.contract, world.addresses, "sheet")

    def write(self, quarter: int) -> int:
        """One quarter's workbook; returns the number of its rows."""
        street = self.world.street
        period = street.quarters[quarter]
        file = f"sftp/school/{period}/xj_{street.code}_{period}.xlsx"
        path = self.world.out / file
        rng = self.world.draws.rng("school.headers", quarter)
        headers = {
            c.name: rng.choice(c.synonyms) if c.synonyms and rng.random() < 0.3 else c.header
            for c in self.contract.columns
        }
        title = self.contract.sheet or self.contract.title
        sheet = Sheet(SOURCE, DATASET, period, period, file, title, headers, letters(list(headers)))
        book = books.open_book(path)
        day = book.add_format({"num_format": books.DATE_FORMAT})
        page = book.add_worksheet(title)
        page.merge_range(0, 0, 0, len(headers) - 1, f"{street.district.office.short_name}{period.title}学籍名册", day)
        for column, header in enumerate(headers.values()):
            page.write_string(1, column, header)
        row_no = 2
        for number, (person, stay) in enumerate(self._listed(quarter, period), 1):
            row_no += 1
            row = self.speller.row(
                self._rng(person, quarter), self._values(person, stay, period), period.last_day, person.sex
            )
            page.write_number(row_no - 1, 0, number)
            for column, cell in enumerate(row.cells.values(), 1):
                books.put(page, row_no - 1, column, cell, day)
            row.row_faults += self.world.faults(person, SOURCE, period.last_day)
            row.row_faults += ["row.stale"] if stay is not person.stay_on(period.last_day) else []
            where = self.world.spot(stay.dwelling, period)
            sheet.record(self.world.truth, row_no, row, person.person_id, where)
        if quarter % 2:
            notes = book.add_worksheet(NOTES[0])
            notes.write_column(0, 0, NOTES)
        book.close()
        set_time(path, period.end, 4)
        return row_no - 2

    def _rng(self, person: Person, quarter: int):
        return self.world.draws.rng("school.row", person.no, retyped(self.world, SOURCE, person.no, quarter))

    def _listed(self, quarter: int, period: Period) -> list[tuple[Person, Stay]]:
        """Enrolled children with the address the school has; a change may come one quarter late."""
        listed = []
        for person in self.world.persons:
            if _grade(person, period) is None or not self.world.draws.hit(ENROLLED, "school.enrolled", person.no):
                continue
            now, was = person.stay_on(period.last_day), person.stay_on(period.start - timedelta(days=1))
            late = now is not was and self.world.draws.hit(2 * RATES["row.late"], "school.late", person.no, quarter)
            known = was if late else now
            if known:
                listed.append((person, known))
            elif now:
                self.world.truth.omission(SOURCE, DATASET, str(period), person.person_id, "late")
        return sorted(listed, key=lambda item: (self._school(item[0]), _grade(item[0], period), item[0].no))

    def _school(self, person: Person) -> str:
        return self.schools[self.world.draws.number("school.which", person.no) % len(self.schools)]

    def _values(self, person: Person, stay: Stay, period: Period) -> dict:
        parent = person.mother if person.father is None or person.no % 3 == 0 else person.father
        guardian = self.world.persons[parent] if parent is not None else None
        return {
            "student_no": f"L{self.world.street.code}{intake_year(person)}{person.no + 1:07d}",
            "name": self.world.name(person, SOURCE, period.last_day),
            "sex": person.sex,
            "birth_date": person.birth,
            "id_number": self.world.id_number(person),
            "school": self._school(person),
            "grade": GRADES[_grade(person, period) or 0],
            "is_migrant": person.residence_type == "floating",
            "address": stay.dwelling,
            "guardian": guardian.name_on(period.last_day) if guardian else "",
            "phone": (guardian or person).phone,
        }


def _grade(person: Person, period: Period) -> int | None:
    """0 for the first grade .. 5 for the sixth; None when not at primary school on the period's last day."""
    day = period.last_day
    grade = (day.year if day.month >= 9 else day.year - 1) - intake_year(person)
    return grade if 0 <= grade < len(GRADES) else None


def _schools(world: World) -> list[str]:
    """Schools named after the street and its first communities."""
    named = [world.street.units[code].name.removesuffix("社区") for code in sorted(set(world.street.community_of))]
    return [f"{name}样例小学" for name in (world.street.district.office.short_name.removesuffix("街道"), *named)][
        :SCHOOLS
    ]
