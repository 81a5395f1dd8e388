"""`reports/<report>.yaml`: one form, its columns, and to whom it goes."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from courtyard.district import report_views
from courtyard.district.frozen import Frozen
from courtyard.district.report_checks import ReportCheck
from courtyard.district.report_views import Mask, View
from courtyard.period import Period


class ReportColumn(Frozen):
    """A column of the printed form, left to right.

    `name` is the query's column and `header` what the form prints above it, below `group` where
    the form has a two-row header. `codes` prints the label of a code; `sealed` opens the sealed
    contract column of that name. `empty` is how a NULL is printed: blank (not asked, unknown) or
    dash (not applicable); a counted zero is always 0. `fact` names what is
    asked where the contracts do not tell it (`person.phone`); `by_hand` columns have no source yet and are
    typed by a person. `traces` are the fact columns an aggregate
    cell is made of, its own name unless given. `width` is in characters of the default font.
    `mask` is what a masked view does to the column.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    header: str
    group: str = ""
    definition: str = ""
    kind: Literal["text", "integer", "decimal"] = "text"
    places: int = Field(default=0, ge=0, le=6)
    width: float = Field(default=10, gt=0)
    empty: Literal["blank", "dash"] = "blank"
    codes: str | None = None
    sealed: str | None = None
    traces: tuple[str, ...] | None = None
    mask: Mask | None = None
    fact: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    by_hand: bool = False


class ReportChart(Frozen):
    """A native chart on the form, in centimetres, its corner at `anchor` of the blank form.

    It draws columns of the body without the total row, or, with `sql`, columns of that query, which are
    printed as values on a worksheet named `sheet`. A NULL is a gap.
    """

    kind: Literal["line", "column"]
    title: str
    categories: str
    values: tuple[str, ...] = Field(min_length=1)
    anchor: str = Field(pattern=r"^[A-Z]{1,3}[1-9][0-9]*$")
    sql: str | None = None
    sheet: str = Field(default="图表数据", max_length=31)
    width: float = Field(default=24, gt=0)
    height: float = Field(default=7.5, gt=0)


CASE_DATASETS = ("resident_reports", "case_actions")
"""What opens and moves the cases that a ledger takes up."""
METADATA_FIELDS = ("street", "unit", "period", "preparer", "reviewer", "filled_on", "as_of")


class ReportSpec(Frozen):
    """`reports/<report>.yaml`: one form, to whom it goes, how often, and the SQL that fills it.

    `cutoff` (`MM-DD`, of a yearly report) is the day of the year for which it is counted, its last day unless given.
    `looks_back` says how far before its period the SQL reads of `datasets`: to the day before the month, to the
    beginning of the year (wherever it binds `:year_start`) or to all that was ever said. A correction of those days
    makes the form be counted again.
    `birth_window` names a key group: its window on that day is bound as `born_from` and `born_to`, both inclusive.
    `sql`, `facts`, `notes` name files in `reports/sql/`, `form` one in `reports/forms/` (a plain form is laid out when
    there is none); a roster may have facts too, for its notes or to share an aggregate's. `datasets` must have arrived
    for the period; `lookups` are read as far as they are known, and `cases` adds what residents reported that belongs to
    this ledger, as its cases stood at the 统计截止日. `key` names the query's columns that say what a roster's
    row is about (its record unless given), by which it is found again in the next revision. A blank form has its header above `first_row`, there
    one body row, then a total row (where `total_row`), a note row and the footer. `metadata` maps a cell of the blank
    form to its text with `METADATA_FIELDS` in braces. `pack` names registers of the pack that the SQL gets as JSON
    with their line numbers (`:pack_units`, …). Rows with an equal `merge_by` share one merged cell in `merge_columns`
    where their values are equal. `checks` must hold before a revision is released; `views` go beside the full form.
    """

    report: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    recipient: str
    basis: str
    frequency: Literal["week", "month", "quarter", "half", "year"]
    looks_back: Literal["month", "year", "ever"] = "month"
    cutoff: str | None = Field(default=None, pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")
    birth_window: str | None = None
    kind: Literal["roster", "aggregate"]
    datasets: tuple[str, ...] = Field(min_length=1)
    lookups: tuple[str, ...] = ()
    cases: Literal["hazard", "dispute"] | None = None
    pack: tuple[Literal["units", "posts", "courtyards"], ...] = ()
    sql: str
    facts: str | None = None
    notes: str | None = None
    form: str | None = None
    key: tuple[str, ...] = ()
    first_row: int = Field(ge=2)
    metadata: dict[str, str]
    columns: tuple[ReportColumn, ...] = Field(min_length=1)
    merge_by: str | None = None
    merge_columns: tuple[str, ...] = ()
    total_row: bool = False
    charts: tuple[ReportChart, ...] = ()
    checks: tuple[ReportCheck, ...] = ()
    views: tuple[View, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> ReportSpec:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("columns holds a name twice")
        if unknown := sorted(set(self.merge_columns) - set(names)):
            raise ValueError(f"merge_columns names unknown column {', '.join(unknown)}")
        drawn = {name for c in self.charts if not c.sql for name in (c.categories, *c.values)}
        if unknown := sorted(drawn - set(names)):
            raise ValueError(f"charts names unknown column {', '.join(unknown)}")
        if self.key and self.kind != "roster":
            raise ValueError("key is only of a roster: an aggregate's rows go by row_key")
        fields = {f for text in self.metadata.values() for f in re.findall(r"\{(.*?)\}", text)}
        if unknown := sorted(fields - set(METADATA_FIELDS)):
            raise ValueError(f"metadata has unknown field {', '.join(unknown)}")
        if self.cutoff and self.frequency != "year":
            raise ValueError("cutoff is only of a yearly report")
        if self.cutoff:
            date.fromisoformat(f"2001-{self.cutoff}")  # a day that every year has
        if self.kind == "aggregate" and self.facts is None:
            raise ValueError("kind aggregate goes with 'facts'")
        if problem := next(report_views.problems_of(self), None):
            raise ValueError(problem)
        return self

    @property
    def rests_on(self) -> tuple[str, ...]:
        """Every dataset whose rows may stand behind a cell."""
        return (*self.datasets, *self.lookups, *(CASE_DATASETS if self.cases else ()))

    @property
    def area(self) -> str | None:
        """The query's column that says in which unit a roster's row is counted, where a view counts them."""
        areas = (view.area for view in self.views if view.dimensions)
        return next(areas, None)

    def as_of(self, period: Period) -> date:
        """统计截止日: the day for which a period's report is counted."""
        return date.fromisoformat(f"{period.year}-{self.cutoff}") if self.cutoff else period.last_day

    def periods(self, within: Period) -> list[Period]:
        """The report's periods whose 统计截止日 lies within a period, in order."""
        found: list[Period] = []
        candidate = Period.of(self.frequency, within.start)
        while candidate.start < within.end:
            if within.start <= self.as_of(candidate) < within.end:
                found.append(candidate)
            candidate = candidate.next()
        return found
