"""Alembic runs here with the connection that `courtyard.store.database.migrate` hands over."""

from alembic import context

from courtyard.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_schemas=True,
    version_table_schema="warehouse",
    include_name=lambda name, kind, parents: (
        not (kind == "table" and name in {"alembic_version", "record_current", "record_history"})
    ),
)
with context.begin_transaction():
    context.run_migrations()
