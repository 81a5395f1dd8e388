"""A context over the real pack and an empty warehouse, with keys of the tests' own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import make_url

from courtyard.context import Context
from courtyard.district import load_district
from courtyard.period import Period
from courtyard.privacy.keys import KINDS, KeyRing
from courtyard.settings import Settings
from courtyard.store import database


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


@pytest.fixture
def another_ctx(ctx: Context, pg_admin_url: str, _migrated_template: str, tmp_path) -> Iterator[Context]:
    """A second installation with the same keys and nothing else in common."""
    name = f"t_{os.urandom(6).hex()}"
    with psycopg.connect(pg_admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {_migrated_template}")
    url = make_url(pg_admin_url).set(database=name).render_as_string(hide_password=False)
    yield replace(ctx, url=url, settings=replace(ctx.settings, var=tmp_path / "other"))
    for role in database.ROLES:
        database.engine(url, role).dispose()
    with psycopg.connect(pg_admin_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
