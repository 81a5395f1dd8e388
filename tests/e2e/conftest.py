"""A small street run through four quarters, once for all end-to-end tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from tests import folders

from courtyard import landing, stages
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.identity import decisions
from courtyard.privacy import keys
from courtyard.runtime import postgres
from courtyard.runtime.supervisor import running
from courtyard.sample import generate
from courtyard.sample.standins import stage_inbox
from courtyard.settings import Settings
from courtyard.sources.fetched import Fetched

QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
SCALE, SEED = 0.02, 7
SMALL_SCALE = 0.005


@dataclass(frozen=True)
class Street:
    """A sample street whose four quarters have run. `results` is each quarter's last result by step."""

    settings: Settings
    results: dict[str, dict]

    def context(self, quarter: str) -> Context:
        return stages.context(quarter, holder="test", settings=self.settings)

    def run(self, quarter: str) -> dict:
        return dict(stages.run_quarter(self.context(quarter)))

    @property
    def engine(self) -> Engine:
        return self.context(QUARTERS[-1]).engine()


@pytest.fixture(scope="session")
def street() -> Iterator[Street]:
    yield from _lived_through(SCALE, SEED)


@pytest.fixture(scope="session")
def small_street() -> Iterator[Street]:
    """So small that it can be rebuilt many times; its office has decided something of each kind."""
    for made in _lived_through(SMALL_SCALE, SEED):
        _decide(made)
        yield made


def _decide(made: Street) -> None:
    """A name is learned and two records are held to be one person, in the last quarter."""
    ctx = made.context(QUARTERS[-1])
    first = text(
        "SELECT dataset || '/' || min(record_key) FROM identity.record_person WHERE dataset = :dataset GROUP BY dataset"
    )
    with made.engine.connect() as connection:
        left, right = (connection.scalar(first, {"dataset": d}) for d in ("grid_activists", "population"))
    row = {
        "verdict": "chosen",
        "decided_by": "社治办主任",
        "decided_at": "2026-10-09T09:00:00+08:00",
        "reason": "现场核实",
    }
    rows = [
        {**row, "decision_no": "J1", "matter": "院落别名", "address": "样例新居", "courtyard_code": "5101050050020002"},
        {
            **row,
            "decision_no": "J2",
            "matter": "是否同一人",
            "verdict": "same",
            "left_record": left,
            "right_record": right,
        },
    ]
    data = decisions.as_bytes(decisions.contract(ctx.district), rows)
    landing.hand_in(ctx, "desk", Fetched("decisions.jsonl", data, decisions.MEDIA_TYPE))
    made.results[QUARTERS[-1]] = made.run(QUARTERS[-1])


def _lived_through(scale: float, seed: int) -> Iterator[Street]:
    with folders.passable("courtyard-street-") as folder:
        yield from _quarters(folder, scale, seed)


def _quarters(folder: Path, scale: float, seed: int) -> Iterator[Street]:
    settings = Settings.from_env(
        {"COURTYARD_VAR": str(folder / "var"), "COURTYARD_KEYS": str(folder / "keys"), "HOME": os.environ["HOME"]}
    )
    try:
        keys.create(settings.keys)
        generate(load_district(settings.district_path), settings.sample, settings.truth, scale=scale, seed=seed)
        with running(settings, standins=True):
            made = Street(settings, {})
            for quarter in QUARTERS:
                stage_inbox(settings, quarter)
                made.results[quarter] = made.run(quarter)
            yield made
    finally:
        postgres.stop(settings.pgdata)
