"""One small sample street for all tests of this room."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from courtyard.district import District, load_district
from courtyard.sample import generate

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
SCALE = 0.01
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Sample:
    """The folders of a generated street and its truth by table."""

    out: Path
    truth_folder: Path

    def truth(self, table: str) -> Rows:
        return read(self.truth_folder / f"{table}.csv")


def read(path: Path, encoding: str = "utf-8") -> Rows:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def district() -> District:
    return load_district(PACK)


@pytest.fixture(scope="session")
def make_sample(district: District, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sample]:
    """Make a street in a folder of its own."""

    def make(**options: int | float) -> Sample:
        folder = tmp_path_factory.mktemp("street")
        sample = Sample(folder / "sample", folder / "sample-truth")
        generate(district, sample.out, sample.truth_folder, **{"scale": SCALE, **options})
        return sample

    return make


@pytest.fixture(scope="session")
def sample(make_sample: Callable[..., Sample]) -> Sample:
    return make_sample()


@pytest.fixture(scope="session")
def rows(sample: Sample) -> Rows:
    return sample.truth("rows")


@pytest.fixture(scope="session")
def named(sample: Sample) -> Callable[[str, str], str]:
    """The name of a person on a day."""
    held: dict[str, Rows] = {}
    for row in sample.truth("names"):
        held.setdefault(row["person"], []).append(row)
    return lambda person, day: next(n["name"] for n in held[person] if day < (n["valid_to"] or "9"))


@pytest.fixture(scope="session")
def persons(sample: Sample) -> dict[str, dict[str, str]]:
    return {person["person"]: person for person in sample.truth("persons")}
