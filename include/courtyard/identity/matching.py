"""Scores of pairs by a saved Splink model, and what may be concluded from them alone.

The model is data: comparisons, blocking rules and probabilities as Splink saves them, so that the same code links a
street's residents and the FEBRL benchmark's Australians. Fellegi & Sunter (1969), as Splink implements it
(https://moj-analytical-services.github.io/splink), with term frequencies: a rare name says more than a common one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

_QUIET = logging.ERROR
SIDES = ("a_records", "b_persons")
"""How Splink knows the two tables: it puts the lesser name left."""


class Scored(NamedTuple):
    """Two rows, by their numbers in either table, and what the model makes of them.

    `levels` names the level of agreement of each comparison.
    """

    left: int
    right: int
    probability: float
    levels: dict[str, str]


@dataclass(frozen=True)
class Model:
    """A trained model: what to compare, which pairs to look at, and how much each agreement says."""

    settings: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Model:
        return cls(json.loads(path.read_text("utf-8")))

    @property
    def comparisons(self) -> list[str]:
        return [c["output_column_name"] for c in self.settings["comparisons"]]

    def label(self, comparison: int, gamma: int) -> str:
        """What Splink's level number stands for: -1 is the null level, the others count up to the best one."""
        levels = self.settings["comparisons"][comparison]["comparison_levels"]
        if gamma == -1:
            return next(level["label_for_charts"] for level in levels if level.get("is_null_level"))
        told = [level for level in levels if not level.get("is_null_level")]
        return told[len(told) - 1 - gamma]["label_for_charts"]

    def score(
        self, left: pa.Table, right: pa.Table, frequencies: Mapping[str, pa.Table] | None = None, least: float = 0.01
    ) -> list[Scored]:
        """Pairs of rows, of two tables with a column `unique_id`, that may be one thing; the likelier ones only.

        `frequencies` gives, for a column whose values are not equally common, a table of it and `tf_<column>`:
        its share in the whole population, of which the tables hold only a part.
        """
        from splink import Linker
        from splink.backends.duckdb import DuckDBAPI

        if not left.num_rows or not right.num_rows:
            return []
        logging.getLogger("splink").setLevel(_QUIET)
        database = DuckDBAPI()
        tables = [database.register(t, dataset_display_name=n) for n, t in zip(SIDES, (left, right), strict=True)]
        linker = Linker(tables, dict(self.settings), log_level=_QUIET, validate_settings=False)
        for column, table in (frequencies or {}).items():
            linker.table_management.register_term_frequency_lookup(database.register(table), column)
        found = linker.inference.predict(threshold_match_probability=least).as_duckdbpyrelation()
        gammas = [f"gamma_{name}" for name in self.comparisons]
        rows = found.project(", ".join(["unique_id_l", "unique_id_r", "match_probability", *gammas])).fetchall()
        database.duckdb_con.close()
        return [
            Scored(
                a, b, p, {n: self.label(i, g) for i, (n, g) in enumerate(zip(self.comparisons, levels, strict=True))}
            )
            for a, b, p, *levels in rows
        ]


class Match(NamedTuple):
    """The one person that a record is, or (not `is_sure`) might be."""

    record: Any
    person: Any
    probability: float
    levels: dict[str, str]
    is_sure: bool


def decide(
    pairs: Iterable[tuple[Any, Any, Scored, bool]], *, accept: float, rival: float, review: float
) -> list[Match]:
    """From (record, person, score, may be concluded from alone) to what holds and what must be asked.

    A record is the person of its likeliest pair when that is likely enough, may be concluded, and nobody else comes
    near. Otherwise everyone likely enough to be asked about is.
    """
    best: dict[Any, dict[Any, tuple[Scored, bool]]] = {}
    for record, person, scored, may in pairs:
        of_record = best.setdefault(record, {})
        known = of_record.get(person)
        if known is None or (may, scored.probability) > (known[1], known[0].probability):
            of_record[person] = (scored, may)
    found = []
    for record, persons in sorted(best.items()):
        ranked = sorted(persons.items(), key=lambda item: (-item[1][0].probability, item[0]))
        (person, (scored, may)), others = ranked[0], ranked[1:]
        is_alone = not others or others[0][1][0].probability <= rival
        if may and is_alone and scored.probability >= accept:
            found.append(Match(record, person, scored.probability, scored.levels, True))
            continue
        asked = [item for item in ranked if item[1][0].probability >= review]
        found += [Match(record, p, s.probability, s.levels, False) for p, (s, _) in asked]
    return found


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as Arrow, every column but the first (`unique_id`, whole numbers) as text."""
    import pyarrow as pa

    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    types = [pa.int64(), *[pa.string()] * (len(columns) - 1)]
    return pa.table({c: pa.array(v, t) for c, v, t in zip(columns, values, types, strict=True)})
