"""Held batches that a person lets pass"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON quality.release TO courtyard_pipeline;
GRANT SELECT ON quality.release TO courtyard_publisher;
"""


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column(
            "batch_id", sa.Text(), nullable=False, comment="of a batch that was held, whether or not it is there now"
        ),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
        schema="quality",
        comment="held batches that a person looked at and lets pass",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("What people let pass would be forgotten: restore a backup instead.")
