"""The tour as a test: every stop shows what the README says, every role sees its pages and no other, Airflow's menu has them.

It takes the installation of COURTYARD_VAR when that runs ('make up'), else brings a small one up.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import folders
from tests import tour as guided

from courtyard.district import load_district
from courtyard.runtime import airflow, memory, supervisor
from courtyard.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.airflow_e2e]
ROOT = Path(__file__).resolve().parents[1]
GIGABYTE = 1_000_000_000


@pytest.fixture(scope="module")
def tour() -> Iterator[guided.Tour]:
    settings = Settings.from_env()
    if os.environ.get("COURTYARD_VAR") and airflow.is_running(settings):
        with guided.standing(settings) as found:
            yield found
        return
    with folders.passable("courtyard-tour-") as folder:
        env = {**os.environ, "COURTYARD_VAR": str(folder / "var"), "COURTYARD_KEYS": str(folder / "keys")}
        settings = Settings.from_env(env)
        try:
            command = [str(ROOT / ".venv/bin/courtyard"), "up", "--scale", "0.02"]
            subprocess.run(command, env=env, cwd=ROOT, check=True, timeout=1800)
            with guided.standing(settings) as found:
                yield found
        finally:
            supervisor.shut_down(settings)


@pytest.mark.parametrize("stop", guided.STOPS, ids=lambda stop: stop.picture)
def test_a_stop_shows_what_it_says(tour, stop, tmp_path):
    read = tour.go(stop)
    assert all(words in read for words in stop.sees)
    assert "Traceback" not in read and "Internal Server Error" not in read
    tour.picture(tmp_path / "picture.png")
    assert 0 < (tmp_path / "picture.png").stat().st_size <= guided.MOST_BYTES


def test_every_role_sees_its_pages_and_no_other(tour):
    users = {user.user: user.role for user in load_district(tour.settings.district_path).users}
    seen = {(user, path): tour.status(user, path) for user in users for path, _ in guided.menu_paths()}
    expected = {
        (user, path): 200 if role in roles else 403
        for user, role in users.items()
        for path, roles in guided.menu_paths()
    }
    assert {key: code for key, code in seen.items() if code not in (expected[key], 303, 307)} == {}


def test_nobody_sees_a_page_without_signing_in(tour):
    import httpx

    for path, _ in guided.menu_paths():
        assert httpx.get(tour.address + path, trust_env=False, timeout=30).status_code == 401


def test_airflow_is_told_the_pages_for_its_menu(tour):
    import httpx

    cookies = {"_token": tour.token("admin")}
    known = httpx.get(tour.address + "/api/v2/plugins", cookies=cookies, trust_env=False, timeout=30).json()["plugins"]
    views = [view for plugin in known if plugin["name"] == "courtyard_board" for view in plugin["external_views"]]
    assert [view["href"] for view in views] == [path for path, _ in guided.menu_paths()]
    assert {view["destination"] for view in views} == {"nav"}


def test_all_of_it_fits_into_three_gigabytes(tour):
    assert sum(share.bytes for share in memory.shares(tour.settings)) < 3 * GIGABYTE
