"""What was suppressed in published counts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON publish.suppression TO courtyard_publisher;
GRANT SELECT ON publish.suppression TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.create_table(
        "suppression",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "seq",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="the order in which patterns were chosen",
        ),
        sa.Column("first_day", sa.Date(), nullable=False, comment="of all days that the table speaks of"),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False, comment="the smallest count that was shown"),
        sa.Column(
            "counts", JSONB(), nullable=False, comment="the table with its full values: not for a reader of the view"
        ),
        sa.Column("cells", JSONB(), nullable=False, comment="[[area, column]] of the cells that print *"),
        sa.Column(
            "is_whole",
            sa.Boolean(),
            nullable=False,
            comment="every cell, zeros too, since nothing less protects",
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision"),
        schema="publish",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Cells could be worked out from what was given: restore a backup instead.")
