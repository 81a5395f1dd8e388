"""The issued workbook: cover, a sheet for each group, 待核实, and two sheets nobody sees."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from courtyard.district.models import Contract, District, Unit
from courtyard.parsing import issued, seal
from courtyard.period import Period
from courtyard.privacy.keys import KeyRing
from courtyard.submissions import form as words
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.form import Form
from courtyard.submissions.prefill import Content
from courtyard.submissions.workbook_look import Look

YES_NO = ("是", "否")


@dataclass(frozen=True)
class Issue:
    """One workbook for one grid and quarter."""

    district: District
    form: Form
    unit: Unit
    cycle: Cycle
    content: Content
    issue_no: int
    issued_at: datetime
    ring: KeyRing

    @property
    def period(self) -> Period:
        return self.cycle.period

    @property
    def title(self) -> str:
        return f"{self.district.office.short_name}{self.period.title}"

    def holder(self, post: str) -> str:
        """Who holds a post of the grid when the quarter ends; empty when nobody does."""
        day = self.period.last_day
        held = [p for p in self.district.posts if (p.unit_code, p.post) == (self.unit.code, post)]
        return next((p.holder for p in held if p.valid_from <= day and (p.valid_to is None or day < p.valid_to)), "")

    def ref(self, contract: Contract, record_key: str, name: str) -> str:
        """The reference of a prefilled row, `name` as it stands in the row."""
        return seal.reference(self.ring, contract.dataset, self.unit.code, record_key, name)


class Options:
    """The lists behind the dropdowns, one column each in `_选项`, used by name: older Excel needs it so."""

    def __init__(self, district: District) -> None:
        self._codes = district.codes
        self._lists: dict[str, tuple[str, ...]] = {}

    def of_codes(self, name: str) -> str:
        return self.of(name, tuple(labels[0] for labels in self._codes[name].values.values()))

    def of(self, name: str, values: tuple[str, ...]) -> str:
        """The formula of a dropdown with these values."""
        self._lists[name] = values
        return f"=list_{name}"

    def labels(self, name: str) -> tuple[str, ...]:
        return self._lists[name]

    def write(self, book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet(words.OPTIONS)
        for column, (name, values) in enumerate(self._lists.items()):
            sheet.write_string(0, column, name)
            sheet.write_column(1, column, values)
            letters = xlsxwriter.utility.xl_col_to_name(column, col_abs=True)
            book.define_name(f"list_{name}", f"='{words.OPTIONS}'!{letters}$2:{letters}${len(values) + 1}")
        _put_away(sheet)


def build(issue: Issue) -> bytes:
    """The workbook as XLSX bytes: equal for equal content, number and time of issue."""
    from courtyard.submissions import workbook_cover, workbook_sheets

    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": issue.title, "created": issue.issued_at.astimezone(UTC).replace(tzinfo=None)})
    look, options = Look.of(book), Options(issue.district)
    workbook_cover.write(book, look, options, issue)
    for contract in issue.form.groups:
        workbook_sheets.write_group(book, look, options, (issue, contract))
    if issue.form.questions:
        workbook_sheets.write_questions(book, look, options, issue)
    options.write(book)
    _write_about(book, issue)
    book.close()
    return written.getvalue()


def _write_about(book: xlsxwriter.Workbook, issue: Issue) -> None:
    """What the workbook says of itself when it comes back."""
    street, unit, period = issue.district.office.street_code, issue.unit.code, str(issue.period)
    said = {
        "form": issue.form.source,
        "version": words.FORM_VERSION,
        "street": street,
        "unit": unit,
        "period": period,
        "issue_no": str(issue.issue_no),
        "signature": words.signature(issue.ring, street, unit, period, issue.issue_no),
    }
    sheet = book.add_worksheet(issued.IDENTITY)
    for row, (key, value) in enumerate(said.items()):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    _put_away(sheet)


def _put_away(sheet: Worksheet) -> None:
    sheet.protect()
    sheet.very_hidden()
