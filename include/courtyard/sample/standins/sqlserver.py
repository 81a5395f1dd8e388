"""Departments' registers as databases of their own, each with one table and a read-only login."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import make_url

from courtyard.errors import CourtyardError


@dataclass(frozen=True)
class Register:
    """A department's database with one table. `file` is the sample's CSV, `by` the columns it is asked by."""

    database: str
    reader: str
    table: str
    file: str
    by: tuple[str, ...]
    columns: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]

    @property
    def declared(self) -> dict[str, str]:
        """Column -> type; what is not declared as a number is text."""
        return {**dict.fromkeys(self.columns, "text"), **dict(self.numbers)}


CIVIL_AFFAIRS = Register(
    database="civil_affairs",
    reader="civil_reader",
    table="dibao_ydhz",
    file="civil_affairs/dibao_ydhz.csv",
    by=("jdbm", "ny"),
    columns=(
        "bzzh", "xh", "ny", "jdbm", "hzxm", "cyxm", "sfzh", "gx", "jtrk", "bzrs", "bzlb", "sblb", "ybzje", "qsny",
        "zpyy", "jzdz", "lxdh", "bz",
    ),
    numbers=(("xh", "integer"), ("jtrk", "integer"), ("bzrs", "integer"), ("ybzje", "numeric(12,2)")),
)  # fmt: skip
DISABLED_FEDERATION = Register(
    database="disabled_federation",
    reader="federation_reader",
    table="cjr_jbxx",
    file="disabled_federation/cjr_jbxx.csv",
    by=("jddm", "jd"),
    columns=(
        "jd", "jddm", "xh", "cjzh", "xm", "xb", "cjlb", "cjdj", "jhr", "btlx", "ybtje", "xjzdz", "lxdh", "zt",
    ),
    numbers=(("xh", "integer"), ("ybtje", "numeric(12,2)")),
)  # fmt: skip
REGISTERS = (CIVIL_AFFAIRS, DISABLED_FEDERATION)


def load(admin_url: str, register: Register, csv_path: Path, password: str, database: str = "") -> str:
    """Load a register (UTF-8 CSV with a header) and return the reader's URL.

    The table's comment keeps the file's hash: an unchanged file is not loaded again.
    """
    database = database or register.database
    if not csv_path.exists():
        raise CourtyardError(f"The sample's register {csv_path} is missing.", "Run 'courtyard sample' first.")
    _prepare(admin_url, register, password, database)
    here = make_url(admin_url).set(drivername="postgresql", database=database)
    digest = hashlib.sha256(csv_path.read_bytes()).hexdigest()
    with psycopg.connect(here.render_as_string(hide_password=False)) as connection:
        found = connection.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", (register.table,)).fetchone()
        if not found or found[0] != digest:
            _reload(connection, register, csv_path, digest)
    reader = here.set(drivername="postgres", username=register.reader, password=password)
    return reader.render_as_string(hide_password=False)


def _prepare(admin_url: str, register: Register, password: str, database: str) -> None:
    """The database and the login, which may connect to it and read, and nobody else may."""
    reader = Identifier(register.reader)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (register.reader,)).fetchone():
            admin.execute(SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(reader))
        admin.execute(SQL("ALTER ROLE {} PASSWORD {}").format(reader, Literal(password)))
        admin.execute(SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(reader))
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
            admin.execute(SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(Identifier(database)))
        admin.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))
        admin.execute(SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Identifier(database), reader))


def _reload(connection: psycopg.Connection, register: Register, csv_path: Path, digest: str) -> None:
    """Replace the table in one transaction; readers see the old register or the new one."""
    table = Identifier(register.table)
    with csv_path.open("rb") as file:
        header = file.readline().decode("utf-8-sig").strip().replace('"', "").split(",")
        if set(header) != set(register.columns):
            raise CourtyardError(f"The columns of {csv_path} are not the register's.", "Run 'courtyard sample' again.")
        declared = SQL(", ").join(SQL("{} {}").format(Identifier(n), SQL(k)) for n, k in register.declared.items())
        connection.execute(SQL("DROP TABLE IF EXISTS {}").format(table))
        connection.execute(SQL("CREATE TABLE {} ({})").format(table, declared))
        by = SQL(", ").join(map(Identifier, register.by))
        connection.execute(SQL("CREATE INDEX ON {} ({})").format(table, by))
        names = SQL(", ").join(map(Identifier, header))
        with connection.cursor().copy(SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(table, names)) as copy:
            while block := file.read(1 << 20):
                copy.write(block)
    connection.execute(SQL("COMMENT ON TABLE {} IS {}").format(table, Literal(digest)))
    connection.execute(SQL("GRANT SELECT ON {} TO {}").format(table, Identifier(register.reader)))
