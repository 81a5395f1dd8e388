"""A context over the real pack and an empty warehouse, and packs whose posts a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from tests.conftest import PACK

from courtyard.context import Context
from courtyard.district import District, load_district
from courtyard.district.models import Post
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings

STREET, COMMUNITY = "510105005", "510105005002"
GRID = f"{COMMUNITY}001"


def term(unit: str, post: str, holder: str, since: str, until: str = "") -> Post:
    return Post(
        unit_code=unit,
        post=post,
        holder=holder,
        valid_from=date.fromisoformat(since),
        valid_to=date.fromisoformat(until) if until else None,
    )


@pytest.fixture(scope="session")
def district() -> District:
    return load_district(PACK)


@pytest.fixture(scope="session")
def holding(district: District) -> Callable[..., District]:
    """The pack with these posts alone."""
    return lambda *posts: district.model_copy(update={"posts": posts})


@pytest.fixture
def ctx(warehouse_url: str, settings: Settings, district: District) -> Context:
    return Context(
        settings=settings,
        district=district,
        period=Period.quarter("2026Q3"),
        url=warehouse_url,
        keys=KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        connection=None,  # type: ignore[arg-type]  # nothing here fetches
        holder="test",
    )


def under(ctx: Context, district: District) -> Context:
    return replace(ctx, district=district)
