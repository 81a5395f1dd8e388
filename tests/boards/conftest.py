"""The pages over a warehouse of the test's own, for any user of the pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from fastapi import HTTPException, Request
from fastapi.testclient import TestClient
from tests.boards.street import street as street

from courtyard.boards import app
from courtyard.period import SHANGHAI
from courtyard.privacy import keys
from courtyard.settings import Settings

NOW = datetime(2026, 10, 8, 10, 0, tzinfo=SHANGHAI)
Open = Callable[..., TestClient]


def signed_in(request: Request) -> str:
    """The tests' way to say who somebody is."""
    if not (user := request.headers.get("x-user")):
        raise HTTPException(401)
    return user


@pytest.fixture
def as_user(settings: Settings, warehouse_url: str) -> Open:
    """`as_user("street01")` is a client of that user's; `at` sets the clock."""
    keys.create(settings.keys)
    found = replace(settings, warehouse_url=warehouse_url)

    def open_as(user: str | None, at: datetime = NOW) -> TestClient:
        pages = app.build(found, signed_in, clock=lambda: at)
        headers = {"x-user": user} if user else {}
        return TestClient(pages, headers=headers, follow_redirects=False)

    return open_as
