"""Fixtures that every room shares: a real PostgreSQL with the real schema, and keys of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from tests import folders

from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import database

# How fast a busy machine draws examples says nothing about the code: speed is measured in tests/bench.
hypothesis_settings.register_profile("courtyard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("courtyard")

PACK = Path(__file__).resolve().parents[1] / "include/districts/shaocheng"


# Rooms whose tests share something that takes long to make stay in one process; single tests that take long go apart.
# These begin, so that no process is left alone with them at the end.
TOGETHER = ("e2e", "submissions", "sample", "validation", "handover")
APART = ("warehouse/test_order.py", "warehouse/test_settling.py")
BY_ITSELF = ("e2e/test_two_offices.py",)  # shares nothing with its room
_SHORT = 16  # bytes that may stand in a name


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file's bytes make no name: a zip holds the second in which it was made, and two processes would not agree on it."""
    return argname if isinstance(val, bytes) and len(val) > _SHORT else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `pytest -n`: what runs in one process (a module, unless a room or a test goes by itself), the longest first."""
    order = {item: _group(item) for item in items}
    for item, (_, group) in order.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: order[item][0])


def _group(item: pytest.Item) -> tuple[int, str]:
    path = item.path.relative_to(Path(__file__).parent)
    if path.as_posix() in APART:
        return 0, item.nodeid
    if item.get_closest_marker("airflow_e2e"):
        return 0, "airflow"  # real Airflows, one after the other
    if path.as_posix() in BY_ITSELF:
        return 2, path.as_posix()
    return (1, path.parts[0]) if path.parts[0] in TOGETHER else (2, path.as_posix())


@pytest.fixture(scope="session")
def pg_admin_url() -> Iterator[str]:
    """An embedded server of this test session, outside every private folder."""
    with folders.passable("courtyard-tests-") as folder:
        try:
            yield postgres.start(folder / "pg")
        finally:
            postgres.stop(folder / "pg")


@pytest.fixture(scope="session")
def _migrated_template(pg_admin_url: str) -> str:
    url = postgres.ensure_database(pg_admin_url, "courtyard_template")
    database.migrate(url)
    return "courtyard_template"


@pytest.fixture
def warehouse_url(pg_admin_url: str, _migrated_template: str) -> Iterator[str]:
    """A migrated, empty warehouse of this test alone."""
    import psycopg
    from sqlalchemy import make_url

    name = f"t_{os.urandom(6).hex()}"
    with psycopg.connect(pg_admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {_migrated_template} STRATEGY FILE_COPY")
    url = make_url(pg_admin_url).set(database=name).render_as_string(hide_password=False)
    yield url
    for role in (*database.ROLES,):
        database.engine(url, role).dispose()
    with psycopg.connect(pg_admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Folders of this test alone; the pack is the real one."""
    return Settings(var=tmp_path / "var", district_path=PACK, keys=tmp_path / "keys")
