"""An office with the real pack, an empty warehouse and a mail server on loopback."""

from __future__ import annotations

import post_office
import pytest
from watched import Office

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.errors import NotConnected
from courtyard.period import Period


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with post_office.running(tmp_path_factory.mktemp("post")) as found:
        yield found


@pytest.fixture
def office(settings, warehouse_url, server) -> Office:
    server.empty()
    known = {"mail": server.mail}

    def connection(conn_id: str) -> Connection:
        if conn_id not in known:
            raise NotConnected(f"没有设置连接 {conn_id}。")
        return known[conn_id]

    district = load_district(settings.district_path)
    ctx = Context(settings, district, Period.quarter("2026Q4"), warehouse_url, None, connection, "test")
    return Office(ctx, server, known)
