"""A small sample street for browser and slow tests: two quarters run once a session, its pages served on loopback.

Tests below tests/boards have the fixture `street` by their conftest. A conftest elsewhere imports it:

    from tests.boards.street import street  # noqa: F401

and a test marked `browser` (or `slow`, where it asks without a browser) then does

    page = street.open_page("community01", "/map", width=1280, height=900)
    page.until("document.querySelector('svg') !== null")
    street.picture(page, "map-community")      # below COURTYARD_PICTURES, where that is set

`open_page` signs in as a user of the sample pack's `users.csv` (whoever is not listed there is a viewer). There is one
browser with one page: opening another leaves the one before. `get` asks without a browser. The pages' clock is the
machine's, since the runs bear its time: a test says nothing of how long ago something was. Tests share the street and
leave it as they found it, or name what they change.

Running the quarters takes two minutes. While pages are being made, COURTYARD_STREET_VAR names the folder of a sample
street that has run (its keys: COURTYARD_KEYS), which is then served instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from tests import folders
from tests.browser import Phone, phone

from courtyard.boards import app
from courtyard.privacy import keys
from courtyard.runtime import supervisor
from courtyard.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
QUARTERS = ("2025Q4", "2026Q1")
SCALE = "0.01"
COOKIE = "courtyard-user"


@dataclass
class Street:
    """A sample street whose quarters have run. `settings` name its folders and its warehouse, which is up."""

    settings: Settings
    address: str
    folder: Path
    _opened: ExitStack = field(default_factory=ExitStack)
    _phone: Phone | None = None

    def open_page(self, user: str, path: str, *, width: int = 390, height: int = 844) -> Phone:
        """The page at `path`, such as "/map?layer=care", as a user sees it, on a screen of this size."""
        if self._phone is None:
            self._phone = self._opened.enter_context(phone(self.folder, width, height))
        self._phone.size(width, height)
        self._phone.cookie(COOKIE, user, self.address)
        self._phone.open("about:blank", "about:blank")  # what stands at the same address is another user's
        self._phone.open(self.address + path)
        return self._phone

    def get(self, user: str, path: str) -> httpx.Response:
        """The answer to a request without a browser; redirects are not followed."""
        return httpx.get(self.address + path, cookies={COOKIE: user}, trust_env=False, timeout=30)

    @staticmethod
    def picture(page: Phone, name: str) -> None:
        """Keep a screenshot of the whole page, where COURTYARD_PICTURES names a folder."""
        if folder := os.environ.get("COURTYARD_PICTURES"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.picture(Path(folder) / f"{name}.png")

    def close(self) -> None:
        self._opened.close()


def signed_in(request: Request) -> str:
    """Who somebody is, by the cookie that `open_page` sets."""
    if not (user := request.cookies.get(COOKIE)):
        raise HTTPException(401)
    return user


@contextmanager
def served(pages: FastAPI) -> Iterator[str]:
    """The address of an application behind a real socket on loopback, as long as the block runs."""
    config = uvicorn.Config(pages, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        Phone.wait(lambda: server.started, "the pages are served")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def _run(settings: Settings, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "courtyard", *words],
        env=supervisor.child_env(settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout[-4000:] + done.stderr[-4000:]  # 1: some reports are held


@pytest.fixture(scope="session")
def street() -> Iterator[Street]:
    """See the module: the street, its pages at `street.address`. All that it starts ends with the session."""
    if ready := os.environ.get("COURTYARD_STREET_VAR"):
        with _served(Settings.from_env({**os.environ, "COURTYARD_VAR": ready})) as made:
            yield made
        return
    with folders.passable("courtyard-boards-") as folder:
        settings = Settings(folder / "var", ROOT / "include/districts/shaocheng", folder / "keys")
        keys.create(settings.keys)
        try:
            for words in (("init",), ("sample", "--scale", SCALE), *(("run", quarter) for quarter in QUARTERS)):
                _run(settings, *words)
            with _served(settings) as made:
                yield made
        finally:
            supervisor.shut_down(settings)


@contextmanager
def _served(settings: Settings) -> Iterator[Street]:
    with ExitStack() as stack:
        services = stack.enter_context(supervisor.running(settings, standins=False))
        found = replace(settings, warehouse_url=services.url)
        address = stack.enter_context(served(app.build(found, signed_in)))
        made = Street(found, address, stack.enter_context(folders.passable("courtyard-boards-")))
        stack.callback(made.close)
        yield made
