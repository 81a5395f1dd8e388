"""The real pack's contracts, and one sandbox for all tests that need no fresh one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from courtyard.district import District, load_district
from courtyard.parsing.sandbox import Sandbox

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"


@pytest.fixture(scope="session")
def district() -> District:
    return load_district(PACK)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as one:
        yield one
