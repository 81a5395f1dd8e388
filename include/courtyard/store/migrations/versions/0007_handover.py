"""Posts and handovers"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.answering TO courtyard_pipeline;
GRANT SELECT ON warehouse.answering TO courtyard_publisher;
"""


def upgrade() -> None:
    op.create_table(
        "answering",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False, comment="of a unit the spans follow each other without a gap"),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column(
            "answers_unit",
            sa.Text(),
            nullable=False,
            comment="the unit itself, or the one above while its posts are vacant",
        ),
        sa.Column("answers_post", sa.Text(), nullable=False, comment="held by somebody on each of these days"),
        sa.PrimaryKeyConstraint("unit_code", "valid_from"),
        schema="warehouse",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    op.drop_table("answering", schema="warehouse")
