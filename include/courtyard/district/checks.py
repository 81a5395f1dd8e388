"""What must hold between the specifications of a pack. Every check yields written problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from croniter import croniter

from courtyard.district import (
    case_checks,
    contract_checks,
    figure_checks,
    history_checks,
    map_layers,
    outlines,
    recipients,
    registers,
    report_checks,
    users,
    watch,
)
from courtyard.district.pack import Pack, Read
from courtyard.district.registers import twice

# Attributes that linkage adds to every row about a person, so that no contract has such a column.
LINKED = frozenset({"courtyard_code"})


def problems_of(pack: Pack) -> Iterator[str]:
    """Every problem between the files of a pack, as `Document.problem` writes them."""
    specifications = (
        _file_names,
        _sources,
        contract_checks.problems_of,
        _codes,
        _reports,
        report_checks.problems_of,
        recipients.problems_of,
        _linkage,
        _rules,
        figure_checks.problems_of,
        case_checks.problems_of,
        users.problems_of,
        watch.problems_of,
        outlines.problems_of,
        map_layers.problems_of,
    )
    return chain.from_iterable(check(pack) for check in (*registers.CHECKS, *history_checks.CHECKS, *specifications))


def _file_names(pack: Pack) -> Iterator[str]:
    folders: tuple[tuple[str, dict[str, Read[Any]]], ...] = (
        ("source", pack.sources),
        ("dataset", pack.contracts),
        ("codes", pack.codes),
        ("report", pack.reports),
    )
    for key, folder in folders:
        for stem, read in folder.items():
            if getattr(read.value, key) != stem:
                yield read.document.problem((key,), f"differs from the file's name {stem}", "Rename one of the two.")


def _absent(read: Read[Any], key: str, names: Iterable[str], known: Iterable[str], what: str) -> Iterator[str]:
    """Problems for the names at `key` of a document that are not known."""
    for index, name in enumerate(names):
        if name not in known:
            yield read.document.problem((key, index), f"there is no {what} '{name}'", f"Add the {what} or correct it.")


def _sources(pack: Pack) -> Iterator[str]:
    """One source delivers a dataset; what posts decide (`desk`) may add rows to it."""
    owners: dict[str, str] = {}
    for stem, read in sorted(pack.sources.items(), key=lambda entry: entry[1].value.transport == "desk"):
        if not croniter.is_valid(read.value.schedule):
            remedy = "Write five fields, such as 0 6 3 * *."
            yield read.document.problem(("schedule",), "is not a cron expression", remedy)
        yield from _absent(read, "datasets", read.value.datasets, pack.contracts, "contract")
        for index, dataset in enumerate(read.value.datasets):
            if dataset in owners and (
                read.value.transport != "desk" or pack.sources[owners[dataset]].value.transport == "desk"
            ):
                message = f"'{dataset}' already belongs to the source {owners[dataset]}"
                yield read.document.problem(("datasets", index), message, "Let one source deliver it.")
            owners.setdefault(dataset, stem)
    for dataset, contract in pack.contracts.items():
        if dataset not in owners:
            remedy = "Add it to the datasets of a source."
            yield contract.document.problem(("dataset",), "no source delivers it", remedy)


def _codes(pack: Pack) -> Iterator[str]:
    for read in pack.codes.values():
        owner: dict[str, str] = {}
        for code, labels in read.value.values.items():
            if not labels:
                yield read.document.problem(("values", code), "has no label", "Write at least one.")
            for index, label in enumerate(labels):
                if owner.setdefault(label, code) != code:
                    message = f"'{label}' already stands for the code {owner[label]}"
                    yield read.document.problem(("values", code, index), message, "Keep it under one code.")


def _reports(pack: Pack) -> Iterator[str]:
    for read in pack.reports.values():
        report, datasets = read.value, (*read.value.datasets, *read.value.lookups)
        yield from _absent(read, "datasets", report.datasets, pack.contracts, "contract")
        yield from _absent(read, "lookups", report.lookups, pack.contracts, "contract")
        files = (("sql", "sql"), ("facts", "sql"), ("notes", "sql"), ("form", "forms"))
        named = [((key,), folder, getattr(report, key)) for key, folder in files]
        named += [(("charts", index, "sql"), "sql", chart.sql) for index, chart in enumerate(report.charts)]
        for key, folder, name in named:
            if name is not None and (Path(name).name != name or not (pack.root / "reports" / folder / name).is_file()):
                message = f"there is no file reports/{folder}/{name}"
                yield read.document.problem(key, message, "Add the file or correct its name.")
        windows = {group.group for group in pack.key_groups.value if group.birth_window}
        if report.birth_window is not None and report.birth_window not in windows:
            message = f"no key group '{report.birth_window}' has a birth window"
            yield read.document.problem(("birth_window",), message, "Name one of rules/key_groups.yaml.")
        sealed = {c.name for d in datasets if d in pack.contracts for c in pack.contracts[d].value.columns}
        for index, column in enumerate(report.columns):
            if column.codes is not None and column.codes not in pack.codes:
                message = f"there is no code list '{column.codes}'"
                yield read.document.problem(("columns", index, "codes"), message, "Add it to codes/ or correct it.")
            if column.sealed is not None and column.sealed not in sealed:
                message = f"no dataset of this report has a column '{column.sealed}'"
                yield read.document.problem(("columns", index, "sealed"), message, "Name a column of its contracts.")


def _linkage(pack: Pack) -> Iterator[str]:
    read = pack.linkage
    if not (pack.root / "rules" / read.value.model).is_file():
        message = f"there is no file rules/{read.value.model}"
        yield read.document.problem(("model",), message, "Add the model or correct its name.")
    if read.value.review > read.value.accept:
        yield read.document.problem(("review",), "is above accept", "Correct one of the two.")


def _rules(pack: Pack) -> Iterator[str]:
    for index, group in enumerate(pack.key_groups.value):
        document = pack.key_groups.document
        if group.dataset not in pack.contracts:
            message = f"there is no contract '{group.dataset}'"
            yield document.problem((index, "dataset"), message, "Add the contract or correct it.")
            continue
        columns = {column.name: column for column in pack.contracts[group.dataset].value.columns}
        yield from contract_checks.condition(pack, pack.key_groups, (index, "where"), group.where, columns)
        if group.birth_window and group.birth_window.column not in columns:
            loc = (index, "birth_window", "column")
            yield document.problem(loc, f"{group.dataset} has no such column", "Name a column of its contract.")
    for index, authority in enumerate(pack.authority.value):
        document = pack.authority.document
        for position, dataset in enumerate(authority.datasets):
            loc = (index, "datasets", position)
            if dataset not in pack.contracts:
                yield document.problem(loc, f"there is no contract '{dataset}'", "Add the contract or correct it.")
            elif authority.attribute not in LINKED | {c.name for c in pack.contracts[dataset].value.columns}:
                message = f"'{dataset}' has no column {authority.attribute}"
                yield document.problem(loc, message, "Remove the dataset or correct the attribute.")
    yield from twice(pack.key_groups, "group", lambda group: group.group)
    yield from twice(pack.authority, "attribute", lambda authority: authority.attribute)
