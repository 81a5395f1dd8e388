"""A browser for tests: headless Chromium at the size of a phone or a desk, driven over its debugging protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

_WORDS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
)
SECONDS = 20
DESK_WIDTH = 700  # from here on a screen is no phone's


class Phone:
    """One page. `width` and `height` are CSS pixels; two of the screen's to each."""

    def __init__(self, socket: ClientConnection, width: int, height: int) -> None:
        self._socket, self._number = socket, 0
        self("Page.enable")
        self("Network.enable")
        self.size(width, height)

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=3 * SECONDS))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def size(self, width: int, height: int) -> None:
        """The screen from now on; a narrow one is a phone's, with touch."""
        is_phone = width < DESK_WIDTH
        self("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=is_phone)
        self("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def cookie(self, name: str, value: str, url: str) -> None:
        """Send a cookie with every request to the site of `url`."""
        self("Network.setCookie", name=name, value=value, url=url)

    def headers(self, **named: str) -> None:
        """Send these headers with every request; called again, only the new ones."""
        self("Network.setExtraHTTPHeaders", headers={name.replace("_", "-"): value for name, value in named.items()})

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url: str, start: str = "http") -> None:
        """Go to an address and wait until it is loaded; `start` is how the address that is reached begins."""
        self("Page.navigate", url=url)
        self.until(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(start)})")

    def until(self, expression: str) -> None:
        """Wait until an expression is true; pages come and go meanwhile."""
        self.wait(lambda: self.js(expression), expression)

    @staticmethod
    def wait(holds: Callable[[], Any], told: str) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with suppress(AssertionError):
                if holds():
                    return
            time.sleep(0.05)
        raise AssertionError(f"did not come true: {told}")

    def write(self, field: str, words: str) -> None:
        """Type into a field, as with a keyboard that hands over whole words."""
        self.js(f"document.getElementById('{field}').focus()")
        self("Input.insertText", text=words)

    def tap(self, selector: str) -> None:
        self.js(f"document.querySelector({json.dumps(selector)}).click()")

    def text(self) -> str:
        return self.js("document.body.innerText")

    def online(self, is_online: bool) -> None:
        speed = -1 if is_online else 0
        self(
            "Network.emulateNetworkConditions",
            offline=not is_online,
            latency=0,
            downloadThroughput=speed,
            uploadThroughput=speed,
        )

    def picture(self, path: Path) -> None:
        """The whole page as a PNG."""
        answer = self("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def phone(folder: Path, width: int = 390, height: int = 844) -> Iterator[Phone]:
    """Chromium with a profile of its own in a folder, ended with all its processes."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "a browser test needs Chromium: apt-get install chromium"
    profile = folder / "profile"
    words = [program, *_WORDS, f"--user-data-dir={profile}", "about:blank"]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        told = profile / "DevToolsActivePort"
        Phone.wait(lambda: told.exists() and len(told.read_text().splitlines()) == 2, "Chromium's port")
        port = told.read_text().splitlines()[0]
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=SECONDS) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        with connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
            yield Phone(socket, width, height)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
