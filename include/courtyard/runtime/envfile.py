"""`var/env`: connection URIs of the sources, and what of Airflow an operator switches on. Lines the operator wrote are kept; those of what we started are marked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from courtyard.connection import read_env, variable

BEGIN = "# >>> stand-ins of the sample street: rewritten at every start >>>"
END = "# <<< stand-ins of the sample street <<<"
SWITCHES = ("AIRFLOW__METRICS__", "AIRFLOW__OPENLINEAGE__")
HEADER = "# Connections of the sources, one NAME=URI a line. A line outside the marks below is never changed.\n"


def write_standins(env_file: Path, uris: Mapping[str, str]) -> None:
    """Put the connections of the stand-ins and the residents' service (id -> URI) between the marks, 0600, but for ids the operator has set."""
    own = operator_lines(env_file)
    lines = [
        f"{variable(conn_id)}={uri}" for conn_id, uri in sorted(uris.items()) if not is_operators(env_file, conn_id)
    ]
    text = "\n".join([*own, BEGIN, *lines, END]) + "\n"
    if not own:
        text = HEADER + text
    env_file.parent.mkdir(parents=True, exist_ok=True)
    part = env_file.with_name(env_file.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(env_file)


def is_operators(env_file: Path, conn_id: str) -> bool:
    """Whether the operator has set a connection, in the file or in the environment."""
    own = {line.partition("=")[0].strip() for line in operator_lines(env_file) if "=" in line and line[0] != "#"}
    return variable(conn_id) in own or variable(conn_id) in os.environ


def operator_lines(env_file: Path) -> list[str]:
    """The file's lines outside the marks, as they are."""
    if not env_file.exists():
        return []
    lines, inside = [], False
    for line in env_file.read_text("utf-8").splitlines():
        if line in (BEGIN, END):
            inside = line == BEGIN
        elif not inside:
            lines.append(line)
    return lines


def connections(env_file: Path) -> dict[str, str]:
    """`AIRFLOW_CONN_*` of the file, for the environment of Airflow."""
    return {name: uri for name, uri in read_env(env_file).items() if name.startswith("AIRFLOW_CONN_")}


def switches(env_file: Path) -> dict[str, str]:
    """Airflow's own settings of the file that an operator may make: where metrics and lineage go."""
    return {name: value for name, value in read_env(env_file).items() if name.startswith(SWITCHES)}
