"""The one place that opens the warehouse database: engines by role, migrations, bulk loads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text

from courtyard.store.tables import SCHEMAS

ROLES = ("pipeline", "publisher", "reader", "intake")
INTAKE_PASSWORD = "COURTYARD_INTAKE_PASSWORD"


def role_url(url: str | URL, role: str) -> URL:
    """The same database as another role (`pipeline`, `publisher`, `reader`, `intake`)."""
    return make_url(url).set(drivername="postgresql+psycopg", username=f"courtyard_{role}")


@lru_cache(maxsize=8)
def _engine(url: URL) -> Engine:
    return create_engine(url, pool_size=4, pool_pre_ping=True)


def engine(url: str | URL, role: str = "pipeline") -> Engine:
    """An engine for a role; one per process, role and database."""
    return _engine(role_url(url, role))


def service_engine(url: str | URL, role: str, connections: int) -> Engine:
    """An engine of a process that serves: `connections` at most, kept open, looked at before each use.

    What a caller was told is stored is on disk (`synchronous_commit`); errors never hold the values of a statement.
    """
    return create_engine(
        role_url(url, role),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": "-c synchronous_commit=on -c statement_timeout=10000"},
    )


def migrate(url: str | URL) -> None:
    """Bring the database to the newest schema; needs the administrator's URL. Does nothing when it is there."""
    from alembic import command  # few processes migrate, and all of them would wait for it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with admin.begin() as connection:
        _create_roles(connection)
        connection.execute(text("SET LOCAL ROLE courtyard_owner"))
        for schema in SCHEMAS:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        for part in sorted(files("courtyard.store").joinpath("marts").iterdir(), key=lambda file: file.name):
            connection.execute(text(part.read_text("utf-8")))
    admin.dispose()


def _create_roles(connection: Connection) -> None:
    """A NOLOGIN owner and the login roles; none may bypass row-level security."""
    database = connection.dialect.identifier_preparer.quote(connection.engine.url.database or "postgres")
    known = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'courtyard_%'")))
    for role in ("owner", *ROLES):
        if f"courtyard_{role}" not in known:
            login = "NOLOGIN" if role == "owner" else "LOGIN"
            connection.execute(
                text(f"CREATE ROLE courtyard_{role} {login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
            )
    if password := connection.engine.url.password:  # a server reached over the network asks for one (`role_url`)
        raw: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        own = {"intake": os.environ.get(INTAKE_PASSWORD)}  # of a process that is not to know the administrator's
        for role in ROLES:
            raw.execute(
                psycopg.sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    psycopg.sql.Identifier(f"courtyard_{role}"), psycopg.sql.Literal(own.get(role) or str(password))
                )
            )
    connection.execute(text(f"GRANT CREATE ON DATABASE {database} TO courtyard_owner"))
    connection.execute(text("GRANT courtyard_owner TO current_user"))


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """COPY rows into `schema.table` inside the connection's transaction; returns how many."""
    schema, name = table.split(".")
    target = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
        psycopg.sql.Identifier(schema, name),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, columns)),
    )
    if not connection.in_transaction():
        connection.begin()  # the driver's cursor does not start SQLAlchemy's transaction
    raw: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    count = 0
    with raw.cursor() as cursor, cursor.copy(target) as copy:
        for values in rows:
            copy.write_row(values)
            count += 1
    return count
