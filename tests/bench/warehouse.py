"""`make bench-merge`: a snapshot of the register linked and merged, beside a hand-written anti-join of the same rows.

Rows are made in the database as parsing and validation leave them (--rows, a million unless told otherwise): a first
load, then snapshots of which --changed differ. Each round merges one snapshot and runs an all-column anti-join of
the same rows into a plain bitemporal table, so that a busy machine slows both. Prints Markdown tables for
docs/benchmarks.md. With --link the stage of identity runs as well; without it its result is made like the rows.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
from sqlalchemy import Connection, create_engine, event, make_url, text

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.identity import link
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import database
from courtyard.warehouse import merge

FIRST = Period.quarter("2020Q1")
STATEMENTS = Path(__file__).with_suffix(".sql").read_text("utf-8").split("-- step\n")[1:]
MAKE_ROWS, MAKE_LINKS, NOTE, *ANTI_JOIN = STATEMENTS
SLOW_STEP = 0.05


class Usage:
    """Wall and processor time, and the peak of resident memory, of this process and of the server with its shares."""

    def __init__(self, server: int) -> None:
        self.seconds = self.processor = self.server_mib = self.client_mib = 0.0
        self._server, self._client = psutil.Process(server), psutil.Process()
        self._last: dict[int, float] = {}
        self._done = threading.Event()

    def __enter__(self) -> Usage:
        self._since, self._before = time.perf_counter(), sum(self._processor().values())
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._since
        self.processor = sum(self._processor().values()) - self._before
        self._done.set()
        self._thread.join()

    def _processor(self) -> dict[int, float]:
        """Seconds by process; a worker that has ended keeps what was last seen of it."""
        for process in (self._client, self._server, *self._server.children()):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue
            self._last[process.pid] = max(self._last.get(process.pid, 0.0), times.user + times.system)
        return self._last

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            self._processor()
            self.client_mib = max(self.client_mib, self._client.memory_info().rss / 2**20)
            total = 0
            for process in (self._server, *self._server.children()):
                try:
                    memory = process.memory_info()
                except psutil.Error:
                    continue
                total += memory.rss - memory.shared
            self.server_mib = max(self.server_mib, total / 2**20)


class Bench:
    """A warehouse of its own, and the snapshots that were put into it."""

    def __init__(self, folder: Path, rows: int, changed: float, is_linked: bool) -> None:
        self.rows, self.changed, self.is_linked = rows, changed, is_linked
        self.pgdata = folder / "pg"
        admin = postgres.start(self.pgdata)
        self.url = postgres.ensure_database(admin, "courtyard")
        database.migrate(self.url)
        self.admin = create_engine(make_url(self.url).set(drivername="postgresql+psycopg"))
        settings = Settings.from_env({"COURTYARD_VAR": str(folder / "var"), "COURTYARD_KEYS": str(folder / "keys")})
        self.ctx = Context(
            settings=settings,
            district=load_district(settings.district_path),
            period=FIRST,
            url=self.url,
            keys=KeyRing({f"{kind}-1": os.urandom(32) for kind in KINDS}),
            connection=None,  # type: ignore[arg-type]  # nothing here fetches
            holder="bench",
        )
        self.lines: list[tuple[str, ...]] = []
        self.steps: dict[str, float] = {}

    def snapshot(self, number: int) -> Context:
        """Stage the register of the n-th quarter: of each row every 1/changed-th is otherwise than in the one before."""
        ctx, period = self.ctx, FIRST
        for _ in range(number):
            period = period.next()
        values = {
            "street": ctx.street_code, "period": str(period), "number": number, "rows": self.rows,
            "every": round(1 / self.changed), "received": period.end_at,
            "status": "validated" if self.is_linked else "linked",
        }  # fmt: skip
        with self.admin.begin() as connection:
            for statement in NOTE.split(";\n"):
                connection.execute(text(statement), values)
            connection.execute(text(MAKE_ROWS), values)
            if not self.is_linked:
                connection.execute(text(MAKE_LINKS), values)
        self._vacuum("staging.row", "staging.link", "warehouse.record", "warehouse.observation")
        return replace(ctx, period=period)

    def _vacuum(self, *tables: str) -> None:
        with self.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f"VACUUM ANALYZE {table}"))
            connection.execute(text("CHECKPOINT"))

    def measure(self, what: str, work: Callable[[], object]) -> Usage:
        server = postgres.pid(self.pgdata)
        assert server
        with Usage(server) as used:
            work()
        self.lines.append(
            (
                what, f"{used.seconds:.1f} s", f"{used.processor:.1f} s", f"{self.rows / used.seconds:,.0f}",
                f"{used.server_mib:,.0f}", f"{used.client_mib:,.0f}",
            )
        )  # fmt: skip
        print("  ".join(self.lines[-1]), flush=True)
        return used

    def courtyard(self, number: int, name: str) -> Usage:
        ctx = self.snapshot(number)
        if self.is_linked:
            self.measure(f"link, {name}", lambda: link(ctx))
        with self._timed(ctx):
            return self.measure(f"merge, {name}", lambda: merge(ctx))

    def hand_written(self, number: int, name: str) -> Usage:
        """The snapshot that was merged before, from a plain staging table into a plain bitemporal one."""
        with self.admin.begin() as connection:
            _prepare(connection, number, self)
        self._vacuum("hand.staged", "hand.belief")

        def work() -> None:
            with self.admin.begin() as connection:
                for statement in ANTI_JOIN[1:]:
                    connection.execute(text(statement), {"day": FIRST.start, "number": number})

        return self.measure(f"anti-join, {name}", work)

    @contextmanager
    def _timed(self, ctx: Context) -> Iterator[None]:
        """Where the time of a merge goes, by statement."""
        self.steps = {}
        began: list[float] = []
        engine = ctx.engine()

        def before(*_: object) -> None:
            began.append(time.perf_counter())

        def after(_c: object, _cursor: object, statement: str, *_: object) -> None:
            first = " ".join(line for line in statement.splitlines() if not line.startswith("--"))
            name = " ".join(first.split())[:90]
            self.steps[name] = self.steps.get(name, 0) + time.perf_counter() - began.pop()

        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", before)
            event.remove(engine, "after_cursor_execute", after)


def _prepare(connection: Connection, number: int, bench: Bench) -> None:
    values = {"number": number, "rows": bench.rows, "every": round(1 / bench.changed)}
    for statement in ANTI_JOIN[0].split(";\n"):
        connection.execute(text(statement), values)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--changed", type=float, default=0.05, help="share of each snapshot that differs")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--link", action="store_true", help="run the stage of identity as well")
    options.add_argument("--steps", action="store_true", help="print where the time of the last merge goes")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="courtyard-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        _run(Bench(folder, given.rows, given.changed, given.link), given.rounds, given.steps)
    finally:
        postgres.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


def _run(bench: Bench, rounds: int, tell_steps: bool) -> None:
    bench.courtyard(0, "first load")
    bench.hand_written(0, "first load")
    ratios = []
    for number in range(1, rounds + 1):
        ours = bench.courtyard(number, f"snapshot {number}")
        if tell_steps:
            for name, seconds in sorted(bench.steps.items(), key=lambda step: -step[1]):
                if seconds > SLOW_STEP:
                    print(f"  {seconds:6.2f}  {name}")
        theirs = bench.hand_written(number, f"snapshot {number}")
        ratios.append((ours.seconds / theirs.seconds, ours.processor / theirs.processor))
    print(f"\n{bench.rows:,} rows, {bench.changed:.0%} changed; {os.cpu_count()} cores.\n")
    print("| What | Wall | Processor | Rows/s | Server MiB | Client MiB |\n|---|---|---|---|---|---|")
    for line in bench.lines:
        print(f"| {' | '.join(line)} |")
    walls, processors = (sorted(r[i] for r in ratios) for i in (0, 1))
    middle = len(ratios) // 2
    if ratios:
        print(f"\nmerge / anti-join, median: {walls[middle]:.2f} of wall, {processors[middle]:.2f} of processor time")


if __name__ == "__main__":
    main()
