from pathlib import Path

from courtyard.settings import Settings


def test_the_environment_names_every_folder():
    env = {"COURTYARD_VAR": "/srv/c/var", "COURTYARD_KEYS": "/srv/keys", "COURTYARD_WAREHOUSE_URL": "postgresql://h/d"}
    found = Settings.from_env(env)
    assert (found.landing, found.keys, found.warehouse_url) == (
        Path("/srv/c/var/landing"),
        Path("/srv/keys"),
        "postgresql://h/d",
    )
    assert found.district_path.name == "shaocheng"


def test_postgres_data_never_lies_below_landing_or_keys(tmp_path):
    found = Settings.from_env({"COURTYARD_VAR": str(tmp_path / "var"), "COURTYARD_KEYS": str(tmp_path / "keys")})
    assert found.var not in found.pgdata.parents and found.keys not in found.pgdata.parents
