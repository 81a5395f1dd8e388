"""`python -m courtyard.sample.standins --ready-file F`: the web, SFTP and mail stand-ins in one process."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from courtyard.sample.standins import hotline, ledgers, mail, residents, sftp
from courtyard.sample.standins.credentials import RECEIVER_LOGIN, Credentials, folder
from courtyard.settings import Settings

PARENT_SECONDS = 0.5


class _Server(uvicorn.Server):
    """One of several servers in a process that handles its signals itself."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        self.socket = socket.create_server(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, ready_file: Path, with_parent: bool) -> None:
    """Serve until SIGTERM or SIGINT or, `with_parent`, until the parent process is gone."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # pymap writes a file among the temporary ones and renames it, which must not lead to another file system.
    tempfile.tempdir = os.fspath(folder(settings))
    secret = Credentials.of(settings)
    posted = folder(settings) / "posted.jsonl"
    web = {
        "hotline": _Server(hotline.app(settings.sample / "hotline/orders.jsonl", secret.hotline_token)),
        "residents": _Server(
            residents.app(settings.sample / "residents/requests.jsonl", posted, secret.residents_api_key)
        ),
        "emergency": _Server(
            ledgers.app(
                ledgers.EMERGENCY, settings.sample / "emergency/hazards.jsonl", secret.department_passwords["emergency"]
            )
        ),
        "justice": _Server(
            ledgers.app(
                ledgers.JUSTICE, settings.sample / "justice/disputes.jsonl", secret.department_passwords["justice"]
            )
        ),
    }
    files = await sftp.serve(settings.sample / "sftp", secret.sftp_passwords, secret.host_private_key)
    received = folder(settings) / "received"
    received.mkdir(parents=True, exist_ok=True)
    receiver = await sftp.serve(
        received, {RECEIVER_LOGIN: secret.receiver_password}, secret.host_private_key, takes=True
    )
    post = await mail.serve(folder(settings) / "mail", secret.mail_password)
    serving = [asyncio.create_task(server.serve(sockets=[server.socket])) for server in web.values()]
    watching = asyncio.create_task(_outlive(os.getppid(), stop)) if with_parent else None
    while not all(server.started for server in web.values()):
        await asyncio.sleep(0.01)
    addresses = {name: server.address for name, server in web.items()}
    addresses |= {
        "sftp": f"sftp://127.0.0.1:{files.get_port()}",
        "receiver": f"sftp://127.0.0.1:{receiver.get_port()}",
        "smtp": f"smtp://127.0.0.1:{post.smtp_port}",
        "imap": f"imap://127.0.0.1:{post.imap_port}",
    }
    _announce(ready_file, addresses)
    await stop.wait()
    ready_file.unlink(missing_ok=True)
    files.close()
    receiver.close()
    post.close()
    if watching:
        watching.cancel()
    for server in web.values():
        server.should_exit = True
    await asyncio.gather(*serving)


async def _outlive(parent: int, stop: asyncio.Event) -> None:
    """Stop once the parent is another: an orphan is handed to another process."""
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)
    stop.set()


def _announce(ready_file: Path, addresses: dict[str, str]) -> None:
    """Write the addresses whole, and print them: no secrets among them."""
    text = json.dumps(addresses)
    ready_file.parent.mkdir(parents=True, exist_ok=True)
    part = ready_file.with_name(f"{ready_file.name}.part")
    part.write_text(text, "utf-8")
    part.replace(ready_file)
    print(text, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="The sample street's departments, on loopback.")
    parser.add_argument("--ready-file", type=Path, required=True, help="gets the addresses as JSON once all answer")
    parser.add_argument("--with-parent", action="store_true", help="stop when the starting process is gone")
    given = parser.parse_args()
    asyncio.run(run(Settings.from_env(), given.ready_file, given.with_parent))


if __name__ == "__main__":
    main()
