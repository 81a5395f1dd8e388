import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from courtyard.store import database
from courtyard.store.tables import metadata

OURS = {"alembic_version", "record_current", "record_history"}


def test_the_migrations_build_exactly_the_tables_that_the_code_declares(warehouse_url):
    admin = create_engine(make_url(warehouse_url).set(drivername="postgresql+psycopg"))
    with admin.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "version_table_schema": "warehouse",
                "include_name": lambda name, kind, parents: not (kind == "table" and name in OURS),
            },
        )
        assert compare_metadata(context, metadata) == []
    admin.dispose()


def test_migrating_twice_changes_nothing(warehouse_url):
    database.migrate(warehouse_url)


@pytest.mark.parametrize(
    ("role", "statement", "allowed"),
    [
        ("pipeline", "DELETE FROM landing.delivery", False),
        ("pipeline", "DELETE FROM staging.row", True),
        ("pipeline", "SELECT * FROM audit.event", False),
        ("publisher", "SELECT count(*) FROM warehouse.record", True),
        ("publisher", "DELETE FROM warehouse.record", False),
        ("publisher", "SELECT count(*) FROM staging.row", False),
        ("reader", "SELECT count(*) FROM quality.batch", True),
        ("reader", "SELECT count(*) FROM warehouse.record", False),
        ("reader", "SELECT count(*) FROM identity.evidence", False),
    ],
)
def test_each_role_may_do_its_own_work_only(warehouse_url, role, statement, allowed):
    with database.engine(warehouse_url, role).connect() as connection:
        if allowed:
            connection.execute(text(statement))
        else:
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(statement))


def test_copy_rows_takes_part_in_the_callers_transaction(warehouse_url):
    engine = database.engine(warehouse_url)
    with engine.connect() as connection:
        database.copy_rows(
            connection,
            "warehouse.code",
            ("street_code", "list", "code", "label"),
            [("1", "sex", "1", "男"), ("1", "sex", "2", "女")],
        )
        connection.rollback()
        assert connection.scalar(text("SELECT count(*) FROM warehouse.code")) == 0
