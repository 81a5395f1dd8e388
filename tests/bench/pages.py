"""How long every page takes, by HTTP, and the map until it can be used in Chromium.

    COURTYARD_VAR=… COURTYARD_KEYS=… make bench-pages        ARGS="--user viewer01 --times 9 --no-browser"

Serves the pages over the data that COURTYARD_VAR names, on loopback. A page of another office of the pages joins PATHS.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
from tests.boards.street import COOKIE, served, signed_in
from tests.browser import phone

from courtyard.boards import app
from courtyard.district import load_district
from courtyard.runtime import supervisor
from courtyard.settings import Settings

MOST_SECONDS, MOST_MAP_SECONDS = 1.0, 2.0
PATHS = (
    "/map",
    "/map?layer=hazards",
    "/map?community={community}",
    "/map?tag=old_courtyard",
    "/courtyard/{courtyard}",
)
_READY = "document.querySelector('#map')?.dataset.ready === 'true'"


def measured(address: str, user: str, path: str, times: int) -> list[float]:
    """Seconds of each answer, after a first one that is not counted."""
    with httpx.Client(base_url=address, cookies={COOKIE: user}, trust_env=False, timeout=60) as client:
        client.get(path).raise_for_status()
        found = []
        for _ in range(times):
            begun = time.perf_counter()
            client.get(path).raise_for_status()
            found.append(time.perf_counter() - begun)
    return found


def until_interactive(address: str, user: str, times: int) -> list[float]:
    """Seconds from asking for the map until its script has taken over, in a new browser each time."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder, phone(Path(folder), 1280, 900) as page:
            page.cookie(COOKIE, user, address)
            begun = time.perf_counter()
            page("Page.navigate", url=f"{address}/map")
            page.until(_READY)
            found.append(time.perf_counter() - begun)
    return found


def _told(name: str, seconds: list[float], most: float) -> bool:
    p50, worst = statistics.median(seconds), max(seconds)
    print(f"{name:<48} p50 {p50:6.2f} s   max {worst:6.2f} s   {'' if worst <= most else f'above {most:.0f} s'}")
    return worst <= most


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--user", default="street01")
    words.add_argument("--times", type=int, default=5)
    words.add_argument("--no-browser", action="store_true")
    given = words.parse_args()
    settings = Settings.from_env()
    district = load_district(settings.district_path)
    named = {
        "courtyard": district.courtyards[0].code,
        "community": district.community_of(district.courtyards[0].code).code,
    }
    with ExitStack() as stack:
        services = stack.enter_context(supervisor.running(settings, standins=False))
        pages = app.build(replace(settings, warehouse_url=services.url), signed_in)
        address = stack.enter_context(served(pages))
        held = [
            _told(path, measured(address, given.user, path.format(**named), given.times), MOST_SECONDS)
            for path in PATHS
        ]
        if not given.no_browser:
            seconds = until_interactive(address, given.user, given.times)
            held.append(_told("/map until interactive", seconds, MOST_MAP_SECONDS))
    return 0 if all(held) else 1


if __name__ == "__main__":
    raise SystemExit(main())
