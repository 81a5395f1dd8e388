"""`make bench`: how long a quarter of the whole street takes, and how much memory, on this machine.

Works in `bench/` with data and keys of its own. The figures go into docs/benchmarks.md by hand.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace

import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from courtyard.runtime import airflow, supervisor
from courtyard.settings import Settings

QUARTERS = ("2025Q4", "2026Q1", "2026Q2", "2026Q3")
POLL_SECONDS = 0.1
_STEP = re.compile(r"✓ (\w+)\S*\s+([\d.]+) s")
_RUN = re.compile(r"(\d{4}Q\d)\s+完成，用时 (\d+) 秒")


@dataclass
class Measured:
    """One command: seconds, peak resident memory of it and its children, and its output."""

    seconds: float
    peak_bytes: int
    code: int
    output: str
    steps: dict[str, float] = field(default_factory=dict)


def measure(settings: Settings, *arguments: str) -> Measured:
    """Run `courtyard …` and watch it. PostgreSQL is counted apart: it is no child of the command."""
    command = [sys.executable, "-m", "courtyard", *arguments]
    since, peak = time.monotonic(), 0
    log = settings.var.parent / "last-output.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w+", encoding="utf-8") as out:
        child = psutil.Popen(command, env=supervisor.child_env(settings), stdout=out, stderr=subprocess.STDOUT)
        while child.poll() is None:
            peak = max(peak, _resident(child))
            time.sleep(POLL_SECONDS)
        seconds = time.monotonic() - since
        out.seek(0)
        text = out.read()
    steps: dict[str, float] = {}
    for name, took in _STEP.findall(text):
        steps[name] = steps.get(name, 0.0) + float(took)
    return Measured(seconds, peak, child.returncode, text, steps)


def _resident(process: psutil.Process) -> int:
    """Proportional memory of a process and its children, so that shared pages count once."""
    total = 0
    for member in [process, *_children(process)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [p for p in process.children(recursive=True) if p.name() != "postgres"]
    except psutil.Error:
        return []


def bare_copy(settings: Settings) -> tuple[int, float]:
    """COPY the last quarter's population file into a table without keys; returns rows and seconds."""
    file = next(settings.sample.rglob(f"syrk_*_{QUARTERS[-1]}.csv"))
    with file.open(encoding="gb18030", newline="", errors="replace") as lines:
        rows = [row for row in csv.reader(lines) if row]
    width = max(map(len, rows))
    with supervisor.running(settings, standins=False) as services, psycopg.connect(services.url) as connection:
        connection.execute(f"CREATE TEMPORARY TABLE bare ({', '.join(f'c{n} text' for n in range(width))})")
        text = "".join("\t".join(_plain(c) for c in [*row, *[""] * (width - len(row))]) + "\n" for row in rows)
        since = time.monotonic()
        with connection.cursor().copy("COPY bare FROM STDIN") as copy:
            copy.write(text)
        return len(rows), time.monotonic() - since


def _plain(cell: str) -> str:
    return re.sub(r"[\t\r\n\\\x00]", " ", cell)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="1 is the whole street")
    parser.add_argument("--no-airflow", action="store_true", help="leave out the run through Airflow")
    given = parser.parse_args()
    console, folder = Console(), airflow.CHECKOUT / "bench"
    shutil.rmtree(folder, ignore_errors=True)
    settings = replace(Settings.from_env({}), var=folder / "var", keys=folder / "keys")
    table = Table("工作", "秒", "峰值内存 MB", title=f"规模 {given.scale}，{os.cpu_count()} 核，{platform.platform()}")

    def row(title: str, done: Measured) -> Measured:
        table.add_row(title, f"{done.seconds:.1f}", f"{done.peak_bytes / 2**20:.0f}")
        console.print(f"{title}: {done.seconds:.1f} 秒", highlight=False)
        if done.code not in (0, 1):
            raise SystemExit(done.output)
        return done

    measure(settings, "init")
    row("courtyard sample", measure(settings, "sample", "--scale", given.scale))
    for quarter in QUARTERS[:-1]:
        row(f"courtyard run {quarter}", measure(settings, "run", quarter))
    last = row(f"courtyard run {QUARTERS[-1]}", measure(settings, "run", QUARTERS[-1]))
    for name, seconds in last.steps.items():
        table.add_row(f"  {name}", f"{seconds:.1f}", "")
    row(f"courtyard run {QUARTERS[-1]}，第二次", measure(settings, "run", QUARTERS[-1]))
    rows, copied = bare_copy(settings)
    table.add_row(f"COPY 人口库 {rows:,} 行（文本、无键）", f"{copied:.2f}", "")
    table.add_row("解析入暂存 / COPY", f"{last.steps.get('parse', 0.0) / copied:.0f} 倍", "")
    if not given.no_airflow:
        through = replace(settings, var=folder / "airflow")
        shutil.copytree(settings.sample, through.sample)
        shutil.copytree(settings.truth, through.truth)
        demo = row("courtyard demo（Airflow，四个季度）", measure(through, "demo", "--scale", given.scale))
        for quarter, seconds in _RUN.findall(demo.output):
            table.add_row(f"  {quarter} 从触发到发布", seconds, "")
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
