"""An attacker of published counts, with code of its own: it knows what is printed and what everybody knows, nothing else.

What is printed and the public relations make a linear system. Exact elimination (rational numbers) finds what is
determined, linear programming between which bounds the rest lies.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import count
from math import ceil, floor

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, lil_array

STAR = "*"
Name = Hashable
_ROUNDING = 1e-6


class Attacker:
    """Collects what is seen and told; `found` says which hidden counts it can name."""

    def __init__(self, threshold: int = 5) -> None:
        self.threshold = threshold
        self.known: dict[Name, Fraction] = {}
        self.least: dict[Name, int] = {}  # of what is not known: a star is at least 1, since 0 is printed
        self.counts: set[Name] = set()
        self._equations: list[tuple[dict[Name, int], Fraction]] = []
        self._serial = count()

    def see(self, name: Name, printed: object, is_count: bool = True) -> None:
        """A printed cell. The same name in two tables is the same fact."""
        if printed == STAR:
            self.least[name] = 1
            if is_count:
                self.counts.add(name)
        elif printed is not None:
            self.known[name] = Fraction(str(printed))

    def equal(self, terms: Mapping[Name, int], constant: object = 0) -> None:
        """sum of coefficient x name = constant."""
        self._equations.append((dict(terms), Fraction(str(constant))))

    def within(self, part: Name, whole: Name, is_group: bool = False) -> Name:
        """part <= whole; what is between them may itself be a group of persons to be found."""
        rest = ("between", part, whole, next(self._serial))
        self.least[rest] = 0
        if is_group:
            self.counts.add(rest)
        self.equal({whole: 1, part: -1, rest: -1})
        return rest

    def at_most(self, parts: Sequence[Name], wholes: Sequence[Name]) -> None:
        """The sum of parts <= the sum of wholes; what is between them is no group of persons."""
        rest = ("between", *parts, *wholes, next(self._serial))
        self.least[rest] = 0
        self.equal({**dict.fromkeys(wholes, 1), **dict.fromkeys(parts, -1), rest: -1})

    def exact(self) -> dict[Name, Fraction]:
        """What is hidden and has one possible value only."""
        unknown, rows, constants = self._system()
        return {unknown[i]: value for i, value in _determined(rows, constants).items()}

    def small(self) -> dict[Name, tuple[int, int]]:
        """The counts that are shown to be some, and fewer than the threshold: lowest and highest possible value."""
        unknown, rows, constants = self._system()
        found = {n: (int(v), int(v)) for n, v in self.exact().items() if n in self.counts}
        for members, equations in _parts(len(unknown), rows):
            wanted = [i for i in members if unknown[i] in self.counts and unknown[i] not in found]
            place = {i: n for n, i in enumerate(members)}
            matrix = lil_array((len(equations), len(members)))
            for r, equation in enumerate(equations):
                for i, value in rows[equation].items():
                    matrix[r, place[i]] = float(value)
            right = np.array([float(constants[equation]) for equation in equations])
            bounds = [(self.least[unknown[i]], None) for i in members]
            for i in wanted:
                low, high = _extremes(place[i], csr_array(matrix), right, bounds)
                if high is not None and high < self.threshold:
                    found[unknown[i]] = low, high
        return {name: span for name, span in found.items() if span[0] > 0 and span[1] < self.threshold}

    def _system(self) -> tuple[list[Name], list[dict[int, Fraction]], list[Fraction]]:
        unknown = [name for name in self.least if name not in self.known]
        index = {name: i for i, name in enumerate(unknown)}
        rows, constants = [], []
        for terms, constant in self._equations:
            if any(name not in index and name not in self.known for name in terms):
                continue  # speaks of something nobody printed
            rows.append({index[n]: Fraction(c) for n, c in terms.items() if n in index})
            constants.append(
                constant - sum((self.known[n] * c for n, c in terms.items() if n in self.known), Fraction())
            )
        return unknown, rows, constants


def _parts(unknowns: int, rows: list[dict[int, Fraction]]) -> list[tuple[list[int], list[int]]]:
    """Unknowns that hang together by equations, with those equations."""
    leader = list(range(unknowns))

    def lead(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for row in rows:
        first, *others = row or [None]
        for other in others:
            leader[lead(other)] = lead(first)
    parts: dict[int, tuple[list[int], list[int]]] = {}
    for i in range(unknowns):
        parts.setdefault(lead(i), ([], []))[0].append(i)
    for number, row in enumerate(rows):
        if row:
            parts[lead(next(iter(row)))][1].append(number)
    return list(parts.values())


def _extremes(i: int, matrix: csr_array, right: np.ndarray, bounds: list[tuple[int, None]]) -> tuple[int, int | None]:
    """The least and the greatest whole number that an unknown can be; None without a bound."""
    target = np.zeros(matrix.shape[1])
    ends: list[float | None] = []
    for sign in (1, -1):
        target[i] = sign
        done = linprog(target, A_eq=matrix, b_eq=right, bounds=bounds)
        assert done.status in (0, 3), done.message
        ends.append(None if done.status == 3 else sign * done.fun)
    return ceil(ends[0] - _ROUNDING), None if ends[1] is None else floor(ends[1] + _ROUNDING)


def _determined(rows: list[dict[int, Fraction]], constants: list[Fraction]) -> dict[int, Fraction]:
    """Unknowns with one value only, by Gauss-Jordan elimination over sparse rational rows."""
    pivots: dict[int, tuple[dict[int, Fraction], Fraction]] = {}
    for row, constant in zip(map(dict, rows), constants, strict=True):
        for pivot, (other, value) in pivots.items():
            if factor := row.get(pivot):
                constant -= factor * value
                row = _minus(row, other, factor)
        if not row:
            assert constant == 0, "what is printed contradicts what everybody knows"
            continue
        pivot, lead = next(iter(row.items()))
        row, constant = {i: v / lead for i, v in row.items()}, constant / lead
        for known, (other, value) in pivots.items():
            if factor := other.get(pivot):
                pivots[known] = (_minus(other, row, factor), value - factor * constant)
        pivots[pivot] = (row, constant)
    return {pivot: value for pivot, (row, value) in pivots.items() if len(row) == 1}


def _minus(row: dict[int, Fraction], other: dict[int, Fraction], factor: Fraction) -> dict[int, Fraction]:
    keys = dict.fromkeys([*row, *other])
    made = {i: row.get(i, Fraction()) - factor * other.get(i, Fraction()) for i in keys}
    return {i: v for i, v in made.items() if v}
