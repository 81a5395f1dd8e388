"""`make bench`: one quarter of the whole street, measured on this machine.

Works in a folder of its own (`bench/` of the checkout, or --folder) and prints one Markdown table
for docs/benchmarks.md. With --demo the whole of `make demo` is timed too. Goals come from issue 2.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
_PARSE_DAG = """
import importlib.util, sys, time
import airflow.sdk
sys.path.insert(0, "dags")
since = time.perf_counter()
spec = importlib.util.spec_from_file_location("measured", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(time.perf_counter() - since)
"""


class PeakMemory:
    """Samples the resident memory of a process and its children every 50 ms; PostgreSQL is not among them."""

    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self._process = psutil.Process(pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.is_running() and self._process.status() != psutil.STATUS_ZOMBIE:
            total = 0
            try:
                for process in (self._process, *self._process.children(recursive=True)):
                    if process.name() != "postgres":
                        total += process.memory_info().rss
            except psutil.Error:
                continue
            self.mib = max(self.mib, total / 2**20)
            time.sleep(0.05)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--folder", type=Path, default=ROOT / "bench")
    options.add_argument("--demo", action="store_true", help="time 'courtyard demo' as well, in a folder of its own")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    environment(given.folder)
    rows = [*street(given.scale), *dag_files()]
    if given.demo:
        environment(given.folder / "demo")
        rows += demo(given.scale)
    report(given.scale, rows)


def environment(folder: Path) -> None:
    os.environ.update(
        COURTYARD_VAR=str(folder / "var"), COURTYARD_KEYS=str(folder / "keys"), PYTHONPATH=str(ROOT / "include")
    )


def courtyard(*words: str) -> tuple[float, float, str]:
    """Run a command line; (seconds, peak MiB, standard output). Ends the benchmark when it fails."""
    since = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "courtyard", *words], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    peak = PeakMemory(process.pid)
    out, _ = process.communicate()
    if process.returncode not in (0, 1):
        sys.exit(f"courtyard {' '.join(words)} ended with {process.returncode}")
    return time.perf_counter() - since, peak.mib, out


def street(scale: float) -> list[tuple[str, str, str]]:
    from courtyard.runtime.supervisor import running
    from courtyard.settings import Settings

    settings = Settings.from_env()
    rows = []
    courtyard("init")
    seconds, mib, _ = courtyard("sample", "--scale", str(scale))
    rows.append(("`courtyard sample`", f"{seconds:.1f} s, {mib:,.0f} MiB", "–"))
    with running(settings, standins=True):
        for quarter in QUARTERS:
            seconds, mib, out = courtyard("run", quarter, "--json")
            steps = json.loads(out)["steps"]
            goal = "20 s, 1,536 MiB" if quarter == QUARTERS[-1] else "–"
            rows.append((f"`courtyard run {quarter}`", f"{seconds:.1f} s, {mib:,.0f} MiB", goal))
        for name, step in steps.items():
            rows.append((f"… of which `{name}`", f"{step['seconds']:.1f} s", "–"))
        rows.append(staging(settings, steps["parse"]["seconds"]))
        seconds, _, _ = courtyard("run", QUARTERS[-1], "--json")
        rows.append((f"`courtyard run {QUARTERS[-1]}` again", f"{seconds:.1f} s", "–"))
    return rows


def staging(settings, seconds: float) -> tuple[str, str, str]:
    """The parse stage as a multiple of a bare COPY of the rows it staged."""
    from courtyard import stages
    from courtyard.store import database

    columns = ("dataset", "record_key", "sheet", "row_no", "row_hash", "is_active", "attrs", "sealed")
    names = ", ".join(columns)
    with database.engine(stages.warehouse_url(settings)).connect() as connection:
        raw = connection.connection.driver_connection
        with raw.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE bare AS SELECT {names} FROM warehouse.observation LIMIT 0")
            query = f"SELECT {names} FROM warehouse.observation WHERE effective_from >= '2026-07-01'"
            with cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
                data = b"".join(bytes(block) for block in copy)
            bare = _best(lambda: _copy_in(cursor, data))
            count = cursor.execute("SELECT count(*) FROM bare").fetchone()[0]
    told = f"{seconds:.1f} s for {count:,} rows = {seconds / bare:.1f} × bare COPY ({bare:.2f} s)"
    return ("staging (open, parse, seal, COPY)", told, "–")


def _copy_in(cursor, data: bytes) -> None:
    cursor.execute("TRUNCATE bare")
    with cursor.copy("COPY bare FROM STDIN") as copy:
        copy.write(data)


def _best(work: Callable[[], None], tries: int = 3) -> float:
    times = []
    for _ in range(tries):
        since = time.perf_counter()
        work()
        times.append(time.perf_counter() - since)
    return min(times)


def dag_files() -> list[tuple[str, str, str]]:
    rows = []
    for path in sorted((ROOT / "dags").glob("[!_]*.py")):
        words = [sys.executable, "-W", "ignore", "-c", _PARSE_DAG, str(path)]
        out = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True).stdout
        rows.append((f"parse `dags/{path.name}`", f"{float(out.splitlines()[-1]):.2f} s", "0.3 s"))
    return rows


def demo(scale: float) -> list[tuple[str, str, str]]:
    seconds, mib, out = courtyard("demo", "--scale", str(scale))
    lines = [line for line in out.splitlines() if "2026Q3" in line and "秒" in line]
    return [
        ("`make demo`, packages installed", f"{seconds:.0f} s, {mib:,.0f} MiB with Airflow", "360 s"),
        *(("demo says", line.strip(), "60 s") for line in lines[-1:]),
    ]


def report(scale: float, rows: list[tuple[str, str, str]]) -> None:
    memory = psutil.virtual_memory().total / 2**30
    print(f"\nScale {scale:g}; {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}.\n")
    print("| What | Measured | Goal |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
