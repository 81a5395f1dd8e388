"""A source's address and secret as one frozen value, from an Airflow connection URI.

Tasks get it through Airflow, the command line from `var/env`; the library sees no difference.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from courtyard.errors import NotConnected

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Connection:
    """What Airflow calls a connection. `repr` never shows the password."""

    conn_id: str
    scheme: str
    host: str = ""
    port: int | None = None
    login: str = ""
    password: str = field(default="", repr=False)
    path: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether it stays on this machine, where a plain connection is no risk."""
        return self.host in LOOPBACK

    @classmethod
    def from_uri(cls, conn_id: str, uri: str) -> Connection:
        """Read `scheme://login:password@host:port/path?key=value`, percent-encoded as Airflow does."""
        parts = urlsplit(uri)
        return cls(
            conn_id=conn_id,
            scheme=parts.scheme,
            host=unquote(parts.hostname or ""),
            port=parts.port,
            login=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            path=unquote(parts.path.removeprefix("/")),
            extra=dict(parse_qsl(parts.query)),
        )


def variable(conn_id: str) -> str:
    """The environment variable in which Airflow looks for a connection."""
    return f"AIRFLOW_CONN_{conn_id.upper()}"


def from_env(conn_id: str, env_file: Path) -> Connection:
    """The connection from the environment or, failing that, from `var/env` (lines `NAME=URI`); NotConnected when it is in neither."""
    name = variable(conn_id)
    uri = os.environ.get(name) or read_env(env_file).get(name)
    if not uri:
        raise NotConnected(f"The connection '{conn_id}' is not set.", f"Set {name}, or add it to {env_file}.")
    return Connection.from_uri(conn_id, uri)


def read_env(env_file: Path) -> dict[str, str]:
    """The `NAME=value` lines of an environment file; empty when there is none."""
    if not env_file.exists():
        return {}
    lines = (line.partition("=") for line in env_file.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip() for name, found, value in lines if found}
