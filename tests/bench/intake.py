"""`make bench-intake`: reading files, measured on this machine. Goals come from issue 3.

A roster of 110,000 rows from XLSX to judged rows; small workbooks through the sandbox; what the worst
hostile file costs; and the fuzz run. Wall time, CPU time of all processes and peak memory stand side by
side, because the machine may be shared. Prints one Markdown table for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import platform
import random
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "include")]

ROSTER = (
    "person_no", "name", "sex", "birth_date", "id_number", "ethnicity", "household_no", "relation", "residence_type",
    "address", "phone", "status",
)  # fmt: skip
Line = tuple[str, str, str]  # what, measured, goal


class Peak:
    """The highest resident memory of this process and its children while the block runs, above `base` MiB."""

    def __enter__(self) -> Peak:
        self._process = psutil.Process()
        self.base = self.mib = self._now()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._cpu = _cpu()
        self._since = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._since, _cpu() - self._cpu
        self._over.set()
        self._thread.join()

    def _now(self) -> float:
        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue
        return total / 2**20

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.mib = max(self.mib, self._now())

    @property
    def beyond(self) -> float:
        return self.mib - self.base

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s wall, {self.cpu:.1f} s CPU, {self.beyond:,.0f} MiB"


def _cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=110_000)
    options.add_argument("--workbooks", type=int, default=200)
    options.add_argument("--fuzz", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=20_260_930)
    given = options.parse_args()
    lines: list[Line] = []
    for measure, size in ((roster, given.rows), (small, given.workbooks), (hostile, 0), (fuzz, given.fuzz)):
        if size or measure is hostile:
            lines += _apart(measure, size, given.seed)
    report(lines)


def _apart(measure: Callable[[int, int], list[Line]], size: int, seed: int) -> list[Line]:
    """In a process of its own: memory and imports of one measurement do not count for the next."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (size, seed))


# --- a roster, from bytes to judged rows --------------------------------------------------------


def roster_contract() -> Any:
    """The population register as a workbook of twelve columns."""
    from tests.parsing.made import contract

    given = contract("population")
    columns = tuple(c for c in given.columns if c.name in ROSTER)
    changed = {"format": "workbook", "columns": columns, "sheet": given.title}
    return given.model_copy(update=changed)


def roster_workbook(rows: int, seed: int) -> bytes:
    """Written by XlsxWriter, as an export of the register would be."""
    import xlsxwriter

    rng = random.Random(seed)
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet(roster_contract().sheet)
    sheet.write_row(0, 0, [c.header for c in roster_contract().columns])
    for at, row in enumerate(_people(rng, rows), 1):
        sheet.write_row(at, 0, row)
    book.close()
    return target.getvalue()


def _people(rng: random.Random, rows: int) -> Iterator[list[str]]:
    from courtyard.parsing.identifiers import check_digit

    first = date(1930, 1, 1).toordinal()
    for at in range(rows):
        born = date.fromordinal(first + rng.randrange(35_000))
        body = f"510105{born:%Y%m%d}{rng.randrange(1000):03d}"
        number = body + check_digit(body)
        house = at // 3
        yield [
            f"5101050050{at:08d}", rng.choice("王李张刘陈杨黄赵") + rng.choice("小大国建") + rng.choice("明华强英伟芳"),
            "男" if int(number[16]) % 2 else "女", born.isoformat(), number, "汉族", f"H{house:07d}",
            ("户主", "配偶", "子")[at % 3], rng.choice(["户籍", "流动"]),
            f"四道街{house % 107}号院{house % 9 + 1}-{house % 3 + 1}-{house % 700}", f"1{rng.randrange(3 * 10**9, 10**10)}",
            "在住",
        ]  # fmt: skip


def roster(rows: int, seed: int) -> list[Line]:
    """Reading and normalising in the sandbox, then all checks of the contract by Great Expectations."""
    from tests.parsing.made import pack

    from courtyard.parsing import reading
    from courtyard.parsing.files import parse_file
    from courtyard.validation import suite

    contract = roster_contract()
    data = roster_workbook(rows, seed)
    codes = {name: listed.values for name, listed in pack().codes.items()}
    job = reading.job_for([contract], codes, date(2026, 9, 30))
    since = time.perf_counter()
    suite._gx()
    imported = time.perf_counter() - since
    with Peak() as whole:
        began = time.perf_counter()
        (table,) = parse_file(data, "roster.xlsx", [contract], pack().codes, as_of=job.as_of)
        read = time.perf_counter() - began
        outcome = _judged(contract, table)
    if table.landed != rows or outcome.raised:
        sys.exit(f"the roster was not read whole: {table.landed} of {rows}, {table.rejected}")
    with Peak() as sealed:
        list(_sealed(contract, table))
    return [
        (f"{rows:,} roster rows × 12 from XLSX ({len(data) / 2**20:.1f} MiB): read, normalise, validate", str(whole), "6 s, 600 MiB beyond the import"),
        ("… of which reading and normalising, worker's start included", f"{read:.1f} s", "–"),
        ("… importing Great Expectations before that", f"{imported:.1f} s", "–"),
        ("… sealing the same rows", str(sealed), "–"),
    ]  # fmt: skip


def _judged(contract: Any, table: Any) -> Any:
    """The parsed rows as staging would give them back, through every check of the contract."""
    import pandas as pd
    from tests.parsing.made import pack

    from courtyard.district.models import Column
    from courtyard.parsing import identifiers
    from courtyard.validation import frame, suite
    from courtyard.validation.rules import checks_of

    def told(column: Column) -> pd.Series:
        values = table.columns[column.name]
        if column.type in frame.VALUE_TYPES:
            return pd.Series(values, dtype="string[pyarrow]").astype(object)
        length = 32 if column.type in ("id_number", "phone") else None
        return pd.Series([v and float(length or len(v)) for v in values], dtype="float64")

    births = [value and identifiers.birth_date(value) for value in table.columns["id_number"]]
    raw = pd.DataFrame({frame.raw_name(c): told(c) for c in frame.kept(contract)})
    raw["batch_id"], raw["sheet"], raw["row_no"] = "b", table.sheet, table.row_nos
    raw["problems"], raw["record_key"] = None, "true"
    raw["id_birth_date"] = births
    raw["id_sex"] = [birth and identifiers.sex(v) for birth, v in zip(births, table.columns["id_number"], strict=True)]
    staged = frame.build(contract, raw.astype({"sheet": "category"}), {"b": "2026Q3"})
    checks = checks_of(contract, pack().codes)
    return suite.run("roster", [c for c in checks if c.code != "flagged"], staged.frame)


def _sealed(contract: Any, table: Any) -> Iterator[Any]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: F401  (its import is no part of sealing)
    from tests.parsing.test_seal import RING

    from courtyard.parsing.seal import Sealer

    return Sealer(contract, RING, "b", "2026Q3").rows(table.sheet, table)


# --- many small ones, hostile ones, mutated ones ------------------------------------------------


def small(count: int, seed: int) -> list[Line]:
    """Grid workbooks as they are sent: four sheets, some rows each, through the sandbox as the stage drives it."""
    from tests.parsing.seeds import grid_job, grid_workbook

    from courtyard.parsing.sandbox import Closed, Opened, Sandbox, Task

    rng = random.Random(seed)
    files = [grid_workbook(rng) for _ in range(min(count, 25))]
    tasks = [Task(str(n), grid_job(), lambda n=n: files[n % len(files)]) for n in range(count)]
    with Peak() as peak, Sandbox() as sandbox:
        events = list(sandbox.run(tasks))
    closed = [e for e in events if isinstance(e, Closed)]
    if len(closed) != count or any(e.code for e in closed):
        sys.exit("a small workbook was not read")
    rows = sum(t.landed for e in events if isinstance(e, Opened) for t in e.tables)
    pace = f"{count / peak.seconds:.0f} a second ({peak}; {rows:,} rows)"
    return [(f"{count} grid workbooks through the sandbox", pace, "20 a second")]


def hostile(_: int, seed: int) -> list[Line]:
    """Every hostile file by itself, in a fresh sandbox; the costliest by time and by memory."""
    from tests.parsing.made import contract, pack
    from tests.parsing.seeds import COSTLY

    from courtyard.parsing.files import parse_file

    costs = []
    for name, (dataset, make) in COSTLY.items():
        data = make()
        with Peak() as peak:
            tables = parse_file(data, name, [contract(dataset)], pack().codes)
        ending = tables[0].rejected[0] if tables[0].rejected else f"{tables[0].landed:,} rows"
        costs.append((name, peak, ending, len(data)))
    slowest, largest = max(costs, key=lambda c: c[1].seconds), max(costs, key=lambda c: c[1].beyond)
    told = {"slowest": slowest, "largest": largest}
    lines = [
        (f"{which} of {len(costs)} hostile files: {name} ({size / 2**20:.1f} MiB)", f"{peak} ({ending})", "30 s, 512 MiB")
        for which, (name, peak, ending, size) in told.items()
    ]  # fmt: skip
    for name, peak, ending, size in costs:
        print(f"  {name}: {peak}, {size / 2**20:.2f} MiB, {ending}", file=sys.stderr)
    return lines


def fuzz(count: int, seed: int) -> list[Line]:
    """Mutated files; the oracle is the tests' own."""
    from tests.parsing.fuzzing import run

    with Peak() as peak:
        found = run(count, seed)
    told: Counter[str] = found.endings
    ended = ", ".join(f"{number} {name}" for name, number in told.most_common())
    return [
        (f"{found.files:,} mutated files ({peak})", f"{len(found.faults)} faults", "0"),
        ("… how they ended", ended, "–"),
        *(("… fault", fault, "–") for fault in found.faults[:20]),
    ]


def report(lines: list[Line]) -> None:
    print(f"\n{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| What | Measured | Goal |\n|---|---|---|")
    for line in lines:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
