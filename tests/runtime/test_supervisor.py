"""The embedded server lives as long as someone uses it, and nothing of ours outlives it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from tests import folders

from courtyard.connection import from_env
from courtyard.errors import CourtyardError
from courtyard.privacy import keys
from courtyard.runtime import postgres, processes, supervisor
from courtyard.settings import Settings

# Ctrl-C is put back first: a shell's background job, which a test run may be, ignores it and so would its children.
COMMAND = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from courtyard.runtime import supervisor
from courtyard.settings import Settings
with supervisor.running(Settings.from_env(), standins=False) as services:
    print(services.url, flush=True)
    time.sleep(300)
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One data folder for all tests here, outside every private folder, with a blank in its path."""
    with folders.passable("courtyard runtime-") as made:
        yield made
        postgres.stop(made / "var.pgdata")


@pytest.fixture
def installed(settings: Settings, folder: Path) -> Iterator[Settings]:
    """An installation where nothing runs before and after each test."""
    mine = replace(settings, var=folder / "var")
    yield mine
    supervisor.shut_down(mine)
    postgres.stop(mine.pgdata)


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def start_command(installed: Settings) -> tuple[subprocess.Popen[str], str]:
    env = supervisor.child_env(installed)
    command = subprocess.Popen([sys.executable, "-c", COMMAND], env=env, stdout=subprocess.PIPE, text=True)
    assert command.stdout
    return command, command.stdout.readline().strip()


def test_the_server_lives_as_long_as_it_is_used(installed):
    with supervisor.running(installed, standins=False) as services:
        server = psutil.Process(postgres.pid(installed.pgdata))
        with supervisor.running(installed, standins=False) as again:
            assert again == services
        with psycopg.connect(services.url) as connection:
            assert connection.execute("SELECT count(*) FROM landing.delivery").fetchone() == (0,)
    assert not server.is_running() and not answers(services.url)
    assert supervisor.shut_down(installed) == 0


def test_what_is_kept_stays_until_it_is_shut_down(installed):
    with supervisor.running(installed, standins=False, keep=True) as services:
        pass
    with supervisor.running(installed, standins=False):
        pass
    assert answers(services.url)
    entry = supervisor.start_process(installed, "sleeper", [sys.executable, "-c", "import time; time.sleep(300)"], {})
    assert supervisor.is_running(installed, "sleeper")
    assert supervisor.shut_down(installed) > 2
    assert entry.process() is None and not answers(services.url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_stopped_by_a_signal_leaves_nothing(installed, number):
    command, url = start_command(installed)
    assert answers(url)
    command.send_signal(number)
    assert command.wait(30) != 0
    assert not answers(url) and postgres.pid(installed.pgdata) is None


def test_the_next_command_stops_what_a_killed_one_left(installed):
    command, url = start_command(installed)
    command.kill()
    command.wait(10)
    assert answers(url)
    with supervisor.running(installed, standins=False) as services:
        assert services.url == url
    assert not answers(url)


def test_the_first_command_to_end_leaves_the_server_to_the_second(installed):
    first, url = start_command(installed)
    with supervisor.running(installed, standins=False):
        first.send_signal(signal.SIGTERM)
        first.wait(30)
        assert answers(url)
    assert not answers(url)


def test_a_server_started_by_another_hand_is_not_stopped(installed):
    admin = postgres.start(installed.pgdata)
    with supervisor.running(installed, standins=False):
        pass
    assert answers(admin)


def test_an_external_warehouse_is_used_as_it_is(installed, warehouse_url):
    with supervisor.running(replace(installed, warehouse_url=warehouse_url), standins=False) as services:
        assert services.url == warehouse_url
        assert postgres.pid(installed.pgdata) is None


def test_a_stand_in_that_does_not_start_stops_the_rest(installed, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(CourtyardError, match="did not start"), supervisor.running(installed, standins=True):
        pass
    assert postgres.pid(installed.pgdata) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server drops to another user")
def test_data_below_a_private_folder_is_refused_by_name(tmp_path):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(CourtyardError, match="private"):
        postgres.start(private / "pg")
    assert private.stat().st_mode & 0o777 == 0o700


def test_the_servers_log_shows_no_values(installed):
    with supervisor.running(installed, standins=False) as services, psycopg.connect(services.url) as connection:
        connection.execute("CREATE TEMPORARY TABLE t (id text PRIMARY KEY)")
        connection.execute("INSERT INTO t VALUES ('planted-value')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO t VALUES ('planted-value')")
        time.sleep(0.2)
        assert "planted-value" not in (installed.pgdata / "log").read_text("utf-8", "replace")
        assert "duplicate key" in (installed.pgdata / "log").read_text("utf-8", "replace")


def test_a_stale_register_is_recognised(installed):
    with processes.register(installed.run_dir) as known:
        known.processes[supervisor.POSTGRES] = processes.Entry(os.getpid(), 1.0)
        known.users.append(processes.Entry(os.getpid(), 1.0))
    with supervisor.running(installed, standins=False) as services:
        assert answers(services.url)
    assert not answers(services.url)


@pytest.mark.slow
def test_the_residents_service_runs_as_its_own_role_and_the_pipeline_knows_where(installed, monkeypatch):
    keys.create(installed.keys)
    monkeypatch.setenv("AIRFLOW_CONN_SCHOOL", "sftp://u:secret@real.example")
    with supervisor.running(installed, standins=False, intake=True) as services:
        address = supervisor.intake_address(installed)
        assert httpx.get(f"{address}/healthz", trust_env=False).json() == {"status": "ok"}
        known = from_env("intake", installed.env_file)
        assert (known.login, f"http://{known.host}:{known.port}") == ("pipeline", address)
        assert known.password == keys.pipeline_key(installed.keys)
        with psycopg.connect(services.url) as connection:
            found = connection.execute("SELECT usename FROM pg_stat_activity WHERE usename = 'courtyard_intake'")
            assert found.fetchone()
        process = processes.Register.read(installed.run_dir / "processes.json").alive("intake")
        assert process and not any(name.startswith("AIRFLOW_") for name in process.environ())
        assert known.password not in supervisor.log_of(installed, "intake").read_text()
    assert supervisor.intake_address(installed) is None
    assert not process.is_running()


def test_a_service_of_the_operators_own_is_not_started_beside(installed, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_INTAKE", "https://:key@intake.example")
    with supervisor.running(installed, standins=False, intake=True):
        assert supervisor.intake_address(installed) is None
