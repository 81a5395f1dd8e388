"""The district pack as typed, frozen data. Keys that nobody declared are errors."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Office(Frozen):
    """`district.yaml`: the street office and its thresholds."""

    street_code: str = Field(pattern=r"^\d{9}$")
    name: str
    short_name: str
    city: str
    city_district: str
    first_quarter: str = Field(pattern=r"^\d{4}Q[1-4]$")
    preparer: str
    reviewer: str
    shrink_hold_share: float = Field(gt=0, lt=1)
    dibao_standard_yuan: int = Field(gt=0)


class Unit(Frozen):
    """A row of `units.csv`; `valid_to` is exclusive, None while the unit exists."""

    code: str
    name: str
    kind: Literal["street", "community", "grid", "micro_grid"]
    parent_code: str | None
    valid_from: date
    valid_to: date | None = None


class Courtyard(Frozen):
    """A row of `courtyards.csv`. Coordinates are WGS-84 degrees."""

    code: str
    name: str
    micro_grid_code: str
    road: str
    door: str
    lon: float
    lat: float
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


class SourceSpec(Frozen):
    """`sources/<source>.yaml`: one department system, the grid submissions or the residents."""

    source: str
    title: str
    department: str
    transport: Literal["sql", "rest", "sftp", "files", "georeport"]
    connection: str
    cadence: Literal["month", "quarter"]
    schedule: str
    datasets: tuple[str, ...]
    allowed_hosts: tuple[str, ...] = ()
    options: dict[str, Any] = {}


ColumnType = Literal[
    "text", "person_name", "id_number", "phone", "date", "datetime", "integer", "decimal", "code", "yes_no", "address"
]
Role = Literal[
    "name", "id_number", "phone", "birth_date", "sex", "address", "household", "courtyard_name", "lon", "lat"
]


class Column(Frozen):
    """One column of a contract.

    `header` is the name in the delivered file, `synonyms` other spellings of it. `volatile` columns
    are checked but neither kept nor compared (row numbers, time stamps). `household` columns may be
    filled down inside merged cells. `earliest`, `minimum` and `maximum` bound dates and numbers.
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

    @model_validator(mode="after")
    def _codes_go_with_code(self) -> Column:
        if (self.type == "code") != (self.codes is not None):
            raise ValueError("a column of type code names its list in 'codes', and only such a column")
        return self


class Rule(Frozen):
    """A rule over one row.

    `birth_matches_id` / `sex_matches_id`: the column agrees with what the ID number says.
    `not_before`: columns[0] is on or after columns[1].
    """

    id: str
    check: Literal["birth_matches_id", "sex_matches_id", "not_before"]
    columns: tuple[str, ...]
    severity: Literal["error", "warning"]
    message: str
    remedy: str


class Active(Frozen):
    """Which rows say the subject is still here."""

    column: str
    values: tuple[str, ...]


class Contract(Frozen):
    """`contracts/<dataset>.yaml`: what rows of a dataset look like.

    `grain`: `entity` rows persist until a later row about the same key says otherwise; `period`
    rows are facts of one period; `event` rows happen once and may be updated. `key` lists
    alternatives: the first whose columns are all filled names the record.
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
    subject: Literal["person", "courtyard"]
    key: tuple[tuple[str, ...], ...]
    active: Active | None = None
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
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

    @model_validator(mode="after")
    def _names_exist(self) -> Contract:
        names = [c.name for c in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("a column name stands twice")
        used = {n for alternative in self.key for n in alternative}
        used |= {n for rule in self.rules for n in rule.columns} | set(self.sample_row)
        used |= {self.active.column} if self.active else set()
        if unknown := sorted(used - set(names)):
            raise ValueError(f"unknown column {', '.join(unknown)}")
        return self


class ReportColumn(Frozen):
    """A column of the printed form: where it goes and what it shows."""

    name: str
    header: str
    definition: str = ""
    empty: Literal["blank", "dash", "zero"] = "blank"
    format: str | None = None


class ReportSpec(Frozen):
    """`reports/<report>.yaml`: one form, to whom it goes, how often, and the SQL that fills it."""

    report: str
    title: str
    recipient: str
    basis: str
    frequency: Literal["month", "quarter"]
    kind: Literal["roster", "aggregate"]
    datasets: tuple[str, ...]
    sql: str
    form: str
    first_row: int = Field(ge=1)
    metadata: dict[str, str]
    columns: tuple[ReportColumn, ...]
    merge_groups: tuple[str, ...] = ()
    total_row: bool = False


class CodeList(Frozen):
    """`codes/<list>.yaml`: code -> its label, then other spellings."""

    codes: str
    title: str
    basis: str
    values: dict[str, tuple[str, ...]]


class KeyGroup(Frozen):
    """An entry of `rules/key_groups.yaml`: who counts as a member of a key group."""

    group: str
    title: str
    dataset: str
    where: dict[str, tuple[str, ...]] = {}


class Authority(Frozen):
    """An entry of `rules/authority.yaml`: for one attribute, the datasets in order of trust."""

    attribute: str
    datasets: tuple[str, ...]


class District(Frozen):
    """The whole pack."""

    office: Office
    units: tuple[Unit, ...]
    courtyards: tuple[Courtyard, ...]
    aliases: tuple[Alias, ...]
    posts: tuple[Post, ...]
    sources: dict[str, SourceSpec]
    contracts: dict[str, Contract]
    codes: dict[str, CodeList]
    reports: dict[str, ReportSpec]
    key_groups: tuple[KeyGroup, ...]
    authority: tuple[Authority, ...]
