"""The service as a process: what it announces, what it outlives, what it never loses or writes into a log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, text
from tests.conftest import PACK
from tests.intake.conftest import HOME, NOW
from tests.intake.test_form_pages import FILLED

from courtyard.intake import links
from courtyard.intake.links import Link
from courtyard.privacy import keys
from courtyard.store import database

STREET = "510105005"
SECONDS = 60


class Process:
    """`python -m courtyard.intake` on a database, with the intake's keys only."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        whole = folder / "whole"
        keys.create(whole)
        (folder / "keys").mkdir()
        (whole / "intake").rename(folder / "keys/intake")
        self.admin = create_engine(database.role_url(url, "x").set(username="postgres"))
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PACK.parents[1]),
            "COURTYARD_VAR": str(self.folder / "var"),
            "COURTYARD_KEYS": str(self.folder / "keys"),
            "COURTYARD_DISTRICT": str(PACK),
            "COURTYARD_WAREHOUSE_URL": database.role_url(self.url, "intake").render_as_string(hide_password=False),
        }
        with (self.folder / "log").open("ab") as log:
            words = [sys.executable, "-m", "courtyard.intake", "--ready-file", str(ready)]
            self.running = subprocess.Popen(words, env=env, stdout=log, stderr=log)
        deadline = time.monotonic() + SECONDS
        while not ready.exists():
            assert self.running.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        return json.loads(ready.read_text())["address"]

    def kill(self, number: int) -> None:
        if self.running:
            self.running.send_signal(number)
            self.running.wait(SECONDS)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def link(self) -> str:
        with self.admin.begin() as connection:
            links.issue(connection, STREET, [HOME], NOW)
        return links.path(keys.load_intake(self.folder / "keys"), STREET, Link("q", HOME, 1))


@pytest.fixture
def process(warehouse_url, tmp_path) -> Iterator[Process]:
    made = Process(warehouse_url, tmp_path)
    yield made
    made.kill(signal.SIGKILL)
    made.admin.dispose()


def post(address: str, code: str = "", **fields: str) -> httpx.Response:
    head = {"accept": "application/json"}
    return httpx.post(
        f"{address}/report", data={"code": code, **FILLED, **fields}, headers=head, timeout=20, trust_env=False
    )


@pytest.mark.slow
def test_it_serves_outlives_the_end_of_its_connections_and_stops_when_it_is_told(process):
    address = process.start()
    code = process.link().removeprefix("/")
    assert httpx.get(f"{address}/healthz", trust_env=False).json() == {"status": "ok"}
    token = post(address, code).json()["status_url"].removeprefix("/s/")
    with process.admin.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'courtyard_intake'")
        )
    assert post(address, code).status_code == 201
    with process.admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = connection.scalar(text("SELECT current_database()"))
        connection.execute(text(f"ALTER DATABASE {name} CONNECTION LIMIT 0"))
        try:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'courtyard_intake'")
            )
            away = post(address, code)
            page = httpx.post(f"{address}/report", data=FILLED, trust_env=False)
            health = httpx.get(f"{address}/healthz", trust_env=False)
        finally:
            connection.execute(text(f"ALTER DATABASE {name} CONNECTION LIMIT -1"))
    assert (away.status_code, page.status_code, health.status_code) == (503, 503, 503)
    assert away.headers["retry-after"] and "系统正在维护" in page.text
    assert post(address, code).status_code == 201
    process.kill(signal.SIGTERM)
    assert process.running.returncode in (0, -signal.SIGTERM)
    log = process.log()
    assert token not in log and code not in log and not any(value in log for value in FILLED.values())


@pytest.mark.slow
def test_killed_at_any_moment_it_has_lost_nothing_that_it_acknowledged(process):
    receipts: dict[str, str] = {}
    sent, first = 0, f"{1:032d}"
    for _ in range(3):
        address = process.start()
        code = process.link().removeprefix("/")
        killer = threading.Timer(0.4, process.kill, [signal.SIGKILL])
        killer.start()
        while True:
            sent += 1
            try:
                answer = post(address, code if sent % 2 else "", sent_as=f"{sent:032d}")
            except httpx.HTTPError:
                break
            if answer.status_code == 201:
                receipts[f"{sent:032d}"] = answer.json()["report_id"]
        killer.join()
    assert receipts
    with process.admin.connect() as connection:
        stored = set(connection.scalars(text("SELECT report_id FROM intake.report")))
    assert set(receipts.values()) <= stored
    assert len(stored) <= sent
    address = process.start()
    again = post(address, code, sent_as=first)  # sent over the link, as the first time
    assert (again.status_code, again.json()["report_id"]) == (200, receipts[first])
