"""`make bench-case-figures`: how long the figures of a year's cases take, on a warehouse of its own.

Prints one Markdown table for docs/benchmarks.md. Cases are drawn from a seed; every event goes through the machine.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import psutil
from sqlalchemy import Connection, text

from courtyard.cases import ledger, machine
from courtyard.cases.event import Case, Event
from courtyard.cases.rules import Rules
from courtyard.district import load_district
from courtyard.period import SHANGHAI
from courtyard.runtime import postgres
from courtyard.store import database
from courtyard.warehouse import registers

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
FIRST = datetime(2026, 1, 1, 8, tzinfo=SHANGHAI)
ASKED = {
    "all figures, by month and quarter, down to courtyards": ("SELECT * FROM mart.case_indicator", 2.0),
    "… of the street and its communities": (
        "SELECT * FROM mart.case_indicator WHERE level IN ('street', 'community')", 2.0,
    ),
    "… of one quarter as it stood at its end": ("SELECT * FROM mart.case_indicator_as_of('2026Q2')", 2.0),
    "all cases, with the working time of each level": ('SELECT * FROM mart."case"', None),
    "all steps": ("SELECT * FROM mart.case_step", None),
    "the hazard ledger's cases of a month": (
        "SELECT * FROM mart.case_in_ledger('hazard', '2026-06', 'infinity')", None,
    ),
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=50_000)
    wanted = parser.parse_args().cases
    folder = Path(tempfile.mkdtemp(prefix="courtyard-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        url = postgres.ensure_database(postgres.start(folder / "pg"), "bench")
        database.migrate(url)
        return _measure(url, wanted)
    finally:
        postgres.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


def _measure(url: str, wanted: int) -> int:
    district, missed = load_district(PACK), 0
    rules, draw = Rules.of(district), random.Random(20260101)
    with database.engine(url).begin() as connection:
        registers.keep_in_step(connection, district)
        events = _fill(connection, rules, draw, wanted)
    with database.engine(url).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    print(f"| {wanted:,} cases, {events:,} events | Measured | Goal | |\n|---|---|---|---|")
    with database.engine(url, "publisher").connect() as connection:
        for name, (query, goal) in ASKED.items():
            seconds, processor = (
                median(times) for times in zip(*(_timed(connection, query) for _ in range(3)), strict=True)
            )
            missed += goal is not None and seconds > goal
            verdict = "" if goal is None else "met" if seconds <= goal else "missed"
            print(
                f"| {name} | {seconds:.2f} s, {processor:.2f} s of the server's CPU | {f'{goal:.0f} s' if goal else '–'} | {verdict} |"
            )
    return 1 if missed else 0


def _timed(connection: Connection, query: str) -> tuple[float, float]:
    """Seconds, and the server's processor time of them."""
    server = psutil.Process(connection.scalar(text("SELECT pg_backend_pid()")))
    began, before = time.perf_counter(), sum(server.cpu_times()[:2])
    connection.execute(text(query)).all()
    return time.perf_counter() - began, sum(server.cpu_times()[:2]) - before


def _fill(connection: Connection, rules: Rules, draw: random.Random, wanted: int) -> int:
    street, steps, reports = rules.district.office.street_code, 0, []
    for start in range(0, wanted, 5000):
        found = [step for n in range(start, min(start + 5000, wanted)) for step in _life(rules, draw, n)]
        steps += ledger.append(connection, street, found)
        for event, case in found:
            if event.kind in ("opened", "joined_by"):
                _, dataset, key = event.cause.split("/", 2)
                how = "opened" if event.kind == "opened" else "joined"
                reports.append((street, dataset, key, case.case_no, event.at, "page", how))
    columns = ("street_code", "dataset", "record_key", "case_no", "reported_at", "channel", "how")
    database.copy_rows(connection, "cases.report", columns, reports)
    return steps


def _life(rules: Rules, draw: random.Random, number: int) -> Iterator[tuple[Event, Case]]:
    """A case's events: opened, perhaps joined, acknowledged or escalated, perhaps answered, confirmed, followed up."""
    category, courtyard = draw.choice(rules.cases.categories), draw.choice(rules.district.courtyards)
    at = FIRST + timedelta(minutes=draw.randrange(365 * 24 * 60))
    data = {
        "category": category.code, "confidence": 1, "urgency": category.urgency, "courtyard_code": courtyard.code,
        "level": category.starts_at, "unit_code": rules.unit_at(category.starts_at, "", courtyard.code),
    }  # fmt: skip
    event = Event("opened", at, "reporter", f"report/resident_reports/{number}", data=data)
    case = machine.opened(rules, case_no=f"{at:%y%m%d}-{number:05d}", event=event)
    yield event, case
    planned = ["joined_by"] * (draw.random() < 0.2) + ["clock"] * (draw.random() < 0.3) + ["acknowledged"]
    if draw.random() < 0.7:
        planned += ["answered", draw.choice(["confirmed"] * 9 + ["unsolved"])]
        planned += ["followed_up"] * (planned[-1] == "confirmed" and draw.random() < 0.5)
    for seq, kind in enumerate(planned):
        at += timedelta(minutes=draw.randrange(5, 600))
        if kind == "clock":
            at = max(at, case.next_at or at)
            for step in machine.due_events(rules, case, at):
                case = step[1]
                yield step
            continue
        cause = f"report/resident_reports/{number}/{seq}" if kind == "joined_by" else f"action/{number}/{seq}"
        said = {"satisfaction": draw.choice(["satisfied", "satisfied", "dissatisfied"]), "solved": True}
        event = Event(kind, at, "post", cause, data=said if kind == "followed_up" else {"text": "已处理"})
        case = machine.apply(rules, case, event)
        yield event, case


if __name__ == "__main__":
    sys.exit(main())
