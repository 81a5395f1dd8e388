"""Clients of GeoReport and their keys"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT ON intake.client TO courtyard_intake;
GRANT SELECT, INSERT, UPDATE ON intake.client TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.create_table(
        "client",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="keyed digest of the client's api_key"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="when this key was given"),
        sa.PrimaryKeyConstraint("street_code", "name"),
        sa.UniqueConstraint("digest"),
        schema="intake",
        comment="who may send reports over GeoReport",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
