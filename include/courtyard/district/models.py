"""The district pack as typed, frozen data. Keys that nobody declared are errors."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from courtyard.district.lookup import Lookup
from courtyard.period import Period


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GridCycle(Frozen):
    """The days of a quarter's collection, counted from the quarter's last day.

    Workbooks are issued `issued_before` days before it; they are due `due_after` days after it and the
    quarter is frozen `frozen_after` days after it. Reminders go out that many days before and after the
    due date.
    """

    issued_before: int = Field(ge=0, le=90)
    due_after: int = Field(ge=0, le=90)
    frozen_after: int = Field(ge=0, le=180)
    remind_before_due: tuple[int, ...] = ()
    remind_after_due: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _frozen_after_due(self) -> GridCycle:
        if self.frozen_after < self.due_after:
            raise ValueError("frozen_after comes before due_after")
        return self

    def issued_on(self, period: Period) -> date:
        """The day a quarter's workbooks go out; from then until the next issue its collection runs."""
        return period.last_day - timedelta(days=self.issued_before)


class Office(Frozen):
    """`district.yaml`: the street office and its thresholds."""

    street_code: str = Field(pattern=r"^\d{9}$")
    name: str
    short_name: str
    province: str
    city: str
    city_district: str
    first_quarter: str = Field(pattern=r"^\d{4}Q[1-4]$")
    preparer: str
    reviewer: str
    shrink_hold_share: float = Field(gt=0, lt=1)
    dibao_standard_yuan: int = Field(gt=0)
    grid_cycle: GridCycle


class Unit(Frozen):
    """A row of `units.csv`; `valid_to` is exclusive, None while the unit exists."""

    code: str
    name: str
    kind: Literal["street", "community", "grid", "micro_grid"]
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None


class Courtyard(Frozen):
    """A row of `courtyards.csv`.

    Coordinates are WGS-84 degrees within China, so that swapped ones are noticed. `units` is per
    building, `rooms` per floor and unit.
    """

    code: str
    name: str
    micro_grid_code: str
    road: str
    door: str
    lon: float = Field(ge=73, le=136)
    lat: float = Field(ge=3, le=54)
    buildings: int = Field(ge=1)
    units: int = Field(ge=1)
    floors: int = Field(ge=1)
    rooms: int = Field(ge=1)
    households: int = Field(ge=1)
    built_year: int


class Alias(Frozen):
    """A row of `aliases.csv`: another name of a courtyard and when it was in use."""

    courtyard_code: str
    alias: str
    kind: Literal["former", "compound", "door"]
    valid_from: date | None = None
    valid_to: date | None = None


class Post(Frozen):
    """A row of `posts.csv`: who holds which post; facts belong to the post, not the holder."""

    unit_code: str
    post: str
    holder: str
    valid_from: date
    valid_to: date | None = None


Transport = Literal["sql", "rest", "sftp", "files", "mail", "georeport"]


class Channel(Frozen):
    """One more way by which deliveries of a source arrive; its options come over those of the source."""

    transport: Transport
    connection: str
    options: dict[str, Any] = {}


class Contact(Frozen):
    """A row of `contacts.csv`: where a post of a unit is told something.

    `address` is a post's mail address, never a person's; of a webhook, the id of the connection that holds it.
    """

    unit_code: str
    channel: Literal["mail", "wecom", "dingtalk"]
    address: str
    valid_from: date
    valid_to: date | None = None


class SourceSpec(Frozen):
    """`sources/<source>.yaml`: one department system, the grid submissions or the residents.

    `channels` are further ways in beside the source's own transport; each is looked at on every
    fetch, and one that is down stops no other. `is_submitted` marks what units hand in themselves
    (the grids): its deliveries go through `submissions`.
    """

    source: str
    title: str
    department: str
    transport: Transport
    connection: str
    cadence: Literal["month", "quarter"]
    schedule: str
    datasets: tuple[str, ...]
    allowed_hosts: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    channels: tuple[Channel, ...] = ()
    is_submitted: bool = False

    @property
    def ways(self) -> tuple[SourceSpec, ...]:
        """Each way in as a specification of its own: the source's transport, then its channels."""
        return (
            self,
            *(
                self.model_copy(
                    update={
                        "transport": channel.transport,
                        "connection": channel.connection,
                        "options": {**self.options, **channel.options},
                    }
                )
                for channel in self.channels
            ),
        )


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
    where: dict[str, tuple[str, ...]] = {}
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
    where: dict[str, tuple[str, ...]] = {}
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
    headers: dict[str, str] = {}
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
    sample_row: dict[str, str] = {}

    def column(self, name: str) -> Column:
        """The column of this name; KeyError when the contract has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def role(self, role: Role) -> str | None:
        """The name of the column that plays a role in linkage, or None."""
        return next((c.name for c in self.columns if c.role == role), None)


class ReportColumn(Frozen):
    """A column of the printed form, left to right.

    `name` is the query's column and `header` what the form prints above it, below `group` where
    the form has a two-row header. `codes` prints the label of a code; `sealed` opens the sealed
    contract column of that name. `empty` is how a NULL is printed: blank (not asked, unknown) or
    dash (not applicable); a counted zero is always 0. `traces` are the fact columns an aggregate
    cell is made of, its own name unless given. `width` is in characters of the default font.
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


METADATA_FIELDS = ("street", "unit", "period", "preparer", "reviewer", "filled_on", "as_of")


class ReportSpec(Frozen):
    """`reports/<report>.yaml`: one form, to whom it goes, how often, and the SQL that fills it.

    `sql`, `facts`, `notes` name files in `reports/sql/`, `form` one in `reports/forms/` (a plain
    form is laid out when there is none). `datasets` must have arrived for the period; `lookups`
    are read as far as they are known. A blank form has its header above `first_row`, there one
    body row, then a total row (where `total_row`), a note row and the footer. `metadata` maps a
    cell of the blank form to its text with `METADATA_FIELDS` in braces. Rows with an equal
    `merge_by` share one merged cell in `merge_columns` where their values are equal.
    """

    report: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    recipient: str
    basis: str
    frequency: Literal["month", "quarter"]
    kind: Literal["roster", "aggregate"]
    datasets: tuple[str, ...] = Field(min_length=1)
    lookups: tuple[str, ...] = ()
    sql: str
    facts: str | None = None
    notes: str | None = None
    form: str | None = None
    first_row: int = Field(ge=2)
    metadata: dict[str, str]
    columns: tuple[ReportColumn, ...] = Field(min_length=1)
    merge_by: str | None = None
    merge_columns: tuple[str, ...] = ()
    total_row: bool = False

    @model_validator(mode="after")
    def _holds_together(self) -> ReportSpec:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("columns holds a name twice")
        if unknown := sorted(set(self.merge_columns) - set(names)):
            raise ValueError(f"merge_columns names unknown column {', '.join(unknown)}")
        fields = {f for text in self.metadata.values() for f in re.findall(r"\{(.*?)\}", text)}
        if unknown := sorted(fields - set(METADATA_FIELDS)):
            raise ValueError(f"metadata has unknown field {', '.join(unknown)}")
        if (self.kind == "aggregate") != (self.facts is not None):
            raise ValueError("kind aggregate goes with 'facts', and only this kind")
        return self


class CodeList(Frozen):
    """`codes/<list>.yaml`: code -> its label, then other spellings."""

    codes: str
    title: str
    basis: str
    values: dict[str, tuple[str, ...]]


class BirthWindow(Frozen):
    """Who is of age for a group: those born in one year of births, which moves on every year.

    The year begins on `turns_on` (month-day), `years` before the last `turns_on`. School age, born from
    1 September Y-7 to 31 August Y-6 and counted from 1 September Y-1, turns on 09-01 and goes back 6 years.
    """

    column: str
    turns_on: str = Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$")
    years: int = Field(ge=0, le=120)

    def on(self, day: date) -> tuple[date, date]:
        """The first and the last birth date, both inclusive, that are in the window on a day."""
        month, of_month = map(int, self.turns_on.split("-"))
        turned = day.year - (day < date(day.year, month, of_month))
        first, after = (date(turned - self.years + step, month, of_month) for step in (0, 1))
        return first, after - timedelta(days=1)


class KeyGroup(Frozen):
    """An entry of `rules/key_groups.yaml`: who counts as a member of a key group."""

    group: str
    title: str
    dataset: str
    where: dict[str, tuple[str, ...]] = {}
    birth_window: BirthWindow | None = None


class Authority(Frozen):
    """An entry of `rules/authority.yaml`: for one attribute, the datasets in order of trust."""

    attribute: str
    datasets: tuple[str, ...]


class District(Lookup, Frozen):
    """The whole pack, with the questions of `Lookup`."""

    office: Office
    units: tuple[Unit, ...]
    courtyards: tuple[Courtyard, ...]
    aliases: tuple[Alias, ...]
    posts: tuple[Post, ...]
    contacts: tuple[Contact, ...]
    sources: dict[str, SourceSpec]
    contracts: dict[str, Contract]
    codes: dict[str, CodeList]
    reports: dict[str, ReportSpec]
    key_groups: tuple[KeyGroup, ...]
    authority: tuple[Authority, ...]
