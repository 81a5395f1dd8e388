"""A whole sample street from a seed of its own, run through the command line: what measures of truth begin with."""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url

from courtyard.runtime.supervisor import running
from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")


@dataclass(frozen=True)
class Run:
    """A street whose quarters have run; its server answers as long as the process holds it."""

    settings: Settings
    engine: Engine

    def truth(self, name: str) -> list[dict[str, str]]:
        with (self.settings.truth / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def traits(self) -> dict[str, set[str]]:
        """Persons by what makes them hard to link."""
        found: dict[str, set[str]] = defaultdict(set)
        if (self.settings.truth / "traits.csv").exists():
            for row in self.truth("traits"):
                found[row["trait"].replace("_", " ")].add(row["person"])
        else:
            for row in self.truth("persons"):
                if row["twin"]:
                    found["twin"].add(row["person"])
        return dict(found)


def add_options(options: argparse.ArgumentParser, seed: int) -> None:
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=seed)
    options.add_argument("--folder", type=Path, default=ROOT / "bench/street")
    options.add_argument("--keep", action="store_true", help="leave the folder, and use it as it is when it is there")


@contextmanager
def ready(given: argparse.Namespace) -> Iterator[Run]:
    """The street of these options, made and run unless `--keep` finds it; its folder is removed without `--keep`."""
    folder = given.folder.resolve()
    paths = {"COURTYARD_VAR": str(folder / "var"), "COURTYARD_KEYS": str(folder / "keys"), "HOME": os.environ["HOME"]}
    settings = Settings.from_env(paths)
    if not (given.keep and settings.truth.exists()):
        _courtyard(settings, "init")
        _courtyard(settings, "sample", "--scale", str(given.scale), "--seed", str(given.seed))
        for quarter in QUARTERS:
            print(f"{quarter} …", file=sys.stderr)
            _courtyard(settings, "run", quarter)
    with running(settings, standins=False) as services:
        engine = create_engine(make_url(services.url).set(drivername="postgresql+psycopg"))
        yield Run(settings, engine)
        engine.dispose()
    if not given.keep:
        shutil.rmtree(folder, ignore_errors=True)


def _courtyard(settings: Settings, *arguments: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "include"), "COURTYARD_VAR": str(settings.var)}
    env["COURTYARD_KEYS"] = str(settings.keys)
    command = [sys.executable, "-m", "courtyard", *arguments, "--json"]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
