"""Numbers of letters: from 1 each year, no gap, none twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import text

from courtyard.letters import number_of
from courtyard.store import database

STREET = "510105005"
AT = datetime.fromisoformat("2026-09-20T10:00:00+08:00")


def take(url, cause, at=AT):
    with database.engine(url, "publisher").begin() as connection:
        return number_of(connection, STREET, "少城办函", cause, at)


def test_numbers_follow_each_other_and_a_letter_keeps_its_own(warehouse_url):
    assert [take(warehouse_url, cause) for cause in ("a", "b", "a", "c")] == [
        "少城办函〔2026〕1号", "少城办函〔2026〕2号", "少城办函〔2026〕1号", "少城办函〔2026〕3号",
    ]  # fmt: skip


def test_each_year_begins_at_1_by_the_calendar_of_shanghai(warehouse_url):
    take(warehouse_url, "a")
    new_year = datetime.fromisoformat("2026-12-31T17:00:00+00:00")
    assert take(warehouse_url, "b", new_year) == "少城办函〔2027〕1号"


def test_a_number_that_was_rolled_back_is_the_next_one(warehouse_url):
    with pytest.raises(KeyboardInterrupt), database.engine(warehouse_url, "publisher").begin() as connection:
        assert number_of(connection, STREET, "少城办函", "lost", AT).endswith("1号")
        raise KeyboardInterrupt
    assert take(warehouse_url, "kept").endswith("〕1号")


def test_many_at_once_leave_no_gap(warehouse_url):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: take(warehouse_url, f"cause {i}"), range(20)))
    with database.engine(warehouse_url, "publisher").connect() as connection:
        numbers = connection.scalars(text("SELECT number FROM publish.letter_number ORDER BY number")).all()
    assert numbers == list(range(1, 21))


def test_a_number_cannot_be_taken_back(warehouse_url):
    take(warehouse_url, "a")
    with pytest.raises(Exception, match="permission denied"), database.engine(warehouse_url, "publisher").begin() as c:
        c.execute(text("DELETE FROM publish.letter_number"))
