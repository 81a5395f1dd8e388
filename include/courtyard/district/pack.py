"""The files of a district pack, each valid by itself, before the references between them are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from courtyard.district.models import (
    Alias,
    ArchiveRules,
    Authority,
    BurdenRules,
    CaseRules,
    CodeList,
    Contact,
    Contract,
    Courtyard,
    CourtyardChange,
    Department,
    Duty,
    Indicator,
    KeyGroup,
    Linkage,
    MapLayer,
    Office,
    Outlines,
    Post,
    Recipients,
    ReportSpec,
    SourceSpec,
    TagRule,
    Unit,
    User,
    WatchRules,
)
from courtyard.district.reading import Document

Value = TypeVar("Value")


@dataclass(frozen=True)
class Read(Generic[Value]):
    """A file's model and the document it came from."""

    document: Document
    value: Value


@dataclass(frozen=True)
class Pack:
    """The files of a pack, each valid by itself."""

    root: Path
    office: Read[Office]
    units: Read[tuple[Unit, ...]]
    courtyards: Read[tuple[Courtyard, ...]]
    aliases: Read[tuple[Alias, ...]]
    changes: Read[tuple[CourtyardChange, ...]]
    posts: Read[tuple[Post, ...]]
    contacts: Read[tuple[Contact, ...]]
    duties: Read[tuple[Duty, ...]]
    departments: Read[tuple[Department, ...]]
    users: Read[tuple[User, ...]]
    outlines: Read[Outlines]
    sources: dict[str, Read[SourceSpec]]
    contracts: dict[str, Read[Contract]]
    codes: dict[str, Read[CodeList]]
    reports: dict[str, Read[ReportSpec]]
    recipients: Read[Recipients]
    key_groups: Read[tuple[KeyGroup, ...]]
    authority: Read[tuple[Authority, ...]]
    archive: Read[ArchiveRules]
    tags: Read[tuple[TagRule, ...]]
    indicators: Read[tuple[Indicator, ...]]
    linkage: Read[Linkage]
    burden: Read[BurdenRules]
    cases: Read[CaseRules]
    watch: Read[WatchRules]
    map_layers: Read[tuple[MapLayer, ...]]
