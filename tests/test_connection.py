import pytest

from courtyard.connection import Connection, from_env
from courtyard.errors import UsageError


def test_a_uri_is_read_as_airflow_writes_it():
    found = Connection.from_uri(
        "hotline", "http://user:p%40ss%2Fword@127.0.0.1:8080/api%20v1?host_key=ssh-ed25519+AAA%2B"
    )
    assert (found.scheme, found.host, found.port, found.login, found.password, found.path) == (
        "http", "127.0.0.1", 8080, "user", "p@ss/word", "api v1",
    )  # fmt: skip
    assert found.extra == {"host_key": "ssh-ed25519 AAA+"}


def test_the_password_is_not_shown():
    assert "secret" not in repr(Connection.from_uri("x", "http://u:secret@h/?token=secret"))


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    env = tmp_path / "env"
    env.write_text("# made by init\nAIRFLOW_CONN_GRID=file:///a\n")
    assert from_env("grid", env).path == "a"
    monkeypatch.setenv("AIRFLOW_CONN_GRID", "file:///b")
    assert from_env("grid", env).path == "b"


def test_an_unset_connection_says_which_variable_to_set(tmp_path):
    with pytest.raises(UsageError, match="AIRFLOW_CONN_GRID"):
        from_env("grid", tmp_path / "env")
