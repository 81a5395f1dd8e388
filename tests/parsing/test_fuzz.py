"""Mutated files: every one is refused or read with its rows, none raises, none is short without saying so."""

import io
import os
import random
import zipfile

import pytest

from courtyard.parsing.reading import whole
from courtyard.parsing.tables import ParsedTable

from .made import PERSON, activists, csv_of, job, package

RUNS = int(os.environ.get("COURTYARD_FUZZ_RUNS", "200"))
ROWS = 40
WORKBOOK = activists(*({"name": f"甲{n}"} for n in range(ROWS)), below=[["合计", f"{ROWS}人"]])
TEXT = csv_of("population", *(PERSON | {"person_no": f"P{n}"} for n in range(ROWS)))


def mutated(rng: random.Random, data: bytes) -> bytes:
    raw = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(raw))
        match rng.randrange(5):
            case 0:
                raw[at] = rng.randrange(256)
            case 1:
                raw[at] ^= 1 << rng.randrange(8)
            case 2:
                del raw[at : at + rng.randint(1, 60)]
            case 3:
                raw[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
            case 4:
                raw[at : at + 10] = raw[(at // 2) : (at // 2) + 10]
        if not raw:
            return b""
    return bytes(raw)


def is_honest(found: ParsedTable) -> bool:
    """Refused, or all rows there, or fewer (more) rows and a total or a structure that says so."""
    if found.rejected or found.landed == ROWS:
        return True
    return bool(found.remarks or found.problems)


@pytest.mark.parametrize("seed", range(4))
def test_workbooks(seed):
    rng = random.Random(seed)
    for _ in range(RUNS // 4):
        (found,) = whole(job("grid_activists"), mutated(rng, WORKBOOK))
        assert is_honest(found), found


def repacked(rng: random.Random, data: bytes) -> bytes:
    """A mutation inside one part, in a package that is whole again: no checksum notices it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        named = {name: archive.read(name) for name in archive.namelist()}
    part = rng.choice([name for name in named if name.startswith("xl/w") or name == "xl/sharedStrings.xml"])
    return package(named | {part: mutated(rng, named[part])})


@pytest.mark.parametrize("seed", range(4))
def test_workbooks_from_inside(seed):
    rng = random.Random(seed)
    for _ in range(RUNS // 4):
        (found,) = whole(job("grid_activists"), repacked(rng, WORKBOOK))
        assert is_honest(found), found


@pytest.mark.parametrize("seed", range(4))
def test_texts(seed):
    """A line break that appears or goes makes lines of another width; a lost line end joins two."""
    rng = random.Random(seed)
    for _ in range(RUNS // 4):
        data = mutated(rng, TEXT)
        (found,) = whole(job("population"), data)
        assert found.rejected or found.problems or found.remarks or found.landed >= ROWS - 8, found
