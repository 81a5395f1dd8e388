"""The service on a real database as its own role, with keys of the test's own and a clock that stands still.

`intake.case_of` and `intake.steps_of` are doubles here: a test writes into `told` what they are to tell.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, create_engine, text
from tests.conftest import PACK

from courtyard.district import load_district
from courtyard.district.models import District
from courtyard.intake import links
from courtyard.intake.app import app
from courtyard.intake.links import Link
from courtyard.period import SHANGHAI
from courtyard.privacy.keys import KeyRing
from courtyard.store import database

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=SHANGHAI)
HOME, OTHER_HOME = "5101050050020001", "5101050050020002"
GRID = "510105005002001"
PIPELINE_KEY = "the-key-of-the-pipeline"
COLUMNS = (
    "case_no text, status text, level text, unit_code text, category text, urgency text, emergency text, opened_at timestamptz,"
    " total_due_at timestamptz, acknowledge_due_at timestamptz, solve_due_at timestamptz, answered_at timestamptz,"
    " closed_at timestamptz, can_reopen_until timestamptz"
)
STEP_COLUMNS = "seq int, kind text, at timestamptz, due_at timestamptz, level text, unit_code text, text text"
DOUBLES = f"""
CREATE SCHEMA told AUTHORIZATION courtyard_owner;
CREATE TABLE told.case_of (report_id text, {COLUMNS});
CREATE TABLE told.steps_of (report_id text, {STEP_COLUMNS});
DROP FUNCTION IF EXISTS intake.case_of(text);
DROP FUNCTION IF EXISTS intake.steps_of(text);
CREATE FUNCTION intake.case_of(wanted text) RETURNS TABLE ({COLUMNS}) LANGUAGE sql SECURITY DEFINER AS $$
  SELECT case_no, status, level, unit_code, category, urgency, emergency, opened_at, total_due_at, acknowledge_due_at,
         solve_due_at, answered_at, closed_at, can_reopen_until FROM told.case_of WHERE report_id = wanted $$;
CREATE FUNCTION intake.steps_of(wanted text) RETURNS TABLE ({STEP_COLUMNS}) LANGUAGE sql SECURITY DEFINER AS $$
  SELECT seq, kind, at, due_at, level, unit_code, text FROM told.steps_of WHERE report_id = wanted $$;
GRANT EXECUTE ON FUNCTION intake.case_of(text), intake.steps_of(text) TO courtyard_intake;
"""


@dataclass
class Service:
    """The running application and what a test needs beside it. `now` may be set."""

    app: FastAPI
    admin: Engine
    keys: KeyRing
    district: District
    now: datetime = NOW

    def link(self, code: str = HOME, version: int = 1) -> str:
        """The signed path of a courtyard's or grid's link, printed or not."""
        kind = "w" if len(code) == len(GRID) else "q"
        return links.path(self.keys, self.district.office.street_code, Link(kind, code, version))

    def issue(self, *codes: str) -> None:
        with self.admin.begin() as connection:
            links.issue(connection, self.district.office.street_code, codes, self.now)
        self.app.state.links._known = None

    def revoke(self, code: str) -> int:
        with self.admin.begin() as connection:
            version = links.revoke(connection, self.district.office.street_code, code, self.now)
        self.app.state.links._known = None
        return version

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://testserver")

    def rows(self, table: str) -> list[Any]:
        with self.admin.connect() as connection:
            return list(connection.execute(text(f"SELECT * FROM intake.{table} ORDER BY 1")).mappings())

    def told(self, report_id: str, steps: list[dict[str, Any]] | None = None, **case: Any) -> None:
        """Let the doubles tell this of a report."""
        case = {"case_no": "260907-ABCDE", "level": "community", "unit_code": "510105005002", "opened_at": NOW} | case
        with self.admin.begin() as connection:
            connection.execute(text("DELETE FROM told.case_of"))
            connection.execute(text("DELETE FROM told.steps_of"))
            _insert(connection, "case_of", {"report_id": report_id, **case})
            for seq, step in enumerate(steps or [], 1):
                _insert(
                    connection,
                    "steps_of",
                    {"report_id": report_id, "seq": seq, "at": NOW + timedelta(hours=seq), **step},
                )


def _insert(connection, table, values):
    names = ", ".join(values)
    connection.execute(
        text(f"INSERT INTO told.{table} ({names}) VALUES ({', '.join(f':{n}' for n in values)})"), values
    )


@pytest.fixture(scope="session")
def district() -> District:
    return load_district(PACK)


@pytest.fixture
def service(warehouse_url: str, district: District) -> Iterator[Service]:
    admin = create_engine(database.role_url(warehouse_url, "x").set(username="postgres"))
    with admin.begin() as connection:
        connection.execute(text(DOUBLES))
    keys = KeyRing({f"{kind}-1": secrets.token_bytes(32) for kind in ("seal", "match")})
    engine = database.service_engine(warehouse_url, "intake", 4)
    found = Service(FastAPI(), admin, keys, district)
    found.app = app(engine, keys, district, pipeline_key=PIPELINE_KEY, clock=lambda: found.now)
    found.issue(HOME, GRID)
    yield found
    engine.dispose()
    admin.dispose()
