"""Courtyards that are renamed, merged and split; learned names, and rows that come in when their address is understood"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.courtyard_change, warehouse.courtyard_heir TO courtyard_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.gazetteer, identity.reopened TO courtyard_pipeline;
GRANT SELECT ON warehouse.courtyard_change, warehouse.courtyard_heir TO courtyard_publisher;
"""


def upgrade() -> None:
    for column in (
        sa.Column(
            "valid_from", sa.Date(), server_default="0001-01-01", nullable=False, comment="0001-01-01 for always"
        ),
        sa.Column("valid_to", sa.Date(), server_default="infinity", nullable=False),
        sa.Column("successor_code", sa.Text(), comment="the courtyard that it is part of from valid_to on"),
    ):
        op.add_column("courtyard", column, schema="warehouse")
    op.create_table(
        "courtyard_change",
        sa.Column("on_day", sa.Date(), nullable=False, comment="its first day"),
        sa.Column("from_code", sa.Text(), nullable=False),
        sa.Column("to_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="renamed | merged | split"),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("former_name", sa.Text()),
        sa.Column("buildings", sa.Text(), comment="which go over, old=new where they get another number"),
        sa.PrimaryKeyConstraint("on_day", "from_code", "to_code", "kind"),
        schema="warehouse",
    )
    op.create_table(
        "courtyard_heir",
        sa.Column("courtyard_code", sa.Text(), nullable=False),
        sa.Column("building", sa.Text(), nullable=False, comment="'' for the courtyard itself"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("heir_code", sa.Text(), nullable=False),
        sa.Column("heir_building", sa.Text()),
        sa.PrimaryKeyConstraint("courtyard_code", "building", "valid_from"),
        schema="warehouse",
        comment="where buildings of merged and split courtyards belong since; no row for those that stayed",
    )
    op.create_table(
        "gazetteer",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column(
            "fingerprint",
            sa.Text(),
            nullable=False,
            comment="of the register and the decisions that addresses were read by",
        ),
        sa.PrimaryKeyConstraint("street_code"),
        schema="identity",
    )
    op.create_table(
        "reopened",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text()),
        sa.PrimaryKeyConstraint("batch_id"),
        schema="identity",
        comment="batches taken back to be read again, since addresses in them mean something else now",
    )
    op.add_column(
        "quarantined_row",
        sa.Column(
            "address", sa.Text(), comment="sealed for <batch>/<sheet>/<row>: of rows set aside for their address alone"
        ),
        schema="quality",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Sealed addresses of rows set aside would be forgotten: restore a backup instead.")
