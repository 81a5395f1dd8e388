"""`contracts/<dataset>.yaml`: what rows of a dataset look like, and what must hold among them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen

ColumnType = Literal[
    "text", "person_name", "id_number", "phone", "date", "datetime", "integer", "decimal", "code", "yes_no", "address",
    "age", "credit_code", "disability_no",
]  # fmt: skip
Role = Literal[
    "name", "id_number", "phone", "birth_date", "sex", "address", "household", "courtyard_name", "lon", "lat",
    "record_ref",
]  # fmt: skip
Severity = Literal["error", "warning"]


class Column(Frozen):
    """One column of a contract.

    `header` is the name in the delivered file, `synonyms` other spellings of it. `volatile` columns
    are checked but neither kept nor compared (row numbers, time stamps). `household` columns may be
    filled down inside merged cells. `earliest`, `minimum` and `maximum` bound dates and numbers.
    `unit` is what a kept number counts (元, 户, 人, ㎡): a file that declares another unit of the same
    kind (万元) is converted, one of another kind is refused. `precision` is the least a date must say:
    a month is not a day. A `deadline` may lie after the period that the rows speak of. `definition` is what the column means, for the generated documentation.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    header: str
    synonyms: tuple[str, ...] = ()
    type: ColumnType
    required: bool = False
    role: Role | None = None
    codes: str | None = None
    volatile: bool = False
    household: bool = False
    minimum: float | None = None
    maximum: float | None = None
    earliest: date | None = None
    unit: str | None = None
    precision: Literal["year", "month", "day"] = "year"
    deadline: bool = False
    definition: str = ""

    @model_validator(mode="after")
    def _attributes_fit_the_type(self) -> Column:
        if (self.type == "code") != (self.codes is not None):
            raise ValueError("a column of type code names its list in 'codes', and only such a column")
        if self.unit is not None and self.type not in ("integer", "decimal"):
            raise ValueError("unit goes with a column of type integer or decimal only")
        if self.precision != "year" and self.type not in ("date", "datetime"):
            raise ValueError("precision goes with a column of type date only")
        return self


class Rule(Frozen):
    """A rule over one row.

    `birth_matches_id` / `sex_matches_id`: the column agrees with what the ID number says.
    `not_before`: columns[0] is on or after columns[1]. `not_above`: columns[0] is a number that is at most
    columns[1]. `required_with`: columns[0] is filled where columns[1] holds one of `values` (anything,
    when none are given).
    """

    id: str
    check: Literal["birth_matches_id", "sex_matches_id", "not_before", "not_above", "required_with"]
    columns: tuple[str, ...] = Field(min_length=2, max_length=2)
    values: tuple[str, ...] = ()
    severity: Severity
    message: str
    remedy: str


class GroupRule(Frozen):
    """A rule over the rows of one delivery that agree in all `group` columns, a household as a rule.

    `one_of`: exactly one row meets `where` (one household head). `count_is`: as many rows meet `where` as
    `column` says. `same`: the rows that meet `where` agree in `column`. Rows with an empty group column
    are left out, and rows that are no longer here (`active`); a group in which a row's `where` or
    `active` cannot be told is not judged. The finding stands at the first row of the group.
    """

    id: str
    check: Literal["one_of", "count_is", "same"]
    group: tuple[str, ...] = Field(min_length=1)
    column: str | None = None
    where: dict[str, tuple[str, ...]] = Field({})
    severity: Severity
    message: str
    remedy: str

    @model_validator(mode="after")
    def _says_what_it_counts(self) -> GroupRule:
        if (self.check == "one_of") != (self.column is None):
            raise ValueError("column goes with count_is and same, which need it, and not with one_of")
        if self.check == "one_of" and not self.where:
            raise ValueError("where is needed by one_of")
        return self

    @property
    def about(self) -> str:
        """The column that a finding names."""
        return self.column or next(iter(self.where))


class ReferenceRule(Frozen):
    """A rule over what another dataset says, as far as it has arrived: a warning, never a quarantine.

    `listed`: some current row of `dataset` that meets `where` has, in the columns `theirs`, what this row has
    in `columns` (a benefit household has members). `not_listed`: none has (deceased or moved away). Rows
    with an empty column are left out, and rows that are no longer here (`active`).
    """

    id: str
    check: Literal["listed", "not_listed"]
    dataset: str
    columns: tuple[str, ...] = Field(min_length=1)
    theirs: tuple[str, ...] = Field(min_length=1)
    where: dict[str, tuple[str, ...]] = Field({})
    message: str
    remedy: str

    @model_validator(mode="after")
    def _columns_in_pairs(self) -> ReferenceRule:
        if len(self.theirs) != len(self.columns):
            raise ValueError("theirs has not as many entries as columns")
        return self


class FormVersion(Frozen):
    """An earlier or other layout of the form, told by `marks` (texts around the table) or by its headers.

    `headers` gives a column's header in this version instead of the contract's own; `without` lists
    columns that it did not have. `last` is the last period in which it is taken.
    """

    version: str
    marks: tuple[str, ...] = ()
    headers: dict[str, str] = Field({})
    without: tuple[str, ...] = ()
    last: str | None = None


class Active(Frozen):
    """Which rows say the subject is still here."""

    column: str
    values: tuple[str, ...]


class Contract(Frozen):
    """`contracts/<dataset>.yaml`: what rows of a dataset look like.

    `grain`: `entity` rows persist until a later row about the same key says otherwise; `period`
    rows are facts of one period; `event` rows happen once and may be updated. `key` lists
    alternatives: the first whose columns are all filled names the record. A `snapshot` lists all
    that holds, so fewer rows are suspicious; a `delta` only what changed. `optional` datasets owe
    nothing: a file without their sheet is complete.
    """

    dataset: str
    title: str
    version: int = Field(ge=1)
    format: Literal["rows", "pages", "delimited", "workbook"]
    encoding: str = "utf-8"
    sheet: str | None = None
    records_path: str | None = None
    total_path: str | None = None
    grain: Literal["entity", "period", "event"]
    subject: Literal["person", "courtyard", "none"]
    listing: Literal["snapshot", "delta"] = "snapshot"
    optional: bool = False
    key: tuple[tuple[str, ...], ...]
    active: Active | None = None
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    group_rules: tuple[GroupRule, ...] = ()
    reference_rules: tuple[ReferenceRule, ...] = ()
    forms: tuple[FormVersion, ...] = ()
    sample_row: dict[str, str] = Field({})

    def column(self, name: str) -> Column:
        """The column of this name; KeyError when the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def role(self, role: Role) -> str | None:
        """The name of the column that plays a role in linkage, or None."""
        return next((c.name for c in self.columns if c.role == role), None)
