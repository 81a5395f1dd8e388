"""Civil affairs' dibao system: a database of its own with one monthly register and a read-only login."""

from __future__ import annotations

import hashlib
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import make_url

from courtyard.errors import CourtyardError

DATABASE, READER = "civil_affairs", "civil_reader"

COLUMNS: dict[str, str] = {
    "bzzh": "text",
    "xh": "integer",
    "ny": "text",
    "jdbm": "text",
    "hzxm": "text",
    "cyxm": "text",
    "sfzh": "text",
    "gx": "text",
    "jtrk": "integer",
    "bzrs": "integer",
    "bzlb": "text",
    "sblb": "text",
    "ybzje": "numeric(12,2)",
    "qsny": "text",
    "zpyy": "text",
    "jzdz": "text",
    "lxdh": "text",
    "bz": "text",
}


def load(admin_url: str, csv_path: Path, password: str, database: str = DATABASE) -> str:
    """Load the register (UTF-8 CSV with a header) and return the reader's URL.

    The table's comment keeps the file's hash: an unchanged file is not loaded again.
    """
    if not csv_path.exists():
        raise CourtyardError(f"The sample's dibao register {csv_path} is missing.", "Run 'courtyard sample' first.")
    _prepare(admin_url, password, database)
    here = make_url(admin_url).set(drivername="postgresql", database=database)
    digest = hashlib.sha256(csv_path.read_bytes()).hexdigest()
    with psycopg.connect(here.render_as_string(hide_password=False)) as connection:
        known = connection.execute("SELECT obj_description(to_regclass('dibao_ydhz'), 'pg_class')").fetchone()
        if not known or known[0] != digest:
            _reload(connection, csv_path, digest)
    return here.set(drivername="postgres", username=READER, password=password).render_as_string(hide_password=False)


def _prepare(admin_url: str, password: str, database: str) -> None:
    """The database and the login, which may connect to it and read, and nobody else may."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone():
            admin.execute(SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(Identifier(READER)))
        admin.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(READER), Literal(password)))
        admin.execute(SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(Identifier(READER)))
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
            admin.execute(SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(Identifier(database)))
        admin.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))
        admin.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Identifier(database), Identifier(READER)))


def _reload(connection: psycopg.Connection, csv_path: Path, digest: str) -> None:
    """Replace the table in one transaction; readers see the old register or the new one."""
    with csv_path.open("rb") as file:
        header = file.readline().decode("utf-8-sig").strip().replace('"', "").split(",")
        if set(header) != set(COLUMNS):
            raise CourtyardError(f"The columns of {csv_path} are not the register's.", "Run 'courtyard sample' again.")
        declared = SQL(", ").join(SQL("{} {}").format(Identifier(n), SQL(kind)) for n, kind in COLUMNS.items())
        connection.execute("DROP TABLE IF EXISTS dibao_ydhz")
        connection.execute(SQL("CREATE TABLE dibao_ydhz ({})").format(declared))
        connection.execute("CREATE INDEX ON dibao_ydhz (jdbm, ny)")
        names = SQL(", ").join(map(Identifier, header))
        with connection.cursor().copy(SQL("COPY dibao_ydhz ({}) FROM STDIN (FORMAT csv)").format(names)) as copy:
            while block := file.read(1 << 20):
                copy.write(block)
    connection.execute(SQL("COMMENT ON TABLE dibao_ydhz IS {}").format(Literal(digest)))
    connection.execute(SQL("GRANT SELECT ON dibao_ydhz TO {}").format(Identifier(READER)))
