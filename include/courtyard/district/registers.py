"""What must hold among units, courtyards, aliases, posts, contacts and duties. Every check yields written problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from courtyard.district.pack import Pack, Read

# A unit's kind -> the kind of its parent and the length of its code: 9-digit street, 12-digit community
# (statistical division codes), 3 more digits for a grid, 2 more for a micro-grid.
LEVELS = {"street": (None, 9), "community": ("street", 12), "grid": ("community", 15), "micro_grid": ("grid", 17)}


def twice(read: Read[tuple[Any, ...]], column: str, key: Callable[[Any], Any]) -> Iterator[str]:
    """Problems for rows that share a key with an earlier one."""
    first: dict[Any, int] = {}
    for index, row in enumerate(read.value):
        if (value := key(row)) in first:
            line = read.document.lines[(first[value],)]
            yield read.document.problem((index, column), f"the same already stands on line {line}", "Keep one of them.")
        first.setdefault(value, index)


def _span(row: Any) -> tuple[date, date]:
    return row.valid_from or date.min, row.valid_to or date.max


def _spans(read: Read[tuple[Any, ...]]) -> Iterator[str]:
    for index, row in enumerate(read.value):
        start, end = _span(row)
        if start >= end:
            yield read.document.problem((index, "valid_to"), "is not after valid_from", "Correct one of the two dates.")


def _units(pack: Pack) -> Iterator[str]:
    document = pack.units.document
    known = {unit.code: unit for unit in pack.units.value}
    yield from twice(pack.units, "code", lambda unit: unit.code)
    yield from _spans(pack.units)
    streets = [unit.code for unit in pack.units.value if unit.kind == "street"]
    if streets != [pack.office.value.street_code]:
        remedy = "Give units.csv exactly one street, with this code."
        yield pack.office.document.problem(("street_code",), "is not the one street of units.csv", remedy)
    for index, unit in enumerate(pack.units.value):
        parent_kind, length = LEVELS[unit.kind]
        if len(unit.code) != length or not unit.code.isdigit():
            yield document.problem((index, "code"), f"a {unit.kind} code has {length} digits", "Correct the code.")
        parent = known.get(unit.parent_code or "")
        if (parent.kind if parent else None) != parent_kind or (unit.parent_code and not parent):
            remedy = f"Name the code of a {parent_kind}." if parent_kind else "Leave it empty."
            yield document.problem((index, "parent_code"), f"no such unit above a {unit.kind}", remedy)
        elif parent and not unit.code.startswith(parent.code):
            yield document.problem(
                (index, "code"), f"does not begin with its parent's code {parent.code}", "Correct it."
            )
        elif parent and not (_span(parent)[0] <= _span(unit)[0] and _span(unit)[1] <= _span(parent)[1]):
            remedy = "Keep a unit's dates within those of the unit above it."
            yield document.problem((index, "valid_from"), f"exists outside the time of {parent.code}", remedy)


def _courtyards(pack: Pack) -> Iterator[str]:
    yield from twice(pack.courtyards, "code", lambda courtyard: courtyard.code)
    yield from twice(pack.courtyards, "door", lambda courtyard: (courtyard.road, courtyard.door))
    micro_grids = {unit.code for unit in pack.units.value if unit.kind == "micro_grid"}
    for index, courtyard in enumerate(pack.courtyards.value):
        if courtyard.micro_grid_code not in micro_grids:
            remedy = "Name a micro-grid of units.csv."
            yield pack.courtyards.document.problem((index, "micro_grid_code"), "there is no such micro-grid", remedy)


def _aliases(pack: Pack) -> Iterator[str]:
    yield from _spans(pack.aliases)
    document = pack.aliases.document
    courtyards = {courtyard.code for courtyard in pack.courtyards.value}
    for index, alias in enumerate(pack.aliases.value):
        if alias.courtyard_code not in courtyards:
            remedy = "Name a courtyard of courtyards.csv."
            yield document.problem((index, "courtyard_code"), "there is no such courtyard", remedy)
    in_time = sorted(
        range(len(pack.aliases.value)), key=lambda i: (pack.aliases.value[i].alias, *_span(pack.aliases.value[i]))
    )
    for before, after in pairwise(in_time):
        first, second = pack.aliases.value[before], pack.aliases.value[after]
        if first.alias == second.alias and _span(second)[0] < _span(first)[1]:
            line = document.lines[(before,)]
            remedy = "Let one end before the other begins."
            yield document.problem(
                (after, "alias"), f"stands for the courtyard of line {line} at the same time", remedy
            )


def _of_units(pack: Pack) -> Iterator[str]:
    units = {unit.code for unit in pack.units.value}
    for read in (pack.posts, pack.contacts):
        yield from _spans(read)
        for index, row in enumerate(read.value):
            if row.unit_code not in units:
                remedy = "Name a unit of units.csv."
                yield read.document.problem((index, "unit_code"), "there is no such unit", remedy)


def _duties(pack: Pack) -> Iterator[str]:
    """A word tells one matter, else nobody could say whose a form is."""
    yield from twice(pack.duties, "matter", lambda duty: duty.matter)
    owner: dict[str, str] = {}
    for index, duty in enumerate(pack.duties.value):
        for word in duty.spelled:
            if owner.setdefault(word, duty.matter) != duty.matter:
                message = f"'{word}' already tells the matter {owner[word]}"
                yield pack.duties.document.problem((index, "words"), message, "Keep it with one matter.")


CHECKS = (_units, _courtyards, _aliases, _of_units, _duties)
