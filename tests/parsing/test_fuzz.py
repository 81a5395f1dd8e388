"""Mutated files: every one ends as a refusal or as tables, none kills its reader, none is read short.

`make bench-intake` runs thousands through the same functions; COURTYARD_FUZZ_RUNS asks for more here.
"""

import logging
import os

import pytest

from courtyard.parsing import delimited, structure
from courtyard.parsing.reading import whole

from . import fuzzing, seeds
from .made import job

RUNS = int(os.environ.get("COURTYARD_FUZZ_RUNS", "200"))


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL, "courtyard")


def test_no_mutated_file_is_read_short_or_harms_its_reader():
    found = fuzzing.run(RUNS, seed=2026)
    assert found.faults == []
    assert found.files == sum(found.endings.values()) == RUNS
    assert "file.crashed" not in found.endings
    assert all(found.read[kind] for kind in fuzzing.KINDS), "the mutations are too rough: a kind was never read"


@pytest.mark.parametrize("kind", fuzzing.KINDS)
def test_honest_seeds_are_read_whole(kind):
    made = fuzzing.KINDS[kind]
    for number in range(3):
        data = made.seed(fuzzing.random.Random(f"{kind}/{number}"))
        tables = whole(made.job(), data)
        assert not any(t.rejected for t in tables) and all(t.landed for t in tables)
        assert made.is_short(data, data, tables) == ""


def test_the_judge_sees_a_row_that_is_lost(monkeypatch):
    """The oracle itself: a reader that drops a row, or takes one for a note, is caught."""
    data = seeds.grid_workbook(fuzzing.random.Random(1))
    kind = fuzzing.KINDS["grid workbook"]

    def without_the_first(rows, header, merges=(), *more):
        return split(rows[1:], header, merges, *more)

    split = structure.split
    monkeypatch.setattr(structure, "split", without_the_first)
    assert "rows of" in kind.is_short(data, data, whole(seeds.grid_job(), data))


def test_the_judge_sees_a_line_that_is_lost(monkeypatch):
    data = seeds.population_text(fuzzing.random.Random(1))
    records = delimited._records

    def without_the_last(*given):
        found, broken = records(*given)
        return found[:-1], broken

    monkeypatch.setattr(delimited, "_records", without_the_last)
    assert "records of" in fuzzing.KINDS["population"].is_short(data, data, whole(job("population"), data))
