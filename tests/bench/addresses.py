"""Are addresses understood? A run warehouse held against the sample's own record of where each row is.

    python tests/bench/addresses.py --var FOLDER [--keys FOLDER]

Of rows whose address was written so that it can be understood, 99.5% must lead to the right courtyard, and to the right
building, unit and room where they were written. Of addresses that were made ambiguous or unknown on purpose none may
lead to a wrong place without a word. Rows set aside for another reason than their address are not judged. Prints a
Markdown table by kind of address for docs/benchmarks.md; exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from courtyard.district import load_district
from courtyard.district.models import District
from courtyard.runtime.supervisor import running
from courtyard.sample.mess import effect
from courtyard.settings import Settings

RIGHT_SHARE = 0.995
NUMBERED = ("hazards", "disputes", "hotline_cases", "resident_reports")  # their truth names the item, not its row
UNCLEAR = ("address.ambiguous_name", "address.unknown_courtyard", "address.room_ambiguous")
MISLEADING = "address.former_name"  # may have meant another courtyard since: told in the table, no part of the goal
PLAIN = "(nothing)"
_KEPT = text("""
SELECT o.dataset, d.period, CASE WHEN d.source = 'grid' THEN d.name ELSE '' END AS file, o.sheet,
       CASE WHEN o.dataset = ANY(:numbered) THEN o.record_key ELSE o.row_no::text END AS row,
       o.courtyard_code, o.building, o.unit_no, o.room
  FROM warehouse.observation o JOIN landing.delivery d USING (delivery_id)
""")
_ASIDE = text("""
SELECT b.dataset, d.period, CASE WHEN d.source = 'grid' THEN d.name ELSE '' END AS file, q.sheet, q.row_no::text AS row
  FROM quality.quarantined_row q
  JOIN quality.batch b USING (batch_id)
  JOIN landing.delivery d USING (delivery_id)
 WHERE NOT EXISTS (SELECT FROM unnest(q.codes) code WHERE code NOT LIKE 'address.%')
""")
At = tuple[str, str, str, str, str]
Place = tuple[str | None, str | None, str | None, str | None]


@dataclass
class Tally:
    """Rows with one kind of address: at the right place, told to be in doubt, or at a wrong place without a word."""

    right: int = 0
    told: int = 0
    wrong: int = 0

    @property
    def rows(self) -> int:
        return self.right + self.told + self.wrong


@dataclass(frozen=True)
class Outcome:
    """`share` of the addresses that can be understood which were; `silent`: unclear ones that lead to a wrong place."""

    kinds: dict[str, Tally]

    @property
    def share(self) -> float:
        clear = [t for kind, t in self.kinds.items() if kind not in (*UNCLEAR, MISLEADING)]
        return sum(t.right for t in clear) / max(1, sum(t.rows for t in clear))

    @property
    def silent(self) -> int:
        return sum(self.kinds[kind].wrong for kind in UNCLEAR if kind in self.kinds)

    @property
    def is_good(self) -> bool:
        return self.share >= RIGHT_SHARE and self.silent == 0


def measure(engine: Engine, truth: Path, district: District) -> Outcome:
    """Every row with an address that the warehouse kept, or set aside for its address alone, judged by the truth."""
    kinds: dict[str, Tally] = defaultdict(Tally)
    with engine.connect() as connection:
        kept = {_at(row): tuple(row[5:]) for row in connection.execute(_KEPT, {"numbered": list(NUMBERED)})}
        aside = {_at(row) for row in connection.execute(_ASIDE)}
    for row in _written(truth, district):
        at = (row["dataset"], row["delivered"], _file(row), row["sheet"], row["row_no"])
        found = kept.get(at, (None,) * 4 if at in aside else None)
        if found is not None:
            _judge(kinds, row, found, district)
    return Outcome(dict(kinds))


def _at(row: Iterable[str]) -> At:
    return tuple(row)[:5]  # type: ignore[return-value]


def _file(row: dict[str, str]) -> str:
    return Path(row["file"]).name if row["source"] == "grid" else ""


def _written(truth: Path, district: District) -> Iterator[dict[str, str]]:
    """The rows that name a place, of the datasets that have a column for one."""
    placed = {c.dataset for c in district.contracts.values() if c.role("address") or c.role("courtyard_name")}
    with (truth / "rows.csv").open(encoding="utf-8", newline="") as file:
        yield from (row for row in csv.DictReader(file) if row["courtyard_code"] and row["dataset"] in placed)


def _judge(kinds: dict[str, Tally], row: dict[str, str], found: Place, district: District) -> None:
    defects = set(filter(None, row["defects"].split(";")))
    if any(effect(kind) == "quarantined" and not kind.startswith("address.") for kind in defects):
        return
    kind = min((kind for kind in defects if kind.startswith("address.")), default=PLAIN)
    true: list[str | None] = [row["courtyard_code"], row["building"], row["unit"], row["room"]]
    if kind == "address.no_room" or not district.contracts[row["dataset"]].role("address"):
        true[1:] = [None, None, None]  # not written
    if kind == "address.room_ambiguous":
        true[2] = None
    tally = kinds[kind]
    if found[0] is None:
        tally.told += 1
    elif found[0] == true[0] and all(
        not said or said == is_so for said, is_so in zip(true[1:], found[1:], strict=True)
    ):
        is_guess = kind == "address.room_ambiguous" and found[2] is not None
        tally.wrong += is_guess
        tally.right += not is_guess
    elif found[0] == true[0] and all(is_so in (None, said) for said, is_so in zip(true[1:], found[1:], strict=True)):
        tally.told += 1  # a part of it was not understood, and is not there
    else:
        tally.wrong += 1


def table(outcome: Outcome) -> str:
    """A Markdown table, a line a kind."""
    lines = [
        "| Address | Rows | Right place | In doubt, told | Wrong place | Right |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for kind in sorted(outcome.kinds):
        t = outcome.kinds[kind]
        lines.append(
            f"| {kind} | {t.rows:,} | {t.right:,} | {t.told:,} | {t.wrong:,} | {t.right / max(1, t.rows):.4%} |"
        )
    goal = f"Right of those that can be understood: {outcome.share:.4%} (goal {RIGHT_SHARE:.1%})."
    return "\n".join([*lines, "", f"{goal} Silently wrong of the unclear ones: {outcome.silent} (goal 0)."])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--var", type=Path, required=True, help="the COURTYARD_VAR of a sample street that has run")
    options.add_argument("--keys", type=Path, default=None, help="its COURTYARD_KEYS")
    given = options.parse_args()
    paths = {"COURTYARD_VAR": str(given.var.resolve()), "HOME": os.environ["HOME"]}
    if keys := given.keys or os.environ.get("COURTYARD_KEYS"):
        paths["COURTYARD_KEYS"] = str(keys)
    settings = Settings.from_env(paths)
    with running(settings, standins=False) as services:
        engine = create_engine(make_url(services.url).set(drivername="postgresql+psycopg"))
        outcome = measure(engine, settings.truth, load_district(settings.district_path))
        engine.dispose()
    print(table(outcome))
    sys.exit(0 if outcome.is_good else 1)


if __name__ == "__main__":
    main()
