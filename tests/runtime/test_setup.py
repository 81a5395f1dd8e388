"""The files that set the project up: Makefile, CI script, docker-compose.yml, pinned requirements."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"demo", "test", "up", "down", "bench", "lint", "lock", "clean", "help"}


def test_docker_compose_keeps_to_its_schema():
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, ROOT / "docker-compose.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_docker_compose_runs_the_pinned_airflow():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    pinned = re.search(r"^apache-airflow==(\S+)$", (ROOT / "requirements.txt").read_text("utf-8"), re.M)[1]
    services = compose["services"]
    for name in ("init", "api-server", "scheduler", "dag-processor"):
        assert f"FROM apache/airflow:{pinned}-python3.11" in services[name]["build"]["dockerfile_inline"]
    assert services["postgres"]["image"] == "postgres:18"
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published and all(port.startswith("127.0.0.1:") for port in published), "Publish ports on loopback only."


def test_the_residents_service_in_docker_sees_its_own_keys_and_no_administrators_password():
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["intake"]
    mounts = [volume for volume in service["volumes"] if isinstance(volume, dict)]
    assert [(mount["source"], mount["volume"]["subpath"]) for mount in mounts] == [("courtyard-keys", "intake")]
    assert [volume for volume in service["volumes"] if isinstance(volume, str)] == [
        "./include:/opt/courtyard/include:ro"
    ]
    assert "POSTGRES_PASSWORD" not in str(service) and "//courtyard_intake:" in str(service)
    assert "env_file" not in service


def test_every_direct_requirement_is_pinned():
    direct = [
        re.split(r"[\[=<>~! ]", line)[0].lower()
        for line in (ROOT / "requirements.in").read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    pins = dict(
        re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    )
    assert direct
    assert [name for name in direct if name not in pins] == [], "Run 'make lock' after editing requirements.in."


def test_make_help_lists_every_target():
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"make (\w+)", done.stdout)) >= TARGETS


def test_the_ci_script_is_valid_shell():
    subprocess.run(["sh", "-n", ROOT / ".ci/run"], check=True)
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
