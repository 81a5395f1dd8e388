"""The warehouse is a function of landed bytes: rebuilt from them in any order it holds the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text

from courtyard import stages
from courtyard.errors import UsageError
from courtyard.rebuilding import Rebuilt, rebuild
from courtyard.store import database
from courtyard.warehouse.hashing import content_hash

SHUFFLES = 20
_IDS = text(
    "SELECT md5(string_agg(person_id, ',' ORDER BY person_id)) FROM (SELECT DISTINCT person_id FROM warehouse.record WHERE is_current) p"
)
Build = Callable[..., Rebuilt]


@pytest.fixture
def build(small_street) -> Iterator[Build]:
    """Rebuilds into databases that are dropped again."""
    live, made = stages.warehouse_url(small_street.settings), []

    def work(**options) -> Rebuilt:
        made.append(f"rebuilt_{len(made)}")
        return rebuild(small_street.settings, made[-1], **options)

    yield work
    with psycopg.connect(live, autocommit=True) as admin:
        for name in made:
            for role in database.ROLES:
                database.engine(live.replace("/courtyard?", f"/{name}?"), role).dispose()
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def ids(url: str) -> str:
    with database.engine(url).connect() as connection:
        return connection.scalar(_IDS)


@pytest.mark.slow
def test_a_rebuild_believes_what_the_warehouse_believes_and_a_second_one_is_equal_in_all(small_street, build):
    live = small_street.engine
    before = content_hash(live, full=True)
    with live.connect() as connection:
        decided = "SELECT count(*) FROM identity.record_person WHERE method = 'decision'"
        assert connection.scalar(text(decided)) > 0
    first, second = build(), build()
    assert first.current == content_hash(live)
    assert (first.current, first.full) == (second.current, second.full)
    assert ids(first.url) == ids(stages.warehouse_url(small_street.settings))
    assert content_hash(live, full=True) == before


@pytest.mark.slow
def test_shuffled_rebuilds_believe_the_same_under_the_same_ids(small_street, build):
    expected = content_hash(small_street.engine), ids(stages.warehouse_url(small_street.settings))
    for seed in range(SHUFFLES):
        built = build(seed=seed)
        assert (built.current, ids(built.url)) == expected, f"seed {seed}"


def test_the_warehouse_itself_and_a_filled_database_are_refused(street):
    url = stages.warehouse_url(street.settings)
    for into in ("courtyard", url):
        with pytest.raises(UsageError):
            rebuild(street.settings, into)
    with pytest.raises(UsageError):
        rebuild(replace(street.settings, warehouse_url=url.replace("/courtyard?", "/postgres?")), url)
