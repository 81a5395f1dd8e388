"""`make linkage`: are rows of one person linked, and rows of two persons kept apart?

Draws a street from a seed that nobody developed against, runs its four quarters through the command line, and holds
`mart.observation_person` against the sample's own record of who stands in which row. Pairs are counted, as is usual
(Christen 2012, chapter 7): precision is the share of linked pairs that are one person, recall the share of pairs of
one person that are linked. The goals are for pairs of rows. Those weigh a person by the square of their rows, and a
register row is the same person next quarter by its number alone; so pairs of *records* of different datasets, which
show the linkage only, are told beside them. Prints Markdown tables for docs/benchmarks.md; exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from tests.bench import street

SEED = 20290404
PRECISION, RECALL = 0.9995, 0.995

_ROWS = text("""
SELECT o.dataset, d.period AS delivered, CASE WHEN d.source = 'grid' THEN d.name ELSE '' END AS file, o.sheet, o.row_no,
       o.record, o.person_id, o.method
  FROM mart.observation_person o JOIN landing.delivery d USING (delivery_id)
 WHERE o.person_id IS NOT NULL
""")


@dataclass(frozen=True)
class Row:
    """An observed row: its record, the true person and the person it was resolved to."""

    record: tuple[str, str]
    person: str
    resolved: str
    method: str
    defects: frozenset[str]


@dataclass(frozen=True)
class Score:
    """Counts of pairs."""

    true: int
    linked: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        return self.both / self.true if self.true else 1.0


def observed(run: street.Run) -> list[Row]:
    """Every observed row of a person of whom the truth knows who it is."""
    with run.engine.connect() as connection:
        found = {(r.dataset, r.delivered, r.file, r.sheet, r.row_no): r for r in connection.execute(_ROWS)}
    rows = []
    for true in run.truth("rows"):
        if not true["person"]:
            continue
        place = Path(true["file"]).name if true["source"] == "grid" else ""
        row = found.get((true["dataset"], true["delivered"], place, true["sheet"], int(true["row_no"])))
        if row is not None:
            defects = frozenset(filter(None, true["defects"].split(";")))
            rows.append(Row((row.dataset, row.record), true["person"], row.person_id, row.method, defects))
    return rows


def of_rows(rows: Iterable[Row]) -> Score:
    return _score((row.person, row.resolved) for row in rows)


def of_records(rows: Iterable[Row]) -> Score:
    """Pairs of records of different datasets, each record once with the person that most of its rows are."""
    records = by_record(rows)
    total = _score(records.values())
    within = [_score(pairs) for pairs in _grouped(records.items(), lambda item: item[0][0]).values()]
    return Score(
        total.true - sum(s.true for s in within),
        total.linked - sum(s.linked for s in within),
        total.both - sum(s.both for s in within),
    )


def by_record(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[str, str]]:
    persons: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    resolved = {}
    for row in rows:
        persons[row.record][row.person] += 1
        resolved[row.record] = row.resolved
    return {record: (count.most_common(1)[0][0], resolved[record]) for record, count in persons.items()}


def _grouped(items: Iterable[tuple], key: Callable) -> Mapping[Hashable, list[tuple[str, str]]]:
    found: dict[Hashable, list[tuple[str, str]]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item[1])
    return found


def _score(pairs: Iterable[tuple[str, str]]) -> Score:
    """From (true, resolved) of each thing to counts of pairs, by the table of both."""
    cells = Counter(pairs)
    true, linked = Counter(), Counter()
    for (person, resolved), count in cells.items():
        true[person] += count
        linked[resolved] += count
    return Score(*(sum(n * (n - 1) // 2 for n in counts.values()) for counts in (true, linked, cells)))


def by_kind(rows: list[Row], kinds: Mapping[str, set[str]], noise: Mapping[str, str]) -> list[tuple]:
    """For each kind of noise: records concerned, and the share of their pairs with other records that is right.

    `kinds` are persons by trait, `noise` the defects of a row by kind. A pair belongs to a kind when either record does.
    """
    records = by_record(rows)
    marked: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        marked[row.record] |= {kind for defect, kind in noise.items() if defect in row.defects}
        marked[row.record] |= {kind for kind, persons in kinds.items() if row.person in persons}
    told = []
    for kind in [*noise.values(), *kinds]:
        mine = {record for record, held in marked.items() if kind in held}
        told.append((kind, len(mine), *_touching(records, mine)))
    return list(dict.fromkeys(told))


def _touching(records: dict[tuple[str, str], tuple[str, str]], mine: set) -> tuple[Score]:
    """Pairs of records of which at least one is of the kind: all pairs less those among the others."""
    everybody = {person for record, (person, _) in records.items() if record in mine}
    clusters = {resolved for record, (_, resolved) in records.items() if record in mine}
    near = {r: pair for r, pair in records.items() if pair[0] in everybody or pair[1] in clusters}
    total, rest = _score(near.values()), _score(pair for r, pair in near.items() if r not in mine)
    return (Score(total.true - rest.true, total.linked - rest.linked, total.both - rest.both),)


NOISE = {
    "id.missing": "no ID in this source",
    "id.mistyped_valid": "ID mistyped, check digit holds",
    "id.fifteen_digits": "ID of 15 digits",
    "name.variant": "name with another character",
    "address.room_ambiguous": "room not certain",
    "address.no_room": "courtyard only",
    "row.stale": "moved, source still says the former home",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    street.add_options(options, SEED)
    given = options.parse_args()
    with street.ready(given) as run:
        rows, traits = observed(run), run.traits()
    by_rows, by_records = of_rows(rows), of_records(rows)
    print(f"Seed {given.seed}, scale {given.scale}: {len(rows):,} rows of {len({r.person for r in rows}):,} persons.\n")
    print("| Pairs of | True | Linked | Precision | Recall |\n|---|---|---|---|---|")
    for name, score in (("rows", by_rows), ("records of different datasets", by_records)):
        print(f"| {name} | {score.true:,} | {score.linked:,} | {score.precision:.5f} | {score.recall:.5f} |")
    print("\n| Kind of noise | Records | Pairs | Precision | Recall |\n|---|---|---|---|---|")
    for kind, count, score in by_kind(rows, traits, NOISE):
        print(f"| {kind} | {count:,} | {score.true:,} | {score.precision:.5f} | {score.recall:.5f} |")
    sys.exit(0 if by_rows.precision >= PRECISION and by_rows.recall >= RECALL else 1)


if __name__ == "__main__":
    main()
