"""The service and the fetching run are killed at random moments under load: no acknowledged report is lost, doubled or invented."""

from __future__ import annotations

import io
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import psycopg
import pytest
from PIL import Image
from sqlalchemy import text
from tests.intake.fetching_process import context, fetch

from courtyard import stages
from courtyard.connection import Connection
from courtyard.intake import clients
from courtyard.landing import ledger, open_delivery
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.store import database

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
STREET, PIPELINE_KEY = "510105005", "the-key-of-the-pipeline"
SENDERS, LIVES = 4, 4
KILLED_AFTER = (0.0, 2.0)  # seconds since it did its first work


@dataclass
class Sent:
    """What senders know: every text they ever sent, and the number that each was acknowledged under."""

    texts: set[str] = field(default_factory=set)
    acknowledged: dict[str, str] = field(default_factory=dict)
    given_up: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Killed:
    """A process that is started again after each kill."""

    command: list[str]
    env: dict[str, str]
    log: Path
    kills: int = 0
    process: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def at_random_moments(self, rng: random.Random, is_ready: Callable[[], bool], is_over: Callable[[], bool]) -> None:
        """Lives until it is over; every fourth ends while it is still beginning."""
        while not is_over():
            self.start()
            while self.kills % 4 < 3 and not is_ready() and self.process.poll() is None:
                time.sleep(0.05)
            time.sleep(rng.uniform(*KILLED_AFTER))
            self.kill()


def photo(number: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (16, 16), (number % 256, number // 256, 7)).save(made, "JPEG")
    return made.getvalue()


def send(address: str, key: str, sent: Sent, sender: int, stop: threading.Event) -> None:
    """Reports one after the other. Most are sent until they are acknowledged; some senders give up at the first failure."""
    number = 0
    with httpx.Client(base_url=address, timeout=5) as client:
        while not stop.is_set():
            number += 1
            told, once, is_patient = f"灯不亮 {sender}-{number}", secrets.token_hex(16), number % 5 > 0
            form = {"api_key": key, "service_code": "light", "address_string": "四道街2号院", "description": told}
            files = {"media": ("a.jpg", photo(number * SENDERS + sender), "image/jpeg")} if number % 7 == 0 else None
            with sent.lock:
                sent.texts.add(told)
            while True:
                with suppress(httpx.TransportError):
                    answer = client.post("/requests.json", data=form, files=files, headers={"Idempotency-Key": once})
                    if answer.status_code in (200, 201):
                        with sent.lock:
                            sent.acknowledged[told] = answer.json()[0]["service_request_id"]
                        break
                if not is_patient:
                    sent.given_up += 1
                    break
                time.sleep(0.1)
            time.sleep(0.05)


@pytest.fixture
def env(settings, warehouse_url) -> dict[str, str]:
    keys.create(settings.keys)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'include'}:{ROOT}",
        "COURTYARD_VAR": str(settings.var),
        "COURTYARD_KEYS": str(settings.keys),
        "COURTYARD_WAREHOUSE_URL": warehouse_url,
        "COURTYARD_INTAKE_PORT": str(port),
        "COURTYARD_INTAKE_PIPELINE_KEY": PIPELINE_KEY,
        "AIRFLOW_CONN_INTAKE": f"http://:{PIPELINE_KEY}@127.0.0.1:{port}",
    }


def test_nothing_acknowledged_is_lost_or_doubled(settings, warehouse_url, env, tmp_path, monkeypatch):
    rng = random.Random(20261126)
    with database.engine(warehouse_url).begin() as connection:
        key = clients.add(connection, keys.load_intake(settings.keys), STREET, "load", datetime.now(SHANGHAI))
    address = f"http://127.0.0.1:{env['COURTYARD_INTAKE_PORT']}"
    begun = tmp_path / "begun"
    quarter = str(Period.of("quarter", datetime.now(SHANGHAI)))
    service = Killed([sys.executable, "-m", "courtyard.intake"], env, tmp_path / "service.log")
    fetching = Killed(
        [sys.executable, "-m", "tests.intake.fetching_process", quarter, str(begun)], env, tmp_path / "fetching.log"
    )
    sent, stop = Sent(), threading.Event()
    senders = [
        threading.Thread(daemon=True, target=send, args=(f"{address}/georeport/v2", key, sent, number, stop))
        for number in range(SENDERS)
    ]
    killers = [
        threading.Thread(
            target=service.at_random_moments,
            args=(random.Random(1), lambda: answers(address), lambda: fetching.kills >= LIVES),
        ),
        threading.Thread(
            target=fetching.at_random_moments, args=(rng, lambda: has_begun(begun), lambda: fetching.kills >= LIVES)
        ),
    ]
    for thread in (*senders, *killers):
        thread.start()
    for thread in killers:
        thread.join(240)
        assert not thread.is_alive(), "The fetching run never lived long enough."
    service.start()
    try:
        stop.set()
        for thread in senders:
            thread.join()
        ctx = own_context(env, quarter, settings, monkeypatch)
        assert landed_rows(ctx), "No run lived long enough to land anything: the kills prove nothing."
        fetch(ctx)
        check_landed(ctx, sent, warehouse_url)
    finally:
        service.kill()
    done = dict(stages.run_these(ctx, map(stages.stage, stages.TAKEN_IN)))
    assert done["parse"]["batches"]["rejected"] == 0
    check_merged(ctx, sent)
    print(f"{len(sent.acknowledged)} acknowledged, {sent.given_up} given up, {service.kills} + {fetching.kills} kills")


def answers(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/healthz", timeout=1).status_code == 200
    return False


def has_begun(begun: Path) -> bool:
    with suppress(FileNotFoundError):
        begun.unlink()
        return True
    return False


def own_context(env, quarter, settings, monkeypatch):
    monkeypatch.setenv("COURTYARD_WAREHOUSE_URL", env["COURTYARD_WAREHOUSE_URL"])
    own = Connection.from_uri("intake", env["AIRFLOW_CONN_INTAKE"])
    return context(
        quarter,
        settings=type(settings).from_env(env),
        connection=lambda _: own,
    )


def landed_rows(ctx) -> list[dict]:
    with ctx.engine().connect() as connection:
        found = ledger.deliveries(connection, ctx.street_code, ctx.period, "resident_reports")
    lines = [json.loads(line) for row in found for line in open_delivery(ctx, row).splitlines()]
    return [row for line in lines for row in json.loads(line["body"])]


def check_landed(ctx, sent: Sent, url: str) -> None:
    rows = landed_rows(ctx)
    with psycopg.connect(url) as admin:
        stored = {row[0] for row in admin.execute("SELECT report_id FROM intake.report")}
        photos = {row[0] for row in admin.execute("SELECT photo_id FROM intake.photo")}
    times = Counter(row["service_request_id"] for row in rows)
    assert set(times.values()) == {1}
    assert set(times) == stored
    texts = {row["description"]: row["service_request_id"] for row in rows}
    assert len(texts) == len(rows) and set(texts) <= sent.texts
    assert sent.acknowledged.items() <= texts.items()
    assert len(sent.acknowledged) > 50
    with ctx.engine().connect() as connection:
        months = map(str, ctx.period.parts("month"))
        names = {n for month in months for n in ledger.names(connection, ctx.street_code, "resident_photos", month)}
    assert {f"{photo_id}.jpg" for photo_id in photos} <= names and photos


def check_merged(ctx, sent: Sent) -> None:
    with ctx.engine().connect() as connection:
        merged = connection.execute(
            text("SELECT record_key, count(*) FROM warehouse.observation WHERE dataset = 'resident_reports' GROUP BY 1")
        ).all()
        current = set(
            connection.scalars(
                text("SELECT record_key FROM warehouse.record WHERE dataset = 'resident_reports' AND is_current")
            )
        )
        [(residual, quarantined)] = connection.execute(
            text("SELECT sum(abs(residual)), sum(quarantined) FROM mart.ledger")
        ).all()
    assert {count for _, count in merged} == {1}
    assert current == {row_key for row_key, _ in merged} == {row["service_request_id"] for row in landed_rows(ctx)}
    assert set(sent.acknowledged.values()) <= current
    assert (residual, quarantined) == (0, 0)
