"""All that was published, as one system: cells are whole numbers, and public relations hold between them.

A relation is an equation with a constant that everybody is taken to know, so that what is true always solves it and an
attacker who knows less is weaker. Zero is always printed, therefore a hidden cell is at least 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor, log2

from courtyard.privacy.disclosure.tables import TOTAL, Column, Place, Published, Rest, Table

Key = tuple[object, ...]
Terms = tuple[tuple[Key, int], ...]

TOTAL_WEIGHT = 4.0  # a total is missed more than a community's figure
AMOUNT_WEIGHT = 2.0


@dataclass(frozen=True)
class Need:
    """A value that must stay possible below and above a sensitive cell's own: see docs/disclosure.md."""

    low: int
    high: int


@dataclass
class Variable:
    """A cell or, when it is not `printed`, a quantity between cells.

    `hidden`: printed as `*` before; `given`: its value was printed. Neither: it is free to be hidden now.
    """

    value: int
    printed: bool
    weight: float
    is_count: bool
    need: Need | None = None
    hidden: bool = False
    given: bool = False
    followers: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Relation:
    """Sum of coefficient x variable = constant."""

    terms: Terms
    constant: int


@dataclass
class System:
    """Variables by key and the relations between them."""

    threshold: int
    variables: dict[Key, Variable] = field(default_factory=dict)
    relations: set[Relation] = field(default_factory=set)
    _latest: dict[tuple[str, str], dict[tuple[date, date], Key]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, table: Table, published: Published | None = None) -> dict[Place, Key]:
        """Take in a table, in the order of publication; returns the variable of each cell that holds a number."""
        places = {
            (row.area, column.name): self._cell(table, row.area, column, value, published)
            for row in table.rows
            for column, value in zip(table.columns, row.values, strict=True)
            if value is not None
        }
        self._follow(table, places)
        for relation in (*self._sums(table, places), *self._wholes(table, places), *self._over_days(table, places)):
            self.relations.add(relation)
        return places

    def _cell(self, table: Table, area: str, column: Column, value: int, published: Published | None) -> Key:
        key = (column.measure, area, *column.days, value)
        is_count = column.kind == "count"
        weight = 1 + log2(1 + value) if is_count else AMOUNT_WEIGHT
        need = self._need(value) if is_count else self._amount_need(table, area, column, value)
        cell = self.variables.setdefault(
            key, Variable(value, True, weight * (TOTAL_WEIGHT if area == TOTAL else 1), is_count, need)
        )
        cell.need = cell.need or need
        if value == 0 or (published and (area, column.name) not in published.hidden):
            cell.given = True
        elif published:
            cell.hidden = True
        self._latest[column.measure, area][column.days] = key
        return key

    def _need(self, value: int) -> Need | None:
        return Need(1, self.threshold) if 0 < value < self.threshold else None

    def _amount_need(self, table: Table, area: str, column: Column, value: int) -> Need | None:
        """What 1 and what `threshold` persons would get of the same average."""
        counts = [table.value(area, name) or 0 for name in column.of]
        small = [count for count in counts if 0 < count < self.threshold]
        if not value or not small:
            return None
        return Need(max(1, floor(value / min(small))), ceil(value * self.threshold / min(small)))

    def _follow(self, table: Table, places: dict[Place, Key]) -> None:
        for column in table.columns:
            for row in table.rows:
                amount = places.get((row.area, column.name))
                for count in (places.get((row.area, name)) for name in column.of):
                    if amount and count and amount not in self.variables[count].followers:
                        self.variables[count].followers += (amount,)

    def _sums(self, table: Table, places: dict[Place, Key]) -> Iterator[Relation]:
        """Total = sum over the areas, column by column."""
        for column in table.columns:
            parts = [places.get((row.area, column.name)) for row in table.rows if row.area != TOTAL]
            yield from self._relation([places.get((TOTAL, column.name))], parts, "known")

    def _wholes(self, table: Table, places: dict[Place, Key]) -> Iterator[Relation]:
        for row in table.rows:
            for whole in table.wholes:
                parts = [places.get((row.area, part)) for part in whole.parts]
                wholes = [places.get((row.area, name)) for name in whole.whole]
                yield from self._relation(wholes, parts, whole.rest)

    def _over_days(self, table: Table, places: dict[Place, Key]) -> Iterator[Relation]:
        for column in table.columns:
            for row in table.rows:
                key = places.get((row.area, column.name))
                if key is None:
                    continue
                spans = self._latest[column.measure, row.area]
                if column.flow:
                    about = [s for s in spans if s[0] <= column.start and column.end <= s[1]]
                    for span in about:
                        yield from self._relation([spans[span]], *_made_of(span, spans))
                elif column.distinct_of:
                    yield from self._distinct(table, column, row.area, places)

    def _distinct(self, table: Table, column: Column, area: str, places: dict[Place, Key]) -> Iterator[Relation]:
        """Persons counted once since the start: of the first period those of the period, later never fewer in total."""
        whole, now = places[area, column.name], places.get((area, column.distinct_of))
        if table.start == column.start:
            yield from self._relation([whole], [now], "known")
        elif area == TOTAL:
            spans = self._latest[column.measure, area]
            before = [s for s in spans if s[0] == column.start and s[1] < column.end]
            if before:
                last = max(before)
                new = self._rest([whole], [spans[last]], "open")
                yield from self._relation([whole], [spans[last]], "open", new)
                if new and now and last[1] == table.start:  # who is new was there in this period
                    yield from self._relation([now], [new], "open")

    def _relation(
        self, wholes: Sequence[Key | None], parts: Sequence[Key | None], rest: Rest, latent: Key | None = None
    ) -> Iterator[Relation]:
        """wholes = parts + rest; nothing where a cell says nothing or the parts are more than the wholes."""
        known, whole = [part for part in parts if part is not None], [key for key in wholes if key is not None]
        if not known or len(known) < len(parts) or len(whole) < len(wholes):
            return
        left = self._more(whole, known)
        terms: list[tuple[Key, int]] = [*((key, 1) for key in whole), *((part, -1) for part in known)]
        if rest in ("open", "sensitive") or (rest == "none" and left):
            latent = latent or self._rest(whole, known, rest)
            if latent is None:
                return
            terms.append((latent, -1))
            left = 0
        yield Relation(tuple(terms), left)

    def _more(self, wholes: Sequence[Key], parts: Sequence[Key]) -> int:
        return sum(self.variables[key].value for key in wholes) - sum(self.variables[key].value for key in parts)

    def _rest(self, wholes: Sequence[Key], parts: Sequence[Key], rest: Rest) -> Key | None:
        """What wholes are more than their parts; None when they are less, so that the relation does not hold."""
        value = self._more(wholes, parts)
        if value < 0:
            return None
        is_count = all(self.variables[key].is_count for key in wholes)
        need = self._need(value) if rest == "sensitive" and is_count else None
        key = ("rest", *wholes, "parts", *sorted(map(str, parts)))
        found = self.variables.setdefault(key, Variable(value, False, 0.0, is_count, need))
        found.need = found.need or need
        return key


def _made_of(span: tuple[date, date], spans: dict[tuple[date, date], Key]) -> tuple[list[Key], Rest]:
    """Spans that lie in a span one after the other, the longest first at each place, and what is left between them."""
    inside = [s for s in spans if s != span and span[0] <= s[0] and s[1] <= span[1]]
    parts: list[Key] = []
    day, gap = span[0], False
    while inside := [s for s in inside if s[0] >= day]:
        first = min(s[0] for s in inside)
        chosen = max(s for s in inside if s[0] == first)
        gap |= first > day
        parts.append(spans[chosen])
        day = chosen[1]
    return parts, "sensitive" if gap or day < span[1] else "known"


def linked(system: System, keys: Iterable[Key]) -> list[tuple[set[Key], list[Relation]]]:
    """The parts of the system that hang together over unknown or free variables and hold one of `keys`."""
    by_key: dict[Key, list[Relation]] = defaultdict(list)
    for relation in system.relations:
        for key, _ in relation.terms:
            if not system.variables[key].given:
                by_key[key].append(relation)
    found: list[tuple[set[Key], list[Relation]]] = []
    seen: set[Key] = set()
    for start in keys:
        if start in seen or system.variables[start].given:
            continue
        members, relations, waiting = {start}, {}, [start]
        while waiting:
            for relation in by_key[waiting.pop()]:
                relations[relation] = None
                new = {key for key, _ in relation.terms if not system.variables[key].given} - members
                members |= new
                waiting.extend(sorted(new, key=str))
        seen |= members
        found.append((members, sorted(relations, key=str)))
    return found
