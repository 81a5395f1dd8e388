"""The district pack as typed, frozen data: the whole of it, and the rules that belong to no other file."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from courtyard.district.burden import BurdenRules, Duty, Estimate
from courtyard.district.cases import CaseRules, Category, Department, Emergency, LevelName, Terms, Urgency
from courtyard.district.contract import (
    Active,
    Column,
    ColumnType,
    Contract,
    FormVersion,
    GroupRule,
    ReferenceRule,
    Role,
    Rule,
    Severity,
)
from courtyard.district.figures import ArchiveRules, Indicator, Known, TagRule, known_figures
from courtyard.district.frozen import Frozen
from courtyard.district.lookup import Lookup
from courtyard.district.map_layers import MapLayer
from courtyard.district.office import (
    Alias,
    CodeList,
    Contact,
    Courtyard,
    CourtyardChange,
    DeskRules,
    GridCycle,
    Office,
    Post,
    Unit,
)
from courtyard.district.outlines import Outline, Outlines
from courtyard.district.recipients import Entitlement, Recipient, Recipients
from courtyard.district.report import METADATA_FIELDS, ReportChart, ReportColumn, ReportSpec
from courtyard.district.source import Channel, SourceSpec, Transport
from courtyard.district.users import User
from courtyard.district.watch import WatchRules

__all__ = [
    "METADATA_FIELDS",
    "Active",
    "Alias",
    "ArchiveRules",
    "Authority",
    "BirthWindow",
    "BurdenRules",
    "CaseRules",
    "Category",
    "Channel",
    "CodeList",
    "Column",
    "ColumnType",
    "Contact",
    "Contract",
    "Courtyard",
    "CourtyardChange",
    "Department",
    "DeskRules",
    "District",
    "Duty",
    "Emergency",
    "Entitlement",
    "Estimate",
    "FormVersion",
    "Frozen",
    "GridCycle",
    "GroupRule",
    "Indicator",
    "KeyGroup",
    "LevelName",
    "Linkage",
    "MapLayer",
    "Office",
    "Outline",
    "Outlines",
    "Post",
    "Recipient",
    "Recipients",
    "ReferenceRule",
    "ReportChart",
    "ReportColumn",
    "ReportSpec",
    "Role",
    "Rule",
    "Severity",
    "SourceSpec",
    "TagRule",
    "Terms",
    "Transport",
    "Unit",
    "Urgency",
    "User",
    "WatchRules",
]


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
    where: dict[str, tuple[str, ...]] = Field({})
    birth_window: BirthWindow | None = None


class Authority(Frozen):
    """An entry of `rules/authority.yaml`: for one attribute, the datasets in order of trust.

    `weigh` says whose claim wins: the most trusted one (`rank`) or the one said last (`newest`; of claims of one
    moment the more trusted). A claim that is more than `within_quarters` quarters older than the newest claim
    about the same person yields to those that are not.
    """

    attribute: str
    datasets: tuple[str, ...]
    weigh: Literal["rank", "newest"] = "rank"
    within_quarters: int | None = Field(None, ge=0, le=40)


class Linkage(Frozen):
    """`rules/linkage.yaml`: how rows that no rule links are judged by a model (Fellegi & Sunter 1969).

    `model` is Splink's own file beside it, trained with `courtyard train`; `version` goes up with every other
    model. A record joins the one person whose probability is at least `accept` while no other person's is
    above `rival`; what lies between `review` and `accept` is asked of a person. Rows with an ID number that
    another person's row contradicts are only ever asked.
    """

    version: int = Field(ge=1)
    model: str = Field(pattern=r"^[a-z0-9_-]+\.json$")
    accept: float = Field(gt=0.5, lt=1)
    rival: float = Field(gt=0, lt=0.5)
    review: float = Field(gt=0.1, lt=1)


class District(Lookup, Frozen):
    """The whole pack, with the questions of `Lookup`."""

    office: Office
    units: tuple[Unit, ...]
    courtyards: tuple[Courtyard, ...]
    aliases: tuple[Alias, ...]
    changes: tuple[CourtyardChange, ...] = ()
    posts: tuple[Post, ...]
    contacts: tuple[Contact, ...]
    sources: dict[str, SourceSpec]
    contracts: dict[str, Contract]
    codes: dict[str, CodeList]
    reports: dict[str, ReportSpec]
    recipients: Recipients = Recipients()
    key_groups: tuple[KeyGroup, ...]
    authority: tuple[Authority, ...]
    archive: ArchiveRules
    tags: tuple[TagRule, ...]
    indicators: tuple[Indicator, ...]
    linkage: Linkage
    duties: tuple[Duty, ...]
    burden: BurdenRules
    departments: tuple[Department, ...] = ()
    users: tuple[User, ...] = ()
    outlines: tuple[Outline, ...] = ()
    cases: CaseRules
    watch: WatchRules
    map_layers: tuple[MapLayer, ...] = ()
    root: Path = Field(exclude=True)

    @cached_property
    def outline_by_code(self) -> dict[str, Outline]:
        return {outline.code: outline for outline in self.outlines}

    @cached_property
    def figures(self) -> dict[str, Known]:
        """Every figure of a courtyard's archive by its name."""
        return known_figures(self.archive, self.key_groups, self.contracts)
