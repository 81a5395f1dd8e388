"""A context over the real pack and an empty warehouse, with keys of the tests' own."""

from __future__ import annotations

import pytest

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings


@pytest.fixture
def ctx(warehouse_url: str, settings: Settings) -> Context:
    return Context(
        settings=settings,
        district=load_district(settings.district_path),
        period=Period.quarter("2026Q3"),
        url=warehouse_url,
        keys=KeyRing({f"{kind}-1": kind.encode().ljust(32, b".") for kind in KINDS}),
        connection=None,  # type: ignore[arg-type]  # nothing here fetches
        holder="test",
    )
