"""`make recall`: is every kind of defect that the sample street injects found, in its cell and with its code?

Draws a street from a seed that nobody developed against, runs its four quarters through the command line, and
holds `quality.finding` against the sample's own record of what it spoilt. Prints one Markdown table for
docs/benchmarks.md. Exits 1 when a kind with enough instances is found too rarely, or clean cells are blamed.

Reports that come as single events (12345, residents) are left out: the sample records them by their number.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, text
from tests.bench import street

from courtyard.district import load_district
from courtyard.district.models import District

SEED = 20280303
LEAST_PER_KIND, LEAST_OVERALL, MOST_ALARMS = 0.95, 0.99, 0.001

# What a finding of each kind is called; kinds that are read without a word are not here. `rule:` stands for the
# contract rules of that check.
FOUND_AS: dict[str, set[str]] = {
    "id.mistyped": {"id.checksum", "id.birth_impossible", "disability.format"},
    "id.numeric_cell": {"id.numeric_cell"},
    "id.masked": {"id.masked"},
    "id.cut_short": {"id.length"},
    "id.fifteen_digits": {"id.fifteen_digits"},
    "credit.mistyped": {"credit.checksum", "credit.length"},
    "name.unreadable": {"name.unreadable"},
    "name.rare_lost": {"name.unreadable"},
    "text.garbled": {"text.replacement_char", "name.unreadable"},
    "date.float_month": {"date.float_month"},
    "date.impossible": {"date.impossible"},
    "birth.contradicts_id": {"rule:birth_matches_id"},
    "sex.contradicts_id": {"rule:sex_matches_id"},
    "phone.unreadable": {"phone.unreadable"},
    "code.unknown": {"code.unknown"},
    "number.out_of_range": {"number.out_of_range"},
    "address.unknown_courtyard": {"address.unknown_courtyard"},
    "required.blank": {"required.missing"},
    "cell.ref_error": {"cell.error_value"},
    "cell.formula_without_value": {"cell.formula_without_value"},
    "row.duplicate": {"record.repeated"},
    "row.hidden": {"row.hidden"},
    "row.second_head": {"rule:one_of"},
    "sheet.extra_column": {"header.unknown_column"},
    "sheet.total_wrong": {"total.mismatch"},
}
NEAR = 12  # rows above a second head in which its household begins

_FINDINGS = text("""
SELECT b.dataset, d.period AS delivered, d.name, f.sheet, f.row_no, f.column_name, f.cell, f.code, b.status
  FROM quality.finding f JOIN quality.batch b USING (batch_id) JOIN landing.delivery d USING (delivery_id)
""")
_TAKEN = text("""
SELECT b.dataset, d.period AS delivered, d.name
  FROM quality.batch b JOIN landing.delivery d USING (delivery_id) WHERE b.status = 'merged'
""")
File = tuple[str, str, str]  # dataset, period it was delivered for, file name of grid workbooks


@dataclass
class Found:
    """Findings of one file: codes by cell, by row, and by column of a row."""

    cells: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    rows: dict[tuple[str, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    columns: dict[tuple[str, int, str], set[str]] = field(default_factory=lambda: defaultdict(set))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    street.add_options(options, SEED)
    options.add_argument("--least", type=int, default=50, help="instances from which a kind is judged (50)")
    given = options.parse_args()
    with street.ready(given) as run:
        district = load_district(run.settings.district_path)
        found, taken = _findings(run.engine)
        kinds = _measure(district, run.settings.truth, found, taken)
        alarms, cells = _false_alarms(district, run.settings.truth, found, taken)
    sys.exit(0 if _tell(kinds, alarms, cells, given) else 1)


def _findings(engine: Engine) -> tuple[dict[File, Found], set[File]]:
    found: dict[File, Found] = defaultdict(Found)
    with engine.connect() as connection:
        for row in connection.execute(_FINDINGS):
            one = found[_file(row.dataset, row.delivered, row.name)]
            one.cells[row.sheet, row.cell or ""].add(row.code)
            if row.row_no is not None:
                one.rows[row.sheet, row.row_no].add(row.code)
                one.columns[row.sheet, row.row_no, row.column_name or ""].add(row.code)
        taken = {_file(row.dataset, row.delivered, row.name) for row in connection.execute(_TAKEN)}
    return found, taken


def _file(dataset: str, delivered: str, name: str) -> File:
    return dataset, delivered, Path(name).name if dataset.startswith("grid_") else ""


def _measure(
    district: District, truth: Path, found: dict[File, Found], taken: set[File]
) -> dict[str, tuple[int, int, Counter[str]]]:
    """Kind -> (injected, found, what stands in the cells of those that were not)."""
    injected: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    instead: dict[str, Counter[str]] = defaultdict(Counter)
    codes = {dataset: _codes(district, dataset) for dataset in district.contracts}
    for defect in (*_cell_defects(district, truth), *_row_defects(truth)):
        if defect.kind not in FOUND_AS or defect.file not in taken:
            continue
        told = _told(found[defect.file], defect)
        injected[defect.kind] += 1
        if told & codes[defect.file[0]][defect.kind]:
            hits[defect.kind] += 1
        else:
            instead[defect.kind][",".join(sorted(told)) or "–"] += 1
    return {kind: (injected[kind], hits[kind], instead[kind]) for kind in sorted(injected)}


def _codes(district: District, dataset: str) -> dict[str, set[str]]:
    """The codes of each kind in one dataset, its contract's rules by their ids."""
    contract = district.contracts[dataset]
    ids: dict[str, set[str]] = defaultdict(set)
    for rule in (*contract.rules, *contract.group_rules):
        ids[f"rule:{rule.check}"].add(f"rule.{rule.id}")
    return {
        kind: {code for name in names for code in (ids[name] if name.startswith("rule:") else {name})}
        for kind, names in FOUND_AS.items()
    }


@dataclass(frozen=True)
class Defect:
    """`cell` is empty where the file has no cells, `column` where the whole row is meant."""

    file: File
    sheet: str
    row_no: int
    column: str
    cell: str
    kind: str


def _cell_defects(district: District, truth: Path) -> Iterator[Defect]:
    names = {d: {c.header: c.name for c in contract.columns} for d, contract in district.contracts.items()}
    for row in _read(truth / "defects.csv"):
        if row["row_no"].isdecimal() and len(row["row_no"]) < 9:
            column = names[row["dataset"]].get(row["column"], "")
            at = _file(row["dataset"], row["delivered"], row["file"]), row["sheet"], int(row["row_no"])
            yield Defect(*at, column, row["cell"], row["kind"])


def _row_defects(truth: Path) -> Iterator[Defect]:
    for row in _read(truth / "rows.csv"):
        if row["row_no"].isdecimal() and len(row["row_no"]) < 9:
            at = _file(row["dataset"], row["delivered"], row["file"]), row["sheet"], int(row["row_no"])
            yield from (Defect(*at, "", "", kind) for kind in row["defects"].split(";") if kind.startswith("row."))


def _told(found: Found, defect: Defect) -> set[str]:
    """The codes at the defect's cell, or at its column or row where there are no cells to name."""
    if defect.kind == "row.second_head":
        near = range(max(1, defect.row_no - NEAR), defect.row_no + 1)
        return set().union(*(found.rows.get((defect.sheet, row), set()) for row in near))
    if not defect.column and not defect.cell:
        return found.rows.get((defect.sheet, defect.row_no), set())
    told = set(found.cells.get((defect.sheet, defect.cell), set()))
    return told | (found.columns.get((defect.sheet, defect.row_no, defect.column), set()) if defect.column else set())


def _false_alarms(
    district: District, truth: Path, found: dict[File, Found], taken: set[File]
) -> tuple[Counter[str], int]:
    """Findings in rows that nobody spoilt, by code, and how many cells these rows have.

    What compares rows or datasets (group and reference rules) is about people, not about a cell, and is left out.
    """
    compared = {
        (dataset, f"rule.{rule.id}")
        for dataset, contract in district.contracts.items()
        for rule in (*contract.group_rules, *contract.reference_rules)
    }
    spoilt: set[tuple[File, str, int]] = set()
    rows: Counter[str] = Counter()
    for row in _read(truth / "rows.csv"):
        at = _file(row["dataset"], row["delivered"], row["file"])
        if not row["row_no"].isdecimal() or len(row["row_no"]) >= 9 or at not in taken:
            continue
        if row["defects"]:
            spoilt.add((at, row["sheet"], int(row["row_no"])))
        else:
            rows[row["dataset"]] += 1
    alarms: Counter[str] = Counter()
    for at in taken & found.keys():
        if at[0] not in rows:
            continue
        for (sheet, row_no), codes in found[at].rows.items():
            if (at, sheet, row_no) not in spoilt:
                alarms.update(code for code in codes if (at[0], code) not in compared)
    width = {d: sum(not c.volatile for c in contract.columns) for d, contract in district.contracts.items()}
    return alarms, sum(count * width[dataset] for dataset, count in rows.items())


def _read(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _tell(
    kinds: dict[str, tuple[int, int, Counter[str]]], alarms: Counter[str], cells: int, given: argparse.Namespace
) -> bool:
    print(
        f"\nSeed {given.seed}, scale {given.scale:g}.\n\n| Kind | Injected | Found | Recall | Not found: what stands there |"
    )
    print("|---|---|---|---|---|")
    good = True
    for kind, (injected, hits, instead) in kinds.items():
        missed = "; ".join(f"{codes} {count}" for codes, count in instead.most_common(3))
        is_judged = injected >= given.least
        good &= not is_judged or hits >= LEAST_PER_KIND * injected
        note = "" if is_judged else f" (fewer than {given.least})"
        print(f"| `{kind}` | {injected:,}{note} | {hits:,} | {hits / injected:.4f} | {missed} |")
    injected, hits = sum(n for n, _, _ in kinds.values()), sum(h for _, h, _ in kinds.values())
    print(f"| all | {injected:,} | {hits:,} | {hits / injected:.4f} | |")
    wrong = sum(alarms.values())
    print(
        f"\nFalse alarms: {wrong:,} of {cells:,} clean cells ({wrong / cells:.5%}) {json.dumps(dict(alarms.most_common(8)))}"
    )
    absent = sorted(set(FOUND_AS) - set(kinds))
    print(f"Kinds never injected: {', '.join(absent) or 'none'}")
    return good and hits >= LEAST_OVERALL * injected and wrong <= MOST_ALARMS * cells


if __name__ == "__main__":
    main()
