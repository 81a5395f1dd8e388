"""100 reports a second for a minute over every courtyard's link: the real service in its own process, real PostgreSQL.

`make bench-residents` prints a table for docs/benchmarks.md. Reports are sent when they are due, whether or not earlier ones were
answered, and timed from when they were due; the pipeline fetches beside it. Everything is thrown away afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import numpy
import psycopg
from PIL import Image

from courtyard.district import load_district
from courtyard.intake import links
from courtyard.intake.links import Link
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import database

ROOT = Path(__file__).resolve().parents[2]
GOAL_MS = 300
PIPELINE_KEY = "the-key-of-the-pipeline"
FETCH_EVERY = 10  # seconds
TEXTS = ("单元门口的灯坏了三天", "垃圾桶满了没有人收", "一楼下水道返水", "半夜装修声音很大", "枯树枝快掉下来了")


@dataclass
class Seen:
    """What the load saw: milliseconds and HTTP status of each report, numbers acknowledged, numbers fetched."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    acknowledged: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    after: int = 0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=100, help="reports a second")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--photos", type=float, default=0.0, help="share of reports with a photo of 3 megapixels")
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="courtyard-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        url = postgres.ensure_database(postgres.start(folder / "pg"), "courtyard")
        database.migrate(url)
        measured(given, folder, url)
    finally:
        postgres.stop(folder / "pg")
        shutil.rmtree(folder, ignore_errors=True)


def measured(given: argparse.Namespace, folder: Path, url: str) -> None:
    settings = Settings.from_env({"COURTYARD_KEYS": str(folder / "keys"), "COURTYARD_VAR": str(folder / "var")})
    keys.create(settings.keys)
    paths = printed(settings, url)
    service, address = started(settings, folder, url)
    try:
        before, used = memory(service.pid), cpu_seconds(service.pid)
        seen = asyncio.run(load(given, address, paths))
        peak, used = memory(service.pid), cpu_seconds(service.pid) - used
    finally:
        service.terminate()
        service.wait(20)
    with psycopg.connect(url) as admin:
        stored = {row[0] for row in admin.execute("SELECT report_id FROM intake.report")}
    report(given, len(paths), seen, stored, (before, peak, 1000 * used / max(1, len(stored))))


def printed(settings: Settings, url: str) -> list[str]:
    """The code of every courtyard's poster."""
    district = load_district(settings.district_path)
    street, ring = district.office.street_code, keys.load_intake(settings.keys)
    codes = [courtyard.code for courtyard in district.courtyards_on(datetime.now(SHANGHAI).date())]
    with database.engine(url).begin() as connection:
        versions = links.issue(connection, street, codes, datetime.now(SHANGHAI))
    return [links.path(ring, street, Link("q", code, version)).strip("/") for code, version in versions.items()]


def started(settings: Settings, folder: Path, url: str) -> tuple[subprocess.Popen, str]:
    ready = folder / "ready.json"
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "include"),
        "COURTYARD_VAR": str(settings.var),
        "COURTYARD_KEYS": str(settings.keys),
        "COURTYARD_WAREHOUSE_URL": url,
        "COURTYARD_INTAKE_PIPELINE_KEY": PIPELINE_KEY,
    }
    command = [sys.executable, "-m", "courtyard.intake", "--ready-file", str(ready)]
    service = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    while not ready.exists():
        if service.poll() is not None:
            sys.exit("The service did not start.")
        time.sleep(0.1)
    return service, json.loads(ready.read_text("utf-8"))["address"]


async def load(given: argparse.Namespace, address: str, paths: list[str]) -> Seen:
    """Every report at its time; the pipeline's fetches beside them and once at the end."""
    seen, picture = Seen(), photo() if given.photos else b""
    count = given.rate * given.seconds
    every = round(1 / given.photos) if given.photos else 0
    bounds = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=bounds) as client:
        start = time.perf_counter() + 0.5
        fetching = asyncio.create_task(fetches(client, seen, start + given.seconds))
        sending = []
        for number in range(count):
            due = start + number / given.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            with_photo = picture if every and number % every == 0 else b""
            sending.append(asyncio.create_task(send(client, seen, due, paths[number % len(paths)], with_photo)))
        await asyncio.gather(*sending)
        await fetching
        await fetch(client, seen)
    return seen


async def send(client: httpx.AsyncClient, seen: Seen, due: float, code: str, picture: bytes) -> None:
    form = {
        "code": code,
        "name": "王阿姨",
        "address": "2栋1单元301",
        "description": f"{secrets.choice(TEXTS)} {secrets.token_hex(3)}",
        "sent_as": secrets.token_hex(16),
    }
    files = {"photo": ("a.jpg", picture, "image/jpeg")} if picture else None
    try:
        answer = await client.post("/report", data=form, files=files, headers={"accept": "application/json"})
    except httpx.TransportError as error:
        seen.statuses[type(error).__name__] += 1
        return
    seen.statuses[str(answer.status_code)] += 1
    if answer.status_code == 201:
        seen.milliseconds.append(1000 * (time.perf_counter() - due))
        seen.acknowledged.append(answer.json()["report_id"])


async def fetches(client: httpx.AsyncClient, seen: Seen, until: float) -> None:
    while time.perf_counter() < until - FETCH_EVERY:
        await asyncio.sleep(FETCH_EVERY)
        await fetch(client, seen)


async def fetch(client: httpx.AsyncClient, seen: Seen) -> None:
    """What is new, as the pipeline asks for it."""
    now = datetime.now(SHANGHAI)
    window = {name: (now + timedelta(days=d)).isoformat() for name, d in (("start_date", -1), ("end_date", 1))}
    headers = {"Authorization": f"Bearer {PIPELINE_KEY}"}
    while True:
        params = {**window, "after": str(seen.after)}
        rows = (await client.get("/georeport/v2/requests.json", params=params, headers=headers)).json()
        if not rows:
            return
        seen.fetched += [row["service_request_id"] for row in rows]
        seen.after = rows[-1]["seq"]


def photo() -> bytes:
    """A picture of 3 megapixels that does not compress away."""
    noise = numpy.random.default_rng(1).integers(0, 255, (150, 200, 3), dtype=numpy.uint8)
    made = io.BytesIO()
    Image.fromarray(noise).resize((2000, 1500)).save(made, "JPEG", quality=85)
    return made.getvalue()


def memory(pid: int) -> float:
    """Most memory that a process ever held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(
    given: argparse.Namespace, links_used: int, seen: Seen, stored: set[str], service: tuple[float, float, float]
) -> None:
    p50, p95, p99 = numpy.percentile(seen.milliseconds, (50, 95, 99))
    lost = len(set(seen.acknowledged) - stored)
    again = len(seen.fetched) - len(set(seen.fetched))
    unfetched = len(stored - set(seen.fetched))
    asked = given.rate * given.seconds
    told = (
        f"{given.rate} reports a second for {given.seconds} s over {links_used} links, {given.photos:.0%} with a photo"
    )
    rows = [
        (f"accepted: {told}", f"{len(seen.acknowledged):,} of {asked:,}", f"{asked:,}", len(seen.acknowledged) == asked),
        ("… p50 / p95 / p99 from when each was due", f"{p50:.0f} / {p95:.0f} / {p99:.0f} ms", f"p95 {GOAL_MS} ms", p95 < GOAL_MS),
        ("… acknowledged and not stored", str(lost), "0", lost == 0),
        ("… stored and not fetched by the pipeline / fetched twice", f"{unfetched} / {again}", "0 / 0", not unfetched + again),
        ("… memory of the service before / at most", f"{service[0]:.0f} / {service[1]:.0f} MiB", "–", None),
        ("… processor time of the service a report", f"{service[2]:.1f} ms", "–", None),
    ]  # fmt: skip
    print("\n| What | Measured | Goal | |\n|---|---|---|---|")
    for what, measured_, goal, is_met in rows:
        print(f"| {what} | {measured_} | {goal} | {'' if is_met is None else 'met' if is_met else 'missed'} |")
    print(f"\nAnswers: {dict(seen.statuses)}; load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
