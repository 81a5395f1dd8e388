"""Figures of cases: events bear the state after them; categories, office and working time as registers"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.case_category, warehouse.office, warehouse.working_stretch
   TO courtyard_pipeline;
GRANT SELECT ON warehouse.case_category, warehouse.office, warehouse.working_stretch TO courtyard_publisher;
"""


def upgrade() -> None:
    for column in (
        sa.Column("status", sa.Text(), nullable=False, comment="after the event, as all that follow"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("courtyard_code", sa.Text()),
        sa.Column("total_due_at", _MOMENT, nullable=False),
        sa.Column("acknowledge_due_at", _MOMENT),
        sa.Column("solve_due_at", _MOMENT),
    ):
        op.add_column("event", column, schema="cases")
    op.create_table(
        "case_category",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("ledger", sa.Text(), comment="hazard | dispute; empty: of neither ledger"),
        sa.Column("ledger_kind", sa.Text(), comment="a code of hazard_kind or dispute_kind"),
        sa.Column(
            "same_within_days",
            sa.Integer(),
            comment="how far apart case and ledger entry may be found to be one thing",
        ),
        sa.PrimaryKeyConstraint("street_code", "category"),
        schema="warehouse",
    )
    op.create_table(
        "office",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("small_count", sa.Integer(), nullable=False, comment="counts below it are not told to outsiders"),
        sa.PrimaryKeyConstraint("street_code"),
        schema="warehouse",
    )
    op.create_table(
        "working_stretch",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("begins_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("minutes_before", sa.Integer(), nullable=False, comment="working minutes of all stretches before it"),
        sa.PrimaryKeyConstraint("street_code", "begins_at"),
        schema="warehouse",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
