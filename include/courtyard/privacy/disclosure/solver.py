"""Another solution: whole numbers that agree with all that is printed and yet say something else of one cell.

Found by integer programming (HiGHS) at the least loss of printed cells, then checked in exact integers: a solution that
passes is a proof, whatever the solver's tolerances. It stays one while more cells are hidden.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array

from courtyard.privacy.disclosure.system import Key, Relation, System, Variable

NODES = 2_000  # of the search tree: a limit that counts, since one by the clock would not repeat
GAP = 0.05  # of the loss, that a choice may be above the best one
_WIDE = 4  # how many times the largest need a cell may move in a first attempt
_STEPS = 8  # into which the smallest amount with a need is divided: amounts move by such steps

Shift = dict[Key, int]  # how far each variable moves from what is true


@dataclass(frozen=True)
class Wish:
    """What a solution shall say of `key`: at least `high` or at most `low`, with an `alibi` or without.

    An alibi is a printed cell beside it (of a relation with it) that is small there: else `*` itself would tell that
    this cell is the small one.
    """

    key: Key
    low: int | None = None
    high: int | None = None
    alibi: bool = False


@dataclass
class Part:
    """A part of a system that hangs together, with the cells hidden so far and the solutions found so far."""

    system: System
    keys: list[Key]
    relations: Sequence[Relation]
    hidden: set[Key]
    proofs: list[Shift] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index = {key: i for i, key in enumerate(self.keys)}
        self._met: dict[Key, list[Relation]] = {key: [] for key in self.keys}
        for relation in self.relations:
            for key, _ in relation.terms:
                if key in self.index:
                    self._met[key].append(relation)
        self.variables: list[Variable] = [self.system.variables[key] for key in self.keys]
        needy = [v.value // _STEPS for v in self.variables if v.need and not v.is_count]
        self.step = max(1, min(needy, default=1))
        self.matrix = self._matrix()

    def _matrix(self) -> csr_array:
        entries = [
            (row, self.index[key], float(coefficient))
            for row, relation in enumerate(self.relations)
            for key, coefficient in relation.terms
            if key in self.index
        ]
        return _sparse(entries, (len(self.relations), len(self.keys)))

    def beside(self, key: Key) -> list[Key]:
        """The printed cells of the relations in which a variable stands."""
        found = dict.fromkeys(k for r in self._met[key] for k, _ in r.terms if k != key and k in self.index)
        return [k for k in found if self.system.variables[k].printed]

    def grants(self, shift: Shift, wish: Wish) -> bool:
        """Whether a solution says what is wished."""
        said = self.system.variables[wish.key].value + shift.get(wish.key, 0)
        if (wish.high is not None and said < wish.high) or (wish.low is not None and said > wish.low):
            return False
        return not wish.alibi or any(self._is_small(key, shift) for key in self.beside(wish.key))

    def _is_small(self, key: Key, shift: Shift) -> bool:
        is_starred = key in self.hidden or shift.get(key, 0) != 0
        return is_starred and 0 < self.system.variables[key].value + shift.get(key, 0) < self.system.threshold

    def find(self, wish: Wish) -> Shift | None:
        """A solution that hides few more cells, or None where there is none: at first one that hides none."""
        near = _WIDE * max([self.system.threshold, *(v.need.high for v in self.variables if v.need)])
        far = near + 2 * max(v.value for v in self.variables)
        everything = set(self.keys)
        unknown = {key for key in everything if key in self.hidden or not self.system.variables[key].printed}
        attempts = [(near, unknown, True), (near, everything, False), (far, everything, False)]
        for reach, moving, is_relaxed in attempts:
            programme = _Programme(self, reach, moving)
            programme.wish(replace(wish, alibi=wish.alibi and not is_relaxed))
            shift = self._checked(programme.solve(is_relaxed=is_relaxed))
            if shift is not None and self.grants(shift, wish):
                return shift
        return None

    def lowest(self, key: Key) -> int:
        """The least that any choice of hidden cells could leave possible for a variable."""
        programme = _Programme(self, 2 * max(v.value for v in self.variables), set(self.keys))
        shift = self._checked(programme.solve(least=key))
        return self.system.variables[key].value + (shift or {}).get(key, 0)

    def _checked(self, result: OptimizeResult) -> Shift | None:
        """The shift of a result, if it keeps every relation and every bound in exact integers."""
        if result is None or result.x is None:
            return None
        shift = {key: by for key, d in zip(self.keys, result.x, strict=False) if (by := round(d) * self.step)}
        if any(sum(c * shift.get(key, 0) for key, c in relation.terms) for relation in self.relations):
            return None
        variables = self.system.variables
        if any(variables[key].value + by < int(variables[key].printed) for key, by in shift.items()):
            return None
        return shift


class _Programme:
    """An integer programme over the shifts (in steps), choices (this printed cell moves) and alibis of a part.

    Only the variables `moving` may shift, each by at most `reach`.
    """

    def __init__(self, part: Part, reach: int, moving: set[Key]) -> None:
        self._part = part
        far = max(1, reach // part.step)
        moves = [key in moving for key in part.keys]
        self._up = [float(far if m else 0) for m in moves]
        room = [(v.value - int(v.printed)) // part.step for v in part.variables]
        self._down = [float(min(r, far) if m else 0) for r, m in zip(room, moves, strict=True)]
        self._lower, self._upper = [-d for d in self._down], list(self._up)
        self._cost = [0.0 for _ in part.keys]
        self._rows: list[tuple[list[tuple[int, float]], float, float]] = []
        self._choices: dict[int, int] = {}
        for i, key in enumerate(part.keys):
            if moves[i] and part.variables[i].printed and key not in part.hidden:
                choice = self._choices[i] = self._binary(self._loss(i))
                self._row([(i, 1), (choice, -self._up[i])], high=0)
                self._row([(i, 1), (choice, self._down[i])], low=0)

    def _loss(self, i: int) -> float:
        """What hiding a cell loses, with the amounts that must go with it."""
        variable = self._part.variables[i]
        return variable.weight + sum(self._part.system.variables[f].weight for f in variable.followers)

    def _binary(self, cost: float = 0.0) -> int:
        self._lower.append(0.0)
        self._upper.append(1.0)
        self._cost.append(cost)
        return len(self._cost) - 1

    def _row(self, terms: list[tuple[int, float]], low: float = -np.inf, high: float = np.inf) -> None:
        self._rows.append((terms, low, high))

    def wish(self, wish: Wish) -> None:
        part = self._part
        at, value = part.index[wish.key], part.system.variables[wish.key].value
        if wish.high is not None:
            self._lower[at] = max(self._lower[at], -((value - wish.high) // part.step))
        if wish.low is not None:
            self._upper[at] = min(self._upper[at], (wish.low - value) // part.step)
        if wish.alibi:
            alibis = [self._alibi(part.index[key]) for key in part.beside(wish.key)]
            self._row([(alibi, 1) for alibi in alibis], low=1)

    def _alibi(self, i: int) -> int:
        """A binary that can be 1 only where the cell is hidden and small."""
        alibi, room = self._binary(), self._part.system.threshold - 1 - self._part.variables[i].value
        self._row([(i, 1), (alibi, self._up[i] - room)], high=self._up[i])
        if i in self._choices:
            self._row([(alibi, 1), (self._choices[i], -1)], high=0)
        return alibi

    def solve(self, least: Key | None = None, is_relaxed: bool = False) -> OptimizeResult | None:
        """The cheapest solution, or the one with the least value of a variable; None where bounds exclude each other.

        Relaxed, it need not be whole; most of these are.
        """
        if any(low > high for low, high in zip(self._lower, self._upper, strict=True)):
            return None
        width = len(self._cost)
        cost = np.array(self._cost)
        if is_relaxed:
            cost[: len(self._part.keys)] = 1.0  # as small as can be: other small cells are alibis
        if least is not None:
            cost = np.zeros(width)
            cost[self._part.index[least]] = 1.0
        matrix = self._part.matrix
        relations = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], width))
        constraints = [LinearConstraint(relations, 0, 0)]
        if self._rows:
            entries = [(row, i, value) for row, (terms, _, _) in enumerate(self._rows) for i, value in terms]
            lows, highs = [low for _, low, _ in self._rows], [high for _, _, high in self._rows]
            constraints.append(LinearConstraint(_sparse(entries, (len(self._rows), width)), lows, highs))
        with _silence():
            return milp(
                cost,
                integrality=np.full(width, int(not is_relaxed)),
                bounds=Bounds(np.array(self._lower), np.array(self._upper)),
                constraints=constraints,
                options={"node_limit": NODES, "mip_rel_gap": GAP},
            )


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing goes to standard output: HiGHS prints a line there now and then, where commands print their results."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # what C has not written yet would come later
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _sparse(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array(coo_array((np.array(values, float), (np.array(rows, int), np.array(columns, int))), shape=shape))
