"""`checks:` of `reports/<report>.yaml`: what must add up before a form is released."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen

if TYPE_CHECKING:
    from courtyard.district.pack import Pack, Read
    from courtyard.district.report import ReportSpec

Compare = Literal["equal", "at_most", "at_least"]
Place = tuple[str | int, ...]


class Figure(Frozen):
    """A number that can be read off a form, or one for each value of column `by`.

    `total` reads the total row and `sum` adds up the other rows, each over the columns `of`; `rows` counts rows,
    `distinct` the different values of `of` (a row with a blank among them counts by itself). `where` keeps the rows
    with these values, written as codes where the column has codes. With `per: group` only the first row of each
    merged group counts: a household, not its members. With `dataset`, only rows about its records. `label` is what people call the number.
    """

    take: Literal["total", "sum", "rows", "distinct"]
    of: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = Field({})
    by: str | None = None
    per: Literal["row", "group"] = "row"
    dataset: str | None = None
    label: str = ""

    @model_validator(mode="after")
    def _holds_together(self) -> Figure:
        if (self.take == "rows") == bool(self.of):
            raise ValueError("of names columns, unless rows are counted")
        if self.take == "total" and (self.where or self.by or self.per == "group" or self.dataset):
            raise ValueError("take total reads one row, without where, by, per and dataset")
        return self

    @property
    def columns(self) -> set[str]:
        """Every column that it names."""
        return {*self.of, *self.where, *([self.by] if self.by else [])}


class _Check(Frozen):
    """`title` is said to people where the check fails; `remedy` what they can do then."""

    check: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    remedy: str = ""


class TotalCheck(_Check):
    """The total row of these columns is the sum of their rows; decimals may differ by what rounding explains."""

    kind: Literal["total"]
    columns: tuple[str, ...] = Field(min_length=1)


class PartsCheck(_Check):
    """In every row, the total row included, the parts make up the whole, or at most that."""

    kind: Literal["parts"]
    parts: tuple[str, ...] = Field(min_length=1)
    whole: str
    compare: Literal["equal", "at_most"] = "equal"


class Counterpart(Frozen):
    """What a figure is set against: a figure of another form counted for the same day, or of the same form."""

    report: str | None = None
    figure: Figure


class AgreesCheck(_Check):
    """A figure of this form against one that counts the same thing, give or take `within`.

    Nothing is compared where the other form has no period that ends on the same day, or its data is not there.
    `explainable` lets a post explain a difference; otherwise only right figures release the form.
    """

    kind: Literal["agrees"]
    figure: Figure
    against: Counterpart
    compare: Compare = "equal"
    within: Decimal = Field(Decimal(0), ge=0)
    explainable: bool = False


class ChangeCheck(_Check):
    """A figure against that of the form's last period: a change of more than `share` and at least `least` is explained."""

    kind: Literal["change"]
    figure: Figure
    share: Decimal = Field(gt=0)
    least: Decimal = Field(Decimal(0), ge=0)


ReportCheck = Annotated[TotalCheck | PartsCheck | AgreesCheck | ChangeCheck, Field(discriminator="kind")]


def is_explainable(check: ReportCheck) -> bool:
    """Whether a post may explain why the figures differ."""
    return check.kind == "change" or (check.kind == "agrees" and check.explainable)


def problems_of(pack: Pack) -> Iterator[str]:
    """What does not hold between the checks of the reports and the reports' columns."""
    for read in pack.reports.values():
        names: set[str] = set()
        for index, check in enumerate(read.value.checks):
            place: Place = ("checks", index)
            if check.check in names:
                message = f"'{check.check}' stands twice"
                yield read.document.problem((*place, "check"), message, "Give each check its own name.")
            names.add(check.check)
            yield from _of_check(pack, read, check, place)


def _of_check(pack: Pack, read: Read[ReportSpec], check: ReportCheck, place: Place) -> Iterator[str]:
    match check:
        case TotalCheck():
            yield from _columns(read, read.value, check.columns, (*place, "columns"))
            if not read.value.total_row:
                yield read.document.problem(
                    (*place, "kind"), "the form has no total row", "Set total_row or remove it."
                )
        case PartsCheck():
            yield from _columns(read, read.value, check.parts, (*place, "parts"))
            yield from _columns(read, read.value, (check.whole,), (*place, "whole"))
        case AgreesCheck():
            yield from _figure(pack, read, read.value, check.figure, (*place, "figure"))
            other = pack.reports.get(check.against.report or read.value.report)
            if other is None:
                loc = (*place, "against", "report")
                yield read.document.problem(
                    loc, f"there is no report '{check.against.report}'", "Add it or correct it."
                )
            else:
                yield from _figure(pack, read, other.value, check.against.figure, (*place, "against", "figure"))
        case ChangeCheck():
            yield from _figure(pack, read, read.value, check.figure, (*place, "figure"))


def _figure(pack: Pack, read: Read[ReportSpec], of: ReportSpec, figure: Figure, place: Place) -> Iterator[str]:
    """`of` is the report whose form the figure is read off, `read` the file in which it is written."""
    yield from _columns(read, of, sorted(figure.columns), place)
    columns = {column.name: column for column in of.columns}
    for name, values in figure.where.items():
        codes = columns[name].codes if name in columns else None
        known = pack.codes[codes].value.values if codes in pack.codes else None
        for value in values:
            if known is not None and value not in known:
                loc = (*place, "where", name)
                yield read.document.problem(loc, f"'{value}' is not a code of {codes}", "Write one of its codes.")
    if figure.take == "total" and not of.total_row:
        yield read.document.problem((*place, "take"), f"{of.report} has no total row", "Take the sum.")
    if figure.dataset is not None and (of.kind != "roster" or of.key or figure.dataset not in of.datasets):
        yield read.document.problem((*place, "dataset"), f"no row of {of.report} is about its records", "Leave it out.")
    if figure.per == "group" and not of.merge_by:
        yield read.document.problem((*place, "per"), f"{of.report} has no merge_by", "Count rows.")
    if figure.by in columns and of.kind == "roster" and not columns[figure.by].codes:
        # what the rows of a roster are told apart by may be a name, and ends in reasons and logs
        yield read.document.problem((*place, "by"), "a roster is split by a column with codes only", "Name such a one.")


def _columns(read: Read[ReportSpec], of: ReportSpec, names: tuple[str, ...] | list[str], place: Place) -> Iterator[str]:
    known = {column.name for column in of.columns}
    for name in names:
        if name not in known:
            yield read.document.problem(place, f"{of.report} has no column '{name}'", "Name a column of the form.")
