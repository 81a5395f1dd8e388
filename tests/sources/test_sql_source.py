import json

import psycopg
import pytest
from scripted import source
from sqlalchemy import make_url

from courtyard.connection import Connection
from courtyard.errors import SourceError
from courtyard.period import Period
from courtyard.sources import sql

JULY = Period.parse("2026-07")
QUERY = "SELECT no, name, amount, born, left_at FROM roll WHERE month = :month AND street = :street_code ORDER BY no"


@pytest.fixture
def roll(warehouse_url):
    """A connection to a database with three rows in July and one in August."""
    with psycopg.connect(warehouse_url) as database:
        database.execute(
            "CREATE TABLE roll (month text, street text, no int, name text, amount numeric, born date, left_at timestamp)"
        )
        database.execute("""
            INSERT INTO roll VALUES
              ('2026-07', '510105005', 1, '甲', 1234.50, '1950-02-03', NULL),
              ('2026-07', '510105005', 2, NULL, 1e3, NULL, '2026-07-01 08:00'),
              ('2026-07', '510105006', 3, '丙', 1, NULL, NULL),
              ('2026-08', '510105005', 4, '丁', 1, NULL, NULL)
        """)
    url = make_url(warehouse_url)
    return Connection("roll", "postgres", login=url.username, path=url.database, extra={"host": url.query["host"]})


def fetch(connection, query=QUERY, period=JULY, **options):
    return list(sql.fetch(source("sql", query=query, **options), connection, period, "510105005"))


def test_rows_of_the_month_and_street_become_json_lines(roll):
    [fetched] = fetch(roll)
    assert [json.loads(line) for line in fetched.data.splitlines()] == [
        {"columns": ["no", "name", "amount", "born", "left_at"]},
        [1, "甲", "1234.50", "1950-02-03", None],
        [2, None, "1000", None, "2026-07-01T08:00:00"],
    ]
    assert fetched.name == "feed-2026-07.rows.jsonl"


def test_a_month_without_rows_gives_nothing(roll):
    assert fetch(roll, period=Period.parse("2026-06")) == []


def test_start_end_and_quarter_are_bound(roll):
    query = "SELECT :start AS s, :end AS e, :quarter AS q"
    [fetched] = fetch(roll, query)
    assert json.loads(fetched.data.splitlines()[1]) == ["2026-07-01", "2026-08-01", "2026Q3"]


@pytest.mark.parametrize("query", ["DELETE FROM roll", "SELECT 1; DROP TABLE roll", "", "  update roll set no = 1"])
def test_only_one_select_is_accepted(roll, query):
    with pytest.raises(SourceError, match="SELECT"):
        fetch(roll, query)


def test_a_select_that_writes_is_stopped_by_the_database(roll):
    with pytest.raises(SourceError, match="查询失败"):
        fetch(roll, "WITH gone AS (DELETE FROM roll RETURNING no) SELECT no FROM gone")
    assert fetch(roll)


def test_an_unknown_parameter_is_named(roll):
    with pytest.raises(SourceError, match="fortnight"):
        fetch(roll, "SELECT :fortnight")


def test_an_error_quotes_no_value_of_the_data(roll):
    with pytest.raises(SourceError) as caught:
        fetch(roll, "SELECT name::int FROM roll")
    assert "甲" not in str(caught.value) and caught.value.__cause__ is None


def test_a_query_over_its_deadline_is_stopped(roll):
    with pytest.raises(SourceError, match="查询失败"):
        fetch(roll, "SELECT pg_sleep(5)", deadline_seconds=0.2)


def test_a_database_that_is_down_says_so():
    with pytest.raises(SourceError, match="查询失败"):
        fetch(Connection("roll", "postgres", host="127.0.0.1", port=1, login="reader", password="the-password"))
