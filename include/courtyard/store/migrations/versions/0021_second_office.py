"""Several offices in one warehouse: code lists, key groups and the order of trust belong to a street's pack, bytes to its sources."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KEYS = {"code": ("list", "code"), "key_group": ("group_code",), "authority": ("attribute", "dataset")}


def upgrade() -> None:
    """Until now one warehouse held one street: its rows are that street's. Every run renews them from the pack."""
    for table, key in _KEYS.items():
        op.add_column(table, sa.Column("street_code", sa.Text()), schema="warehouse")
        op.execute(f"UPDATE warehouse.{table} SET street_code = (SELECT min(street_code) FROM warehouse.grid_cycle)")
        op.execute(f"DELETE FROM warehouse.{table} WHERE street_code IS NULL")
        op.alter_column(table, "street_code", nullable=False, schema="warehouse")
        op.drop_constraint(f"{table}_pkey", table, schema="warehouse")
        op.create_primary_key(f"{table}_pkey", table, ["street_code", *key], schema="warehouse")
    # Two offices may be sent the same bytes, such as a page saved under a workbook's name.
    op.drop_constraint("delivery_source_period_sha256_key", "delivery", schema="landing")
    op.create_unique_constraint(None, "delivery", ["street_code", "source", "period", "sha256"], schema="landing")


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
