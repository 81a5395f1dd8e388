"""Reads a district pack: every file typed, then every reference between files checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from courtyard.district import outlines
from courtyard.district.checks import problems_of
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
    District,
    Duty,
    Frozen,
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
from courtyard.district.pack import Pack, Read
from courtyard.district.reading import Document, Unreadable, read_csv, read_yaml
from courtyard.errors import PackError

Item = TypeVar("Item", bound=Frozen)
Value = TypeVar("Value")
SHOWN = 20


def load_district(path: Path) -> District:
    """The pack in a folder.

    Raises PackError with one line per problem, `<pack>/<file>:<line>: <key>: <what>. <remedy>`.
    A pack that did not change on disk since it was last loaded is not read again.
    """
    root = Path(path).resolve()
    if not (root / "district.yaml").is_file():
        raise PackError(f"There is no district pack in {path}.", "Name a folder that holds a district.yaml.")
    files = ((f, f.stat()) for f in sorted(root.rglob("*")) if f.is_file())
    return _load(root, tuple((str(f), stat.st_mtime_ns, stat.st_size) for f, stat in files))


@lru_cache(maxsize=8)
def _load(root: Path, _state: tuple[tuple[str, int, int], ...]) -> District:
    reader = _Reader(root)
    office = reader.yaml("district.yaml", Office)
    tables = (
        reader.table("units.csv", Unit),
        reader.table("courtyards.csv", Courtyard),
        reader.table("aliases.csv", Alias),
        reader.table("changes.csv", CourtyardChange),
        reader.table("posts.csv", Post),
        reader.table("contacts.csv", Contact),
        reader.table("duties.csv", Duty),
        reader.table("departments.csv", Department),
        reader.table("users.csv", User),
        reader.outlines(),
    )
    folders = (
        reader.folder("sources", SourceSpec),
        reader.folder("contracts", Contract),
        reader.folder("codes", CodeList),
        reader.folder("reports", ReportSpec),
    )
    recipients = reader.yaml("recipients.yaml", Recipients)
    rules = (
        reader.yaml("rules/key_groups.yaml", tuple[KeyGroup, ...]),
        reader.yaml("rules/authority.yaml", tuple[Authority, ...]),
        reader.yaml("rules/archive.yaml", ArchiveRules),
        reader.yaml("rules/tags.yaml", tuple[TagRule, ...]),
        reader.yaml("rules/indicators.yaml", tuple[Indicator, ...]),
        reader.yaml("rules/linkage.yaml", Linkage),
        reader.yaml("rules/burden.yaml", BurdenRules),
        reader.yaml("rules/cases.yaml", CaseRules),
        reader.yaml("rules/watch.yaml", WatchRules),
        reader.yaml("rules/map.yaml", tuple[MapLayer, ...]),
    )
    _refuse(reader.problems)
    pack = Pack(root, office, *tables, *folders, recipients, *rules)
    _refuse(list(problems_of(pack)))
    return _district(pack)


def _refuse(problems: list[str]) -> None:
    """Raise when there are problems; the first ones are shown, the rest counted."""
    if problems:
        more = len(problems) - SHOWN
        lines = problems[:SHOWN] + ([f"And {more} more problems."] if more > 0 else [])
        raise PackError("\n".join(lines))


def _district(pack: Pack) -> District:
    return District(
        office=pack.office.value,
        units=pack.units.value,
        courtyards=pack.courtyards.value,
        aliases=pack.aliases.value,
        changes=pack.changes.value,
        posts=pack.posts.value,
        contacts=pack.contacts.value,
        sources={name: read.value for name, read in pack.sources.items()},
        contracts={name: read.value for name, read in pack.contracts.items()},
        codes={name: read.value for name, read in pack.codes.items()},
        reports={name: read.value for name, read in pack.reports.items()},
        recipients=pack.recipients.value,
        key_groups=pack.key_groups.value,
        authority=pack.authority.value,
        archive=pack.archive.value,
        tags=pack.tags.value,
        indicators=pack.indicators.value,
        linkage=pack.linkage.value,
        duties=pack.duties.value,
        burden=pack.burden.value,
        departments=pack.departments.value,
        users=pack.users.value,
        outlines=pack.outlines.value.features,
        cases=pack.cases.value,
        watch=pack.watch.value,
        map_layers=pack.map_layers.value,
        root=pack.root,
    )


class _Reader:
    """Reads the files of one pack and collects what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []

    def yaml(self, relative: str, model: type[Value]) -> Read[Value]:
        return self._read(model, lambda: read_yaml(self.root / relative, self._name(relative)))

    def table(self, relative: str, model: type[Item]) -> Read[tuple[Item, ...]]:
        columns = tuple(model.model_fields)
        return self._read(tuple[model, ...], lambda: read_csv(self.root / relative, self._name(relative), columns))

    def outlines(self) -> Read[Outlines]:
        name = outlines.FILE
        return self._read(Outlines, lambda: outlines.read(self.root / name, self._name(name)))

    def folder(self, relative: str, model: type[Item]) -> dict[str, Read[Item]]:
        """Every `*.yaml` of a folder by its file stem; an absent folder is an empty one."""
        for path in sorted((self.root / relative).glob("*.yml")):
            where = self._name(f"{relative}/{path.name}")
            self.problems.append(f"{where}:1: file: a file of the pack ends in .yaml. Rename it.")
        paths = sorted((self.root / relative).glob("*.yaml"))
        return {path.stem: self.yaml(f"{relative}/{path.name}", model) for path in paths}

    def _name(self, relative: str) -> str:
        return f"{self.root.name}/{relative}"

    def _read(self, model: type[Value], read: Callable[[], Document]) -> Read[Value]:
        """The file as a model; after a problem the value is None, and no pack is made of it."""
        try:
            document = read()
        except Unreadable as error:
            self.problems.append(str(error))
            return Read(Document("", None, {}), None)
        return Read(document, document.parse(model, self.problems))
