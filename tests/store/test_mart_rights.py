"""Who may read what of schema mart, role by role, and that every view and function says what it shows of persons."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from courtyard.store import catalogue, database
from courtyard.store.catalogue import Mart

# All that courtyard_reader sees. What is added here names nobody, stands for nobody, and counts nothing below a community.
OPEN = {
    "ledger", "ledger_as_of", "submission_status", "submission_status_known", "submission_status_as_of",
    "submission_summary", "courtyard", "courtyard_as_of", "courtyard_on", "courtyard_change", "key_group_count_on", "key_group_count_as_of", "age_on",
    "last_day", "period_days", "report_delivery", "report_recall",
}  # fmt: skip
BEHIND = (
    "warehouse.record", "warehouse.discrepancy", "warehouse.courtyard_archive", "warehouse.courtyard", "warehouse.unit",
    "identity.person", "identity.record_person", "identity.review", "landing.delivery", "staging.row",
    "submissions.submission", "audit.event", "publish.suppression",
)  # fmt: skip
_VALUES = {
    "period": "'2026Q1'", "turns_on": "'09-01'", "date": "DATE '2026-03-31'", "timestamp with time zone": "TIMESTAMPTZ '2026-04-15'",
    "text": "'2020-01-01'", "integer": "6",
}  # fmt: skip


def marts(url: str) -> list[Mart]:
    with database.engine(url).connect() as connection:
        return catalogue.marts(connection)


def may_read(connection: Connection, statement: str) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(text(statement)).all()
    except DBAPIError as refused:
        assert "permission denied" in str(refused.orig), statement
        return False
    return True


def call(mart: Mart) -> str:
    """A query that reads the view, or calls the function with an argument of each type."""
    if mart.arguments is None:
        return f"SELECT * FROM mart.{mart.name}"
    given = [argument.split(" DEFAULT ")[0].split(" ", 1) for argument in filter(None, mart.arguments.split(", "))]
    return f"SELECT * FROM mart.{mart.name}({', '.join(_VALUES.get(name) or _VALUES[kind] for name, kind in given)})"


def test_each_role_reads_its_marts_and_no_other(warehouse_url):
    found = marts(warehouse_url)
    assert len(found) > 25
    for role in database.ROLES:
        with database.engine(warehouse_url, role).connect() as connection:
            readable = {mart.name for mart in found if may_read(connection, call(mart))}
        assert readable == {"reader": OPEN, "intake": set()}.get(role, {mart.name for mart in found}), role
        assert {mart.name for mart in found if role in mart.readers} == readable, role


def test_the_reader_sees_nothing_behind_the_marts(warehouse_url):
    with database.engine(warehouse_url, "reader").connect() as connection:
        assert [table for table in BEHIND if may_read(connection, f"SELECT * FROM {table}")] == []


def test_nobody_changes_anything_through_a_mart(warehouse_url):
    views = [mart.name for mart in marts(warehouse_url) if mart.arguments is None]
    held = text("SELECT has_table_privilege(:role, :table, :right)")
    with database.engine(warehouse_url).connect() as connection:
        for role in database.ROLES:
            for view in views:
                for right in ("INSERT", "UPDATE", "DELETE"):
                    asked = {"role": f"courtyard_{role}", "table": f"mart.{view}", "right": right}
                    assert not connection.scalar(held, asked), (role, view, right)


def test_every_mart_says_what_it_shows_of_persons(warehouse_url):
    """Its COMMENT holds "No personal data.", "References to persons only." or "Personal data: <columns>."."""
    found = marts(warehouse_url)
    assert [mart.name for mart in found if not mart.is_declared] == []
    for mart in found:
        assert set(mart.personal) <= {column.name for column in mart.columns}, mart.name
        if mart.name in OPEN:
            assert "No personal data." in mart.meaning, mart.name


def test_columns_that_name_somebody_are_declared_personal(warehouse_url):
    telling = {
        "name",
        "sex",
        "birth_date",
        "attrs",
        "sealed",
        "claims",
        "building",
        "unit_no",
        "room",
        "phone",
        "id_number",
    }
    for mart in marts(warehouse_url):
        if mart.name not in OPEN:
            assert telling & {column.name for column in mart.columns} <= set(mart.personal), mart.name


def test_a_mart_that_says_nothing_of_persons_shows_nothing():
    column = catalogue.Column("persons", "bigint", "")
    assert Mart("x", None, "Something.", (column,), ()).personal == ("persons",)
