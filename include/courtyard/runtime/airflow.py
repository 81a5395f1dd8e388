"""Airflow on this machine: its environment, its three processes, its login. Nothing leaves loopback."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from courtyard.district import load_district
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI
from courtyard.runtime import envfile, processes, supervisor
from courtyard.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[3]
# The scheduler's logs are files that the API server reads itself, so it serves none on a port.
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "airflow-api-server": ("api-server",),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
}
# Tasks inherit the sources' connections from the scheduler; these two may start before the sources do.
EARLY = ("airflow-api-server", "airflow-dag-processor")
USER = "admin"
FREQUENT = r"courtyard_(cases|residents|resident_\w+|submissions_\w+)"


@dataclass(frozen=True)
class Secrets:
    """Made once for an installation and kept in `var/run/airflow/secrets.json`, 0600."""

    port: int
    password: str
    fernet_key: str
    jwt_secret: str
    secret_key: str

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def home(settings: Settings) -> Path:
    return settings.run_dir / "airflow"


def load_secrets(settings: Settings) -> Secrets:
    """The installation's secrets and port, made when absent."""
    path = home(settings) / "secrets.json"
    if path.exists():
        return Secrets(**json.loads(path.read_text("utf-8")))
    made = Secrets(
        port=_free_port(),
        password=secrets.token_urlsafe(12),
        fernet_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        jwt_secret=secrets.token_urlsafe(64),
        secret_key=secrets.token_urlsafe(32),
    )
    _keep(settings, made)
    return made


def environment(settings: Settings, warehouse_url: str, *, scheduled: bool) -> dict[str, str]:
    """The environment of every Airflow process.

    `scheduled` False keeps the scheduler from making runs by today's date: only what is asked for runs.
    """
    known = load_secrets(settings)
    own = {
        "AIRFLOW_HOME": str(home(settings)),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Shanghai",
        "AIRFLOW__CORE__FERNET_KEY": known.fernet_key,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{name}:{role}" for name, role in logins(settings).items()
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home(settings) / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{known.address}/execution/",
        "AIRFLOW__API__BASE_URL": known.address,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(known.port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__WORKER_TIMEOUT": "20",
        "AIRFLOW__API__SECRET_KEY": known.secret_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": known.jwt_secret,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _driver(supervisor.airflow_database(settings), "psycopg2"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": _driver(supervisor.airflow_database(settings), "asyncpg"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home(settings) / "bundles"),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.25",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": str(scheduled),
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home(settings) / "logs"),
        "COURTYARD_WAREHOUSE_URL": warehouse_url,
        "GX_ANALYTICS_ENABLED": "false",
        "PYTHONWARNINGS": "ignore",
        "XDG_RUNTIME_DIR": str(home(settings)),
    }
    inherited = {name: value for name, value in supervisor.child_env(settings).items() if not _is_airflows(name)}
    # Airflow puts the folder there itself where it runs DAGs, but not where a command only looks at them.
    inherited["PYTHONPATH"] += f"{os.pathsep}{CHECKOUT / 'dags'}"
    switches = _lineage(settings) | envfile.switches(settings.env_file)
    return {**inherited, **envfile.connections(settings.env_file), **_operator_connections(), **switches, **own}


def _lineage(settings: Settings) -> dict[str, str]:
    """OpenLineage events go into a file, unless `var/env` sends them elsewhere; DAGs that run all the time send none."""
    file = {"type": "file", "log_file_path": str(home(settings).with_name("lineage") / "events.jsonl"), "append": True}
    quiet = {"scope": {"dag_id": FREQUENT}, "match_mode": "regex", "controls": {"emit": False}}
    return {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(file),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": f"courtyard-{load_district(settings.district_path).office.street_code}",
        "AIRFLOW__OPENLINEAGE__DISABLE_SOURCE_CODE": "True",
        "AIRFLOW__OPENLINEAGE__EMISSION_POLICY": json.dumps([quiet]),
    }


def logins(settings: Settings) -> dict[str, str]:
    """The users that can sign in and their role in Airflow: the administrator, and those of the pack's `users.csv`."""
    today = datetime.now(SHANGHAI).date()
    listed = load_district(settings.district_path).users
    return {USER: "admin"} | {user.user: user.airflow_role for user in listed if user.is_valid(today)}


def passwords(settings: Settings) -> dict[str, str]:
    """The password of every login, as far as they were made: `prepare` makes them."""
    path = home(settings) / "passwords.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _keep_passwords(settings: Settings) -> None:
    """Each login keeps the password that it was given once."""
    known = passwords(settings) | {USER: load_secrets(settings).password}
    kept = {name: known.get(name) or secrets.token_urlsafe(9) for name in logins(settings)}
    _write_private(home(settings) / "passwords.json", json.dumps(kept))


def migrate(settings: Settings, env: Mapping[str, str]) -> None:
    """`airflow db migrate`, when the database is not at this version of Airflow yet."""
    marker = home(settings) / "migrated"
    wanted = f"{version('apache-airflow-core')} {_schema_revision(settings)}"
    if marker.exists() and marker.read_text("utf-8") == wanted and not wanted.endswith(" none"):
        return
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C must not leave half of the tables
    )
    if done.returncode:
        log = home(settings) / "migrate.log"
        log.write_text(done.stdout + done.stderr, "utf-8")
        raise CourtyardError("Airflow's database could not be migrated.", f"Look at {log}.")
    marker.write_text(f"{version('apache-airflow-core')} {_schema_revision(settings)}", "utf-8")


def prepare(settings: Settings, warehouse_url: str) -> None:
    """Make Airflow's folder and tables and start what needs no source's connection. Only inside `running`."""
    home(settings).mkdir(parents=True, exist_ok=True)
    home(settings).with_name("lineage").mkdir(mode=0o700, exist_ok=True)
    if not supervisor.is_running(settings, "airflow-api-server"):
        _ensure_free_port(settings)
    supervisor.ensure_postgres(settings)
    env = environment(settings, warehouse_url, scheduled=False)
    migrate(settings, env)
    _keep_passwords(settings)
    for name in EARLY:
        supervisor.start_process(settings, name, _command(name), env)


def start(settings: Settings, warehouse_url: str, *, scheduled: bool) -> Secrets:
    """Start what of Airflow does not run yet, and return how to reach it; it answers some seconds later."""
    prepare(settings, warehouse_url)
    env = environment(settings, warehouse_url, scheduled=scheduled)
    for name in COMPONENTS:
        supervisor.start_process(settings, name, _command(name), env)
    return load_secrets(settings)


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *COMPONENTS[name]]


def is_running(settings: Settings) -> bool:
    """Whether the scheduler runs, as after 'make up'."""
    return supervisor.is_running(settings, "airflow-scheduler")


def check_alive(settings: Settings) -> None:
    """CourtyardError naming the first process of Airflow that ended, with the end of its log."""
    for name in COMPONENTS:
        if not supervisor.is_running(settings, name):
            log = supervisor.log_of(settings, name)
            raise CourtyardError(f"{name} ended.", f"The end of {log}: {processes.last_lines(log)}")


def _driver(url: str, driver: str) -> str:
    return make_url(url).set(drivername=f"postgresql+{driver}").render_as_string(hide_password=False)


def _is_airflows(name: str) -> bool:
    """Settings of another Airflow in the caller's environment must not leak into this one."""
    return name.startswith("AIRFLOW_")


def _operator_connections() -> dict[str, str]:
    return {name: uri for name, uri in os.environ.items() if name.startswith("AIRFLOW_CONN_")}


def _schema_revision(settings: Settings) -> str:
    """The revision Airflow's database is at; 'none' when it is empty."""
    with psycopg.connect(supervisor.airflow_database(settings)) as connection:
        if not connection.execute("SELECT to_regclass('alembic_version')").fetchone()[0]:  # type: ignore[index]
            return "none"
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return row[0] if row else "none"


def _ensure_free_port(settings: Settings) -> None:
    """Keep the remembered port where it is free, else remember another."""
    known = load_secrets(settings)
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", known.port))
        except OSError:
            _keep(settings, Secrets(**{**asdict(known), "port": _free_port()}))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _keep(settings: Settings, known: Secrets) -> None:
    _write_private(home(settings) / "secrets.json", json.dumps(asdict(known)))


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
