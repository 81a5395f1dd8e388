"""Airflow keeps its files in a folder of this test session, and no example DAG gets in; one small street for real schedulers."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import folders

from courtyard.privacy import keys
from courtyard.runtime import airflow, supervisor
from courtyard.runtime.api import Api
from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
QUARTER = "2025Q4"
MOST_SECONDS = 240

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="courtyard-airflow-")
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "True"


@dataclass(frozen=True)
class Installation:
    """A checkout's command line with data of its own."""

    settings: Settings

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "courtyard", *arguments],
            env=supervisor.child_env(self.settings),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


@pytest.fixture(scope="session")
def installed() -> Iterator[Installation]:
    """One quarter of a small street, published and unsigned."""
    with folders.passable("courtyard-quarter-") as folder:
        found = Installation(Settings(folder / "var", ROOT / "include/districts/shaocheng", folder / "keys"))
        keys.create(found.settings.keys)
        try:
            for words in (("init",), ("sample", "--scale", "0.01"), ("run", QUARTER)):
                done = found.run(*words)
                assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]
            yield found
        finally:
            supervisor.shut_down(found.settings)


class Statsd:
    """A StatsD server on loopback that remembers the names it was sent."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self._names: set[str] = set()
        self._is_open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def settings(self) -> str:
        """The lines of `var/env` that send Airflow's metrics here."""
        named = {"ON": "True", "HOST": "127.0.0.1", "PORT": self._socket.getsockname()[1]}
        return "".join(f"AIRFLOW__METRICS__STATSD_{name}={value}\n" for name, value in named.items())

    def names(self) -> frozenset[str]:
        return frozenset(self._names)

    def close(self) -> None:
        self._is_open = False
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while self._is_open:
            try:
                lines = self._socket.recv(65535).decode().splitlines()
            except TimeoutError:
                continue
            self._names |= {line.split(":")[0] for line in lines}


@pytest.fixture(scope="session")
def statsd() -> Iterator[Statsd]:
    server = Statsd()
    yield server
    server.close()


@pytest.fixture(scope="session")
def api(installed: Installation, statsd: Statsd) -> Iterator[Api]:
    settings = installed.settings
    with settings.env_file.open("a", encoding="utf-8") as file:
        file.write(statsd.settings)
    with supervisor.running(settings, standins=True, intake=True) as services:
        airflow.prepare(settings, services.url)
        known = airflow.start(settings, services.url, scheduled=False)
        found = Api(known, lambda: airflow.check_alive(settings))
        found.wait_until_ready(["courtyard_sign_off", "courtyard_residents", "courtyard_resident_reports"])
        yield found


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits for what a function returns, as soon as it is anything."""

    def wait(found: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + MOST_SECONDS
        while time.monotonic() < deadline:
            if value := found():
                return value
            time.sleep(1)
        raise AssertionError(f"nothing came in {MOST_SECONDS} seconds")

    return wait
