"""Airflow's environment: loopback only, its secrets kept, nothing of another Airflow let in."""

from __future__ import annotations

import json
import socket
from contextlib import closing

import pytest

from courtyard.runtime import airflow, envfile, supervisor
from courtyard.settings import Settings


@pytest.fixture
def env(settings: Settings, monkeypatch):
    """Makes the environment for `scheduled`, without a server."""
    monkeypatch.setattr(supervisor, "airflow_database", lambda _settings: "postgresql://postgres@/airflow?host=/s")

    def make(scheduled: bool = False) -> dict[str, str]:
        return airflow.environment(settings, "postgresql://postgres@/courtyard?host=/s", scheduled=scheduled)

    return make


def test_the_servers_listen_on_loopback_only(env):
    made = env()
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith("http://127.0.0.1:")
    assert "--skip-serve-logs" in airflow.COMPONENTS["airflow-scheduler"]


def test_only_up_runs_by_todays_date(env):
    assert env(scheduled=False)["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == "False"
    assert env(scheduled=True)["AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"] == "True"


def test_secrets_are_made_once_for_the_owner_only(settings, env):
    first, second = env(), env()
    assert first["AIRFLOW__API_AUTH__JWT_SECRET"] == second["AIRFLOW__API_AUTH__JWT_SECRET"]
    assert len(first["AIRFLOW__API_AUTH__JWT_SECRET"].encode()) >= 64
    assert (airflow.home(settings) / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_port_that_was_taken_meanwhile_is_changed_and_remembered(settings):
    known = airflow.load_secrets(settings)
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", known.port))
        other.listen()
        airflow._ensure_free_port(settings)
    changed = airflow.load_secrets(settings)
    assert changed.port != known.port and changed.password == known.password
    airflow._ensure_free_port(settings)
    assert airflow.load_secrets(settings) == changed


def test_settings_of_another_airflow_stay_out_and_connections_come_in(settings, env, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    monkeypatch.setenv("AIRFLOW_CONN_SCHOOL", "sftp://operator")
    envfile.write_standins(settings.env_file, {"school": "sftp://stand-in", "hotline": "http://127.0.0.1:1"})
    made = env()
    assert made["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert made["AIRFLOW_HOME"] == str(airflow.home(settings))
    assert made["AIRFLOW_CONN_SCHOOL"] == "sftp://operator"
    assert made["AIRFLOW_CONN_HOTLINE"] == "http://127.0.0.1:1"


def test_the_databases_are_two_and_drivers_fit(env):
    made = env()
    assert made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg2://postgres@/airflow")
    assert made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC"].startswith("postgresql+asyncpg://postgres@/airflow")
    assert made["COURTYARD_WAREHOUSE_URL"].startswith("postgresql://postgres@/courtyard")


def test_nothing_is_reported_to_anyone(env):
    made = env()
    assert made["GX_ANALYTICS_ENABLED"] == "false"
    assert json.dumps({"loaded": made["AIRFLOW__CORE__LOAD_EXAMPLES"]}) == '{"loaded": "False"}'


def test_docker_compose_has_the_logins_of_the_pack(settings):
    compose = (airflow.CHECKOUT / "docker-compose.yml").read_text("utf-8")
    listed = ",".join(f"{name}:{role}" for name, role in airflow.logins(settings).items())
    assert f"${{COURTYARD_LOGINS:-{listed}}}" in compose
