"""The one place that starts and stops servers; every other process only reads their addresses."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psutil

from courtyard.errors import CourtyardError
from courtyard.runtime import envfile, postgres, processes
from courtyard.settings import Settings

POSTGRES, STANDINS, INTAKE = "postgres", "standins", "intake"
READY_SECONDS = 60


@dataclass(frozen=True)
class Services:
    """What runs: the administrator's URL of the warehouse."""

    url: str


@contextmanager
def running(settings: Settings, standins: bool = True, keep: bool = False, intake: bool = False) -> Iterator[Services]:
    """PostgreSQL and (for `standins`) the sample's stand-ins, (for `intake`) the residents' service, as long as the block runs.

    What runs already is used as it is. The last command to leave stops what commands started,
    unless `keep` (of `up`) or another `up` wants it to stay. SIGTERM ends the block like Ctrl-C.
    """
    with _sigterm_exits():
        with processes.register(settings.run_dir) as known:
            known.forget_ended_users()
            me = processes.Entry.of(os.getpid())
            known.users.append(me)
            try:
                services = _start(settings, known, standins, intake)
            except BaseException:
                _leave(settings, known, me)
                raise
            known.kept = known.kept or keep
        try:
            yield services
        finally:
            with _undisturbed(), processes.register(settings.run_dir) as known:
                _leave(settings, known, me)


def shut_down(settings: Settings) -> int:
    """Stop everything that was started for this installation, with every child. Returns how many processes."""
    if not (settings.run_dir / "processes.json").exists():
        return 0
    with _undisturbed(), processes.register(settings.run_dir) as known:
        known.kept = False
        return _stop_all(settings, known)


def start_process(settings: Settings, name: str, argv: list[str], env: dict[str, str]) -> processes.Entry:
    """Start and record one more long-running process, its output in `var/run/<name>.log`."""
    with processes.register(settings.run_dir) as known:
        if known.alive(name):
            return known.processes[name]
        known.processes[name] = processes.start(argv, env, log_of(settings, name))
        return known.processes[name]


def stop_process(settings: Settings, name: str) -> None:
    """Stop one recorded process with its children; nothing when it does not run."""
    with processes.register(settings.run_dir) as known:
        if entry := known.processes.pop(name, None):
            processes.stop(entry)


def is_running(settings: Settings, name: str) -> bool:
    """Whether a recorded process lives."""
    return processes.Register.read(settings.run_dir / "processes.json").alive(name) is not None


def log_of(settings: Settings, name: str) -> Path:
    return settings.run_dir / f"{name}.log"


def airflow_database(settings: Settings) -> str:
    """The URL of Airflow's own database on the embedded server; only inside `running`."""
    admin = postgres.url(settings.pgdata, "postgres")
    if admin is None:
        raise CourtyardError("The embedded PostgreSQL is not running.", "Start it with 'make up'.")
    return postgres.ensure_database(admin, postgres.AIRFLOW)


def ensure_postgres(settings: Settings) -> None:
    """The embedded server for Airflow's database, also where the warehouse is elsewhere."""
    with processes.register(settings.run_dir) as known:
        _start_postgres(settings, known)


def _start(settings: Settings, known: processes.Register, standins: bool, intake: bool) -> Services:
    from courtyard.store import database

    embedded = postgres.WAREHOUSE
    url = settings.warehouse_url or postgres.ensure_database(_start_postgres(settings, known), embedded)
    database.migrate(url)
    uris: dict[str, str] = {}
    if standins:
        uris |= _start_standins(settings, known)
    if intake and not envfile.is_operators(settings.env_file, INTAKE):  # a service of their own is theirs to start
        uris |= _start_intake(settings, known, url)
    if uris:
        envfile.write_standins(settings.env_file, uris)
    return Services(url)


def _start_postgres(settings: Settings, known: processes.Register) -> str:
    ours = known.alive(POSTGRES) is not None
    found = postgres.url(settings.pgdata, "postgres")
    if found:  # started by another hand: use it, and leave it to that hand to stop
        return found
    if ours:
        raise CourtyardError("PostgreSQL runs but does not answer.", f"Look at {settings.pgdata / 'log'}.")
    found = postgres.start(settings.pgdata)
    known.processes[POSTGRES] = processes.Entry.of(postgres.pid(settings.pgdata) or 0)
    return found


def _start_standins(settings: Settings, known: processes.Register) -> dict[str, str]:
    """Start the stand-ins; returns their connections, id -> URI."""
    from courtyard.sample import standins

    words = ("courtyard.sample.standins", "The stand-in departments")
    addresses = _start_module(settings, known, STANDINS, *words, child_env(settings))
    databases = standins.load_databases(settings, _start_postgres(settings, known))
    return standins.connections(settings, addresses, databases)


def _start_intake(settings: Settings, known: processes.Register, url: str) -> dict[str, str]:
    """Start the residents' service under its own role; returns the pipeline's connection to it, id -> URI.

    It sees the pack, its own keys and the warehouse as `courtyard_intake`; nothing of Airflow.
    """
    from courtyard.privacy import keys
    from courtyard.store import database

    key = keys.pipeline_key(settings.keys)
    env = {name: value for name, value in child_env(settings).items() if not name.startswith("AIRFLOW_")}
    env["COURTYARD_WAREHOUSE_URL"] = database.role_url(url, "intake").render_as_string(hide_password=False)
    env["COURTYARD_INTAKE_PIPELINE_KEY"] = key
    address = _start_module(settings, known, INTAKE, "courtyard.intake", "The residents' service", env)["address"]
    return {INTAKE: address.replace("http://", f"http://pipeline:{quote(key, safe='')}@")}


def _start_module(
    settings: Settings, known: processes.Register, name: str, module: str, title: str, env: dict[str, str]
) -> dict[str, str]:
    """Start `python -m <module> --ready-file F` unless it runs; returns what it wrote into its ready file."""
    ready = ready_file(settings, name)
    if not known.alive(name):
        ready.unlink(missing_ok=True)
        entry = processes.start([sys.executable, "-m", module, "--ready-file", str(ready)], env, log_of(settings, name))
        known.processes[name] = entry
        processes.wait_until_ready(entry, ready, title, log_of(settings, name), READY_SECONDS)
    return json.loads(ready.read_text("utf-8"))


def ready_file(settings: Settings, name: str) -> Path:
    """Where a started process wrote its addresses."""
    return settings.run_dir / f"{name}.json"


def intake_address(settings: Settings) -> str | None:
    """The address of the residents' service while it runs."""
    if not is_running(settings, INTAKE):
        return None
    return json.loads(ready_file(settings, INTAKE).read_text("utf-8"))["address"]


def child_env(settings: Settings) -> dict[str, str]:
    """The environment of every process we start: our own, with the installation's folders spelt out."""
    include = str(Path(__file__).resolve().parents[2])
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [include, os.environ.get("PYTHONPATH")])),
        "PYTHONUNBUFFERED": "1",
        "COURTYARD_VAR": str(settings.var),
        "COURTYARD_DISTRICT": str(settings.district_path),
        "COURTYARD_KEYS": str(settings.keys),
    }


def _leave(settings: Settings, known: processes.Register, user: processes.Entry) -> None:
    known.forget_ended_users()
    known.users.remove(user)
    if not known.users and not known.kept:
        _stop_all(settings, known)


def _stop_all(settings: Settings, known: processes.Register) -> int:
    """Stop everything, the database last: the others write to it as they end."""
    server = known.processes.pop(POSTGRES, None)
    stopped = processes.stop(*known.processes.values())
    known.processes.clear()
    if server and server.process():
        members = processes.family(server)
        postgres.stop(settings.pgdata)
        psutil.wait_procs(members, timeout=processes.GRACE_SECONDS)
        processes.stop(server)
        stopped += len(members)
    return stopped


@contextmanager
def _sigterm_exits() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that `finally` runs and nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignore further signals while stopping: a second Ctrl-C must not leave half of it running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with suppress(ValueError):
            before[number] = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
