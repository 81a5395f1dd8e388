"""A guided tour of the office's pages in a running `make up`: signs in, walks through, keeps pictures.

    make tour          # writes docs/tour/*.png; needs Chromium and, for Chinese letters, fonts-noto-cjk

Each stop says who looks, where, and what must be seen there; tests/test_tour.py asserts the same.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "include")]

from tests import browser  # noqa: E402
from tests.browser import Phone, phone  # noqa: E402

from courtyard.boards.menu import MENU  # noqa: E402
from courtyard.errors import CourtyardError  # noqa: E402
from courtyard.runtime import airflow  # noqa: E402
from courtyard.settings import Settings  # noqa: E402

PICTURES = ROOT / "docs/tour"
WIDTH, HEIGHT, MOST_BYTES = 1280, 900, 150_000
PAGES = "/courtyard"
QUARTER = "2026Q3"
COLOURS = (256, 96, 48)
browser.SECONDS = 60  # all of Airflow runs on the same two cores


@dataclass(frozen=True)
class Stop:
    """A page of the tour: `clicks` are links followed one after the other, `sees` what must then be read there."""

    picture: str
    user: str
    path: str
    sees: tuple[str, ...]
    clicks: tuple[str, ...] = ()
    ready: str = "true"


STOPS = (
    Stop("map", "street01", f"{PAGES}/map", ("一张图", "重点人群关爱"), ready="!!document.querySelector('svg')"),
    Stop("courtyard", "community01", f"{PAGES}/courtyard/5101050050020001", ("四道街2号院",)),
    Stop("quarter", "street01", f"{PAGES}/quarter/{QUARTER}", ("季度看板", QUARTER)),
    Stop("reports", "street01", f"{PAGES}/reports", ("报表目录", "低保")),
    Stop(
        "trace",
        "street01",
        f"{PAGES}/reports/dibao_statistics/2026-07/form",
        ("低保", "C6"),
        clicks=("a[href*='/cell/C6']",),
    ),
    Stop("desk", "street01", f"{PAGES}/desk", ("核实台",)),
    Stop("cases", "street01", f"{PAGES}/cases", ("工单",)),
    Stop("burden", "street01", f"{PAGES}/burden", ("减负账",), ready="!!document.querySelector('svg')"),
    Stop(
        "backfill",
        "street01",
        f"{PAGES}/backfill?first=2026Q2&last={QUARTER}",
        ("回填",),
        ready="!!document.getElementById('reason')",
    ),
    Stop(
        "airflow",
        "admin",
        "/dags/courtyard_quarter",
        ("季度数据链",),
        ready="!document.querySelector('.chakra-skeleton')",
    ),
)


@dataclass
class Tour:
    """A browser in front of a running Airflow."""

    settings: Settings
    page: Phone

    @property
    def address(self) -> str:
        return airflow.load_secrets(self.settings).address

    def token(self, user: str) -> str:
        return token(self.settings, user)

    def sign_in(self, user: str) -> None:
        self.page.cookie("_token", self.token(user), self.address)

    def go(self, stop: Stop) -> str:
        """Stand at a stop; returns what is read there."""
        self.sign_in(stop.user)
        self.page.open("about:blank", "about:blank")
        self.page.open(self.address + stop.path)
        for link in stop.clicks:
            self.page.until(f'!!document.querySelector("{link}")')
            self.page.js(f'location.href = document.querySelector("{link}").href')
            self.page.until("document.readyState === 'complete'")
        self.page.until(stop.ready)
        for words in stop.sees:
            self.page.until(f"document.body.innerText.includes('{words}')")
        return self.page.text()

    def status(self, user: str, path: str) -> int:
        """The status of a page for a user, without the browser."""
        cookies = {"_token": self.token(user)}
        return httpx.get(self.address + path, cookies=cookies, trust_env=False, timeout=30).status_code

    def picture(self, path: Path) -> None:
        """Keep what is on the screen, in as many colours as fit into the size of a picture."""
        shot = self.page("Page.captureScreenshot", format="png")
        image = Image.open(BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
        image.thumbnail((WIDTH, HEIGHT))
        for colours in COLOURS:
            image.quantize(colours).save(path, optimize=True)
            if path.stat().st_size <= MOST_BYTES:
                return


def token(settings: Settings, user: str) -> str:
    """What Airflow's own login gives a user."""
    asked = {"username": user, "password": airflow.passwords(settings)[user]}
    address = airflow.load_secrets(settings).address
    answer = httpx.post(f"{address}/auth/token", json=asked, trust_env=False, timeout=30)
    answer.raise_for_status()
    return answer.json()["access_token"]


@contextmanager
def standing(settings: Settings) -> Iterator[Tour]:
    """A tour of what runs; CourtyardError when nothing does."""
    if not airflow.is_running(settings):
        raise CourtyardError("Airflow is not running.", "Start it with 'make up'.")
    with tempfile.TemporaryDirectory(prefix="courtyard-tour-") as folder, phone(Path(folder), WIDTH, HEIGHT) as page:
        yield Tour(settings, page)


def menu_paths() -> list[tuple[str, frozenset[str]]]:
    """Each page of the menu and the roles that may open it."""
    return [(f"{PAGES}{page.path}", frozenset(page.roles)) for page in MENU]


def main(wanted: list[str]) -> int:
    """All stops, or those named."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with standing(Settings.from_env()) as tour:
        failed = 0
        for stop in (stop for stop in STOPS if stop.picture in wanted or not wanted):
            try:
                tour.go(stop)
            except AssertionError as error:  # the others are still worth a look
                failed += 1
                print(f"{stop.path}: {error}", file=sys.stderr)
                continue
            path = PICTURES / f"{stop.picture}.png"
            tour.picture(path)
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1000} KB")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except CourtyardError as error:
        print(f"tour: {error}", file=sys.stderr)
        raise SystemExit(2) from None
