"""What the operator wrote into var/env stays; the stand-ins' lines are made anew."""

from __future__ import annotations

from pathlib import Path

from courtyard.connection import read_env
from courtyard.runtime import envfile

OPERATOR = "# our own\nAIRFLOW_CONN_POPULATION=sftp://u:p@real.example/\n\nOTHER=1\n"


def test_the_operators_lines_are_kept_and_their_ids_are_not_taken_over(tmp_path: Path):
    file = tmp_path / "env"
    file.write_text(OPERATOR, "utf-8")
    envfile.write_standins(file, {"population": "sftp://stand-in", "hotline": "http://127.0.0.1:1"})
    assert file.read_text("utf-8").startswith(OPERATOR)
    assert read_env(file) == {
        "AIRFLOW_CONN_POPULATION": "sftp://u:p@real.example/",
        "OTHER": "1",
        "AIRFLOW_CONN_HOTLINE": "http://127.0.0.1:1",
    }


def test_a_second_start_replaces_the_first_ones_lines(tmp_path: Path):
    file = tmp_path / "env"
    envfile.write_standins(file, {"hotline": "http://127.0.0.1:1", "grid": "file:///in"})
    with file.open("a", encoding="utf-8") as more:
        more.write("AIRFLOW_CONN_GRID=file:///ours\n")
    envfile.write_standins(file, {"hotline": "http://127.0.0.1:2", "grid": "file:///in"})
    envfile.write_standins(file, {"hotline": "http://127.0.0.1:2", "grid": "file:///in"})
    assert read_env(file) == {"AIRFLOW_CONN_HOTLINE": "http://127.0.0.1:2", "AIRFLOW_CONN_GRID": "file:///ours"}
    assert file.read_text("utf-8").count("AIRFLOW_CONN_GRID") == 1


def test_a_connection_in_the_environment_is_the_operators_too(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_HOTLINE", "http://real.example")
    envfile.write_standins(tmp_path / "env", {"hotline": "http://127.0.0.1:1"})
    assert read_env(tmp_path / "env") == {}


def test_only_the_owner_reads_it_and_no_half_is_left(tmp_path: Path):
    envfile.write_standins(tmp_path / "var/env", {"hotline": "http://:secret@127.0.0.1:1"})
    assert (tmp_path / "var/env").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["env"]
