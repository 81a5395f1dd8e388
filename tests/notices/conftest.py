"""An office with a mail server and a robot service on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import post_office
import pytest
from desk import STREET, Desk, Robots

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district.models import District, Office
from courtyard.errors import UsageError
from courtyard.period import Period


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


@pytest.fixture
def post(server):
    server.empty()
    return server


@pytest.fixture
def robots() -> Iterator[Robots]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            parts = urlsplit(self.path)
            found.asked.append((parts.path, dict(parse_qsl(parts.query)), body))
            code = found.answer(len(found.asked))
            self.send_response(code if code > 99 and code < 600 else 200)
            if code == 302:
                self.send_header("location", f"http://127.0.0.1:{found.port}/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps({"errcode": code, "errmsg": "x"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Robots(httpd.server_port)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def desk(settings, warehouse_url, post):
    known = {"mail": post.mail}

    def connection(conn_id: str) -> Connection:
        if conn_id not in known:
            raise UsageError(f"The connection '{conn_id}' is not set.")
        return known[conn_id]

    district = District.model_construct(office=Office.model_construct(street_code=STREET))
    ctx = Context(settings, district, Period.quarter("2026Q3"), warehouse_url, None, connection, "test")
    return Desk(ctx, known)
