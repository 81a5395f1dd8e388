"""What the role of the service may do in the database, and nothing else; and its password."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from courtyard.store import database

REFUSED = (
    "SELECT * FROM warehouse.record",
    "SELECT * FROM cases.case",
    "SELECT * FROM landing.delivery",
    "SELECT * FROM mart.ledger",
    "UPDATE intake.report SET flags = '{}'",
    "DELETE FROM intake.report",
    "DELETE FROM intake.photo",
    "UPDATE intake.reply SET kind = 'confirm'",
    "INSERT INTO intake.link VALUES ('510105005', 'x', 1, now(), false)",
    "SELECT intake.forget('510105005', '2020-01-01')",
    "SET ROLE courtyard_pipeline",
    "CREATE TABLE intake.more (x int)",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_service_may_not(warehouse_url, statement):
    engine = database.service_engine(warehouse_url, "intake", 1)
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
    engine.dispose()


def test_what_it_was_told_is_stored_is_on_disk(warehouse_url):
    engine = database.service_engine(warehouse_url, "intake", 1)
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
        assert connection.scalar(text("SHOW fsync")) == "on"
    engine.dispose()


@pytest.mark.parametrize(("given", "wanted"), [("its-own", "its-own"), (None, "administrators")])
def test_its_password_is_its_own_where_one_is_given(warehouse_url, monkeypatch, given, wanted):
    monkeypatch.delenv(database.INTAKE_PASSWORD, raising=False)
    if given:
        monkeypatch.setenv(database.INTAKE_PASSWORD, given)
    database.migrate(make_url(warehouse_url).set(password="administrators"))
    admin = create_engine(database.role_url(warehouse_url, "x").set(username="postgres"))
    with admin.connect() as connection:
        kept = dict(tuple(row) for row in connection.execute(text("SELECT rolname, rolpassword FROM pg_authid")))
    admin.dispose()
    assert _is_of(kept["courtyard_intake"], wanted)
    assert _is_of(kept["courtyard_pipeline"], "administrators")


def _is_of(kept: str, password: str) -> bool:
    """Whether a SCRAM-SHA-256 verifier (RFC 5803) is of a password."""
    _, iterations, rest = kept.replace(":", "$", 1).split("$", 2)
    salt, keys = rest.split("$")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return keys.split(":")[0] == base64.b64encode(hashlib.sha256(client).digest()).decode()
