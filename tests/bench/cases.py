"""`make bench-cases`: open cases evaluated by one run of the clock, where none, a tenth and all of them are due.

Cases (--cases, 50,000 unless told otherwise) stand in all courtyards of the pack on a server of its own; one run reads
what is due, lets it happen, writes events and cases and queues notices. Prints a Markdown table for docs/benchmarks.md.
With --profile it shows where the last run spent its time.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psutil

from courtyard.cases import advancing, ledger, machine
from courtyard.cases.event import Event
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import SHANGHAI, Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import database

GOAL_SECONDS = 5.0
RUNS = (
    ("none due", "2026-11-26 13:59"),
    ("a tenth due", "2026-11-26 14:00"),
    ("all due", "2026-11-27 10:00"),
    ("all due, and the total clock, after a month without a run", "2026-12-31 10:00"),
)


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def opened(rules: Rules, number: int, at: datetime, courtyard: str) -> ledger.Step:
    """A case at the grid of a courtyard, of one of the pack's categories, with the clock of normal terms."""
    category = rules.cases.categories[number % len(rules.cases.categories)].code
    data = {
        "category": category,
        "confidence": 0.8,
        "urgency": "normal",
        "courtyard_code": courtyard,
        "level": "courtyard",
    }
    data["unit_code"] = rules.unit_at("courtyard", "", courtyard)
    event = Event("opened", at, "reporter", f"report/resident_reports/R{number}", None, data)
    return event, machine.opened(rules, case_no=f"261126-{number:06}", event=event)


def fill(ctx: Context, count: int) -> None:
    """Every tenth case is due two hours before the others."""
    rules, places = Rules.of(ctx.district), [courtyard.code for courtyard in ctx.district.courtyards]
    early, late = moment("2026-11-26 09:00"), moment("2026-11-26 11:00")
    steps = [opened(rules, n, late if n % 10 else early, places[n % len(places)]) for n in range(count)]
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        ledger.append(connection, ctx.street_code, steps)


def processor(server: psutil.Process) -> float:
    """Seconds that this process and the server with its children have computed."""
    return sum(sum(one.cpu_times()[:2]) for one in (psutil.Process(), server, *server.children()))


def measure(ctx: Context, at: datetime, profile: cProfile.Profile | None) -> tuple[int, float]:
    """Events and seconds of one run."""
    since = time.perf_counter()
    if profile:
        profile.enable()
    moved = advancing.advance(ctx, at=at)["moved"]
    if profile:
        profile.disable()
    return moved, time.perf_counter() - since


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="courtyard-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    settings = Settings(var=folder / "var", district_path=Settings.from_env({}).district_path, keys=folder / "keys")
    try:
        url = postgres.ensure_database(postgres.start(folder / "pg"), "bench")
        database.migrate(url)
        keys = KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS})
        district = load_district(settings.district_path)
        ctx = Context(settings, district, Period.quarter("2026Q4"), url, keys, lambda conn_id: None, "bench")  # type: ignore[arg-type,return-value]
        fill(ctx, given.cases)
        server = psutil.Process(int((folder / "pg/postmaster.pid").read_text().split()[0]))
        report(ctx, given.cases, given.profile, server)
        database.engine(url).dispose()
    finally:
        postgres.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


def report(ctx: Context, count: int, profiled: bool, server: psutil.Process) -> None:
    print(f"| {count:,} open cases | Events | Seconds | Processor seconds |\n|---|---|---|---|")
    profile = cProfile.Profile() if profiled else None
    for title, at in RUNS:
        before = processor(server)
        moved, seconds = measure(ctx, moment(at), profile)
        computed = processor(server) - before
        print(
            f"| {title} | {moved:,} | {seconds:.2f}{'' if seconds <= GOAL_SECONDS else ' (goal missed)'} | {computed:.2f} |"
        )
    print(f"\nGoal {GOAL_SECONDS:.0f} s; memory of this process {psutil.Process().memory_info().rss / 2**20:.0f} MiB.")
    if profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


if __name__ == "__main__":
    main()
