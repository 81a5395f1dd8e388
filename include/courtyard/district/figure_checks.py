"""What must hold for the rules of the archive, of tags and of indicators: every figure and column they name is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from courtyard.district.contract import Column, Contract
from courtyard.district.contract_checks import DATES, NUMBERS, condition
from courtyard.district.figures import LIMIT, NUMERIC, PLACEHOLDER, Condition, FigureRule, Known, TagRule, known_figures
from courtyard.district.pack import Pack, Read
from courtyard.district.reading import Loc

_NAME_ONE = "Name a column of its contract."
_FIGURES = "Name a figure of rules/archive.yaml, of the population or of a key group."


def problems_of(pack: Pack) -> Iterator[str]:
    contracts = {name: read.value for name, read in pack.contracts.items()}
    known = known_figures(pack.archive.value, pack.key_groups.value, contracts)
    yield from _figures(pack, contracts)
    yield from _events(pack, contracts)
    yield from _tags(pack, known)
    yield from _indicators(pack, known)


def _repeated(read: Read[Any], at: Loc, key: str, names: list[str]) -> Iterator[str]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield read.document.problem((*at, index, key), f"'{name}' stands twice", "Keep one of the two.")


def _column(
    read: Read[Any], loc: Loc, name: str | None, columns: Mapping[str, Column], types: Collection[str] = ()
) -> Iterator[str]:
    """A problem where a column is named that the contract lacks or that is of another type."""
    if name is None:
        return
    if name not in columns:
        yield read.document.problem(loc, f"there is no column '{name}'", _NAME_ONE)
    elif types and columns[name].type not in types:
        yield read.document.problem(loc, f"'{name}' is not of type {' or '.join(sorted(types))}", _NAME_ONE)


def _dataset(read: Read[Any], loc: Loc, dataset: str, contracts: Mapping[str, Contract]) -> Iterator[str]:
    if dataset not in contracts:
        yield read.document.problem(loc, f"there is no contract '{dataset}'", "Add the contract or correct it.")


def _types(rule: FigureRule) -> tuple[str, ...]:
    """What a figure's column may be. A list of values names codes only: a free text may name a person."""
    if rule.measure in NUMERIC:
        return (*NUMBERS, *(("date",) if rule.measure != "sum" else ()))
    return {"values": ("code",), "by": ("code", "yes_no", "text")}.get(rule.measure, ())


def _figures(pack: Pack, contracts: Mapping[str, Contract]) -> Iterator[str]:
    read = pack.archive
    yield from _repeated(read, ("figures",), "figure", [rule.figure for rule in read.value.figures])
    for index, rule in enumerate(read.value.figures):
        loc = ("figures", index)
        if rule.dataset not in contracts:
            yield from _dataset(read, (*loc, "dataset"), rule.dataset, contracts)
            continue
        contract = contracts[rule.dataset]
        columns = {column.name: column for column in contract.columns if not column.volatile}
        if contract.grain == "event":
            message = "its rows happen: they are counted under events"
            yield read.document.problem((*loc, "dataset"), message, "Write an entry of events instead.")
        yield from _column(read, (*loc, "column"), rule.column, columns, _types(rule))
        yield from _column(read, (*loc, "community_in"), rule.community_in, columns, ("text",))
        yield from _column(read, (*loc, "in_quarter"), rule.in_quarter, columns, ("date",))
        yield from _column(read, (*loc, "once_per"), rule.once_per, columns)
        yield from condition(pack, read, (*loc, "where"), rule.where, columns)


def _events(pack: Pack, contracts: Mapping[str, Contract]) -> Iterator[str]:
    read = pack.archive
    yield from _repeated(read, ("events",), "events", [rule.events for rule in read.value.events])
    for index, rule in enumerate(read.value.events):
        loc = ("events", index)
        if rule.dataset not in contracts:
            yield from _dataset(read, (*loc, "dataset"), rule.dataset, contracts)
            continue
        columns = {column.name: column for column in contracts[rule.dataset].columns if not column.volatile}
        for key in ("opened", "ended", "due"):
            yield from _column(read, (*loc, key), getattr(rule, key), columns, DATES)
        yield from condition(pack, read, (*loc, "closed_when"), rule.closed_when, columns)


def _figure(read: Read[Any], loc: Loc, name: str, known: Mapping[str, Known], kind: str = "number") -> Iterator[str]:
    if name not in known:
        yield read.document.problem(loc, f"there is no figure '{name}'", _FIGURES)
    elif known[name].kind != kind:
        what = "is no number" if kind == "number" else "has no fixed values"
        yield read.document.problem(loc, f"'{name}' {what}", "Name another figure or compare it in another way.")


def _tags(pack: Pack, known: Mapping[str, Known]) -> Iterator[str]:
    read = pack.tags
    yield from _repeated(read, (), "tag", [rule.tag for rule in read.value])
    for index, rule in enumerate(read.value):
        key = "all" if rule.all else "any"
        for position, one in enumerate(rule.conditions):
            yield from _condition(pack, (index, key, position), one, known)
        for placeholder in PLACEHOLDER.findall(rule.reason):
            yield from _placeholder(read, (index, "reason"), placeholder, rule, known)
        if rule.first and rule.last and rule.first > rule.last:
            yield read.document.problem((index, "last"), "comes before first", "Correct one of the two quarters.")


def _condition(pack: Pack, loc: Loc, one: Condition, known: Mapping[str, Known]) -> Iterator[str]:
    read = pack.tags
    if not isinstance(one.value, tuple):
        yield from _figure(read, (*loc, "figure"), one.figure, known)
        if one.share_of is not None:
            yield from _figure(read, (*loc, "share_of"), one.share_of, known)
        return
    yield from _figure(read, (*loc, "figure"), one.figure, known, "values")
    codes = known[one.figure].codes if one.figure in known else None
    if codes in pack.codes:
        for position, value in enumerate(one.value):
            if value not in pack.codes[codes].value.values:
                remedy = f"Write a code of codes/{codes}.yaml, not a label."
                yield read.document.problem((*loc, "value", position), f"'{value}' is not a code of {codes}", remedy)


def _placeholder(read: Read[Any], loc: Loc, told: str, rule: TagRule, known: Mapping[str, Known]) -> Iterator[str]:
    if limit := LIMIT.fullmatch(told):
        if int(limit[1] or 1) > len(rule.conditions):
            message = f"'{{{told}}}' is the threshold of a condition that is not there"
            yield read.document.problem(loc, message, "Add the condition or correct the number.")
        return
    names = told.split("/")
    for name in names:
        if name not in known:
            yield read.document.problem(loc, f"there is no figure '{name}'", _FIGURES)
    if len(names) > 2 or (len(names) == 2 and any(known[n].kind != "number" for n in names if n in known)):
        yield read.document.problem(loc, f"'{{{told}}}' is no share of two numbers", "Write {figure/figure}.")


def _indicators(pack: Pack, known: Mapping[str, Known]) -> Iterator[str]:
    read = pack.indicators
    yield from _repeated(read, (), "indicator", [entry.indicator for entry in read.value])
    for index, entry in enumerate(read.value):
        for key in ("numerator", "denominator"):
            name = getattr(entry, key)
            if name is None:
                continue
            yield from _figure(read, (index, key), name, known)
            if name in known and known[name].kind == "number" and not known[name].is_additive:
                message = f"'{name}' does not add up over courtyards"
                yield read.document.problem((index, key), message, "Name a count or a sum of single courtyards.")
