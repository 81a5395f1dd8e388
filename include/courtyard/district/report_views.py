"""`views:` of a report: the same form with masked names, or as counts without small ones, to whom and on what basis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen

if TYPE_CHECKING:
    from courtyard.district.report import ReportSpec

Mask = Literal["keep", "name", "id_number", "phone", "address", "date", "drop"]
ID_SIGNS = (6, 4)  # at most kept of an ID number at its ends: the birth date between them stays hidden


class Counted(Frozen):
    """What a column of a counts view says.

    `count` counts persons, households or matters, and `amount` is money paid for the counts `of`; cells of equal
    `measure`, area and days are one fact in whatever form they stand. `ratio` is made of the columns `of` and hidden with
    them. `open` says nothing of persons, `drop` is left out. `over` is when: on the 统计截止日, in the period, or since
    January. `distinct_of` is of a count of persons, each once since January, the column that counts those of the period.
    """

    role: Literal["count", "amount", "ratio", "open", "drop"]
    measure: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    over: Literal["day", "period", "year"] = "day"
    unit: Literal["元", "万元"] = "元"
    of: tuple[str, ...] = ()
    distinct_of: str = ""

    @model_validator(mode="after")
    def _says_of_what(self) -> Counted:
        if (self.role in ("count", "amount")) != bool(self.measure):
            raise ValueError("measure goes with the roles count and amount, which need it")
        if (self.role in ("amount", "ratio")) != bool(self.of):
            raise ValueError("of goes with the roles amount and ratio, which need it")
        if self.distinct_of and (self.role != "count" or self.over != "year"):
            raise ValueError("distinct_of goes with a count over the year only")
        return self


class Sum(Frozen):
    """A column, or the sum of some, that others add up to; the rest is protected like a count unless there is none or it is no group of persons."""

    whole: str | tuple[str, ...]
    parts: tuple[str, ...] = Field(min_length=1)
    rest: Literal["none", "open", "sensitive"] = "sensitive"

    @property
    def wholes(self) -> tuple[str, ...]:
        return (self.whole,) if isinstance(self.whole, str) else self.whole


class Dimension(Frozen):
    """A coded column of a roster whose codes become columns of counts; `measures` names those that other forms count too."""

    column: str
    measures: dict[str, str] = Field({})


class View(Frozen):
    """A view of a report beside the full form; its name is its kind.

    Who is entitled to a view only never gets the full form. Notes of the form are left out but for those that begin with
    one of `keep_notes`. Masked: `keeps` are the first and last signs of an ID number. Counts of an aggregate: `columns`
    and `sums`, `area` names the column of the areas. Counts of a roster: its rows by the unit in the query's column `area`
    and by `dimensions`; `measure` names the number of rows.
    """

    kind: Literal["masked", "counts"]
    basis: str = Field(min_length=1)
    recipients: tuple[str, ...] = Field(min_length=1)
    keep_notes: tuple[str, ...] = ()
    keeps: tuple[int, int] = (3, 2)
    area: str = ""
    columns: dict[str, Counted] = Field({})
    sums: tuple[Sum, ...] = ()
    measure: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    dimensions: tuple[Dimension, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> View:
        if any(not 0 <= kept <= most for kept, most in zip(self.keeps, ID_SIGNS, strict=True)):
            raise ValueError("keeps may leave at most the first 6 and the last 4 signs of an ID number")
        if (self.kind == "counts") != bool(self.area):
            raise ValueError("area goes with the kind counts, which needs it")
        if bool(self.measure) != bool(self.dimensions):
            raise ValueError("dimensions and measure go together")
        return self


def problems_of(spec: ReportSpec) -> Iterator[str]:
    """What is wrong with a report's views: nothing may be shown that nobody decided on."""
    kinds = [view.kind for view in spec.views]
    if len(set(kinds)) != len(kinds):
        yield "views has two views of one kind"
    receivers = [spec.recipient, *(name for view in spec.views for name in view.recipients)]
    if twice := sorted({name for name in receivers if receivers.count(name) > 1}):
        yield f"views: gets more than one of the form and its views: {', '.join(twice)}"
    for view in spec.views:
        yield from _masked(spec) if view.kind == "masked" else _counts(spec, view)


def _masked(spec: ReportSpec) -> Iterator[str]:
    if spec.kind != "roster":
        yield "views: only a roster can be masked"
    bare = [c.name for c in spec.columns if c.mask is None and (c.sealed or (c.kind == "text" and not c.codes))]
    if bare:
        yield f"columns without a mask, which the masked view needs: {', '.join(bare)}"


def _counts(spec: ReportSpec, view: View) -> Iterator[str]:
    names = {c.name for c in spec.columns}
    if spec.kind == "roster":
        coded = {c.name for c in spec.columns if c.codes}
        if view.columns or view.sums or not view.dimensions:
            yield "views: counts of a roster have dimensions and measure, not columns and sums"
        if unknown := sorted({d.column for d in view.dimensions} - coded):
            yield f"views: dimensions are no coded columns of the form: {', '.join(unknown)}"
        return
    if view.dimensions:
        yield "views: counts of an aggregate have columns, not dimensions"
    if bare := [c.name for c in spec.columns if c.name not in {view.area, *view.columns}]:
        yield f"views: columns of the counts view leaves out {', '.join(bare)}"
    numbers = {name for name, column in view.columns.items() if column.role in ("count", "amount")}
    named = {name for column in view.columns.values() for name in (*column.of, column.distinct_of) if name}
    added = {name for s in view.sums for name in (*s.wholes, *s.parts)}
    if unknown := sorted(({view.area, *view.columns} - names) | ((named | added) - numbers)):
        yield f"views: no such columns with numbers: {', '.join(unknown)}"
    texts = [c.name for c in spec.columns if c.name in numbers and c.kind == "text"]
    if texts:
        yield f"views: text columns cannot be counted: {', '.join(texts)}"


def title_of(kind: str) -> str:
    """What is added to a view's title and file name."""
    return {"masked": "脱敏", "counts": "统计"}[kind]
