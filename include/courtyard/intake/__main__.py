"""`python -m courtyard.intake --ready-file F`: the residents' service in a process of its own."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
from pathlib import Path

import uvicorn

from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.intake.app import app
from courtyard.privacy import keys
from courtyard.settings import Settings
from courtyard.store import database

HOST, PORT = "COURTYARD_INTAKE_HOST", "COURTYARD_INTAKE_PORT"
PIPELINE_KEY, BASE_URL = "COURTYARD_INTAKE_PIPELINE_KEY", "COURTYARD_INTAKE_BASE_URL"
CONNECTIONS = 12  # to the database; a report holds one for some milliseconds
WAITING = 1024  # connections that may wait to be taken up
STOP_SECONDS = 10


class _Server(uvicorn.Server):
    """Writes its address once it answers."""

    def __init__(self, config: uvicorn.Config, listening: socket.socket, ready_file: Path | None) -> None:
        super().__init__(config)
        self._listening = listening
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self._listening.getsockname()[:2]
        announced = json.dumps({"address": f"http://{host}:{port}"})
        if self._ready_file:
            self._ready_file.parent.mkdir(parents=True, exist_ok=True)
            part = self._ready_file.with_name(f"{self._ready_file.name}.part")
            part.write_text(announced, "utf-8")
            part.replace(self._ready_file)
        print(announced, flush=True)


def serve(settings: Settings, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT. Reads COURTYARD_INTAKE_HOST, _PORT, _PIPELINE_KEY and _BASE_URL; loopback and a free port unless set."""
    if not settings.warehouse_url:
        raise UsageError("The intake service does not know its database.", "Set COURTYARD_WAREHOUSE_URL.")
    service = app(
        database.service_engine(settings.warehouse_url, "intake", CONNECTIONS),
        keys.load_intake(settings.keys),
        load_district(settings.district_path),
        pipeline_key=os.environ.get(PIPELINE_KEY, ""),
        base_url=os.environ.get(BASE_URL, ""),
    )
    listening = socket.create_server(
        (os.environ.get(HOST, "127.0.0.1"), int(os.environ.get(PORT, "0"))), backlog=WAITING
    )
    config = uvicorn.Config(
        service,
        log_level="warning",
        access_log=False,  # tokens stand in paths
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _Server(config, listening, ready_file).run(sockets=[listening])


def main() -> None:
    parser = argparse.ArgumentParser(description="The residents' service: forms, status pages, GeoReport.")
    parser.add_argument("--ready-file", type=Path, help="gets the address as JSON once it answers")
    serve(Settings.from_env(), parser.parse_args().ready_file)


if __name__ == "__main__":
    main()
