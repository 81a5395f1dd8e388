"""Runs of quarters: who ran which quarter, why, for whom one waits, and what follows from a correction"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
GRANTS = """
GRANT SELECT, INSERT, UPDATE ON warehouse.quarter_run, warehouse.follow_on TO courtyard_pipeline;
GRANT SELECT ON warehouse.quarter_run, warehouse.follow_on TO courtyard_publisher;
"""


def upgrade() -> None:
    op.create_table(
        "quarter_run",
        sa.Column("run_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column(
            "token",
            sa.BigInteger(),
            comment="of the lease, the newest one; NULL while the run has never had the quarter",
        ),
        sa.Column("holder", sa.Text(), nullable=False, comment="as in warehouse.lease"),
        sa.Column("kind", sa.Text(), nullable=False, comment="scheduled | manual | backfill | follow_on | cli"),
        sa.Column("reason", sa.Text(), nullable=False, comment="as its asker gave it; empty for a scheduled run"),
        sa.Column("requested_by", sa.Text(), nullable=False, comment="a login, or the run's id where nobody is known"),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("waits_for", sa.Text(), comment="holder of the lease that it waits for, or waited for last"),
        sa.Column("opened_at", _MOMENT, comment="when it got the quarter, the last time"),
        sa.Column("ended_at", _MOMENT),
        sa.Column("outcome", sa.Text(), nullable=False, comment="waiting | running | done | held | failed"),
        sa.Column("told", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.PrimaryKeyConstraint("run_no"),
        schema="warehouse",
        comment="every run of a quarter; a run that is tried again or cleared keeps its row",
    )
    op.create_index("quarter_run_of", "quarter_run", ["street_code", "quarter", "holder"], schema="warehouse")
    op.create_table(
        "follow_on",
        sa.Column("follow_on_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False, comment="to be run again"),
        sa.Column("because_of", sa.Text(), nullable=False, comment="the quarter whose run changed facts"),
        sa.Column("because_token", sa.BigInteger(), comment="of the lease of that run"),
        sa.Column(
            "delivery_ids",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="that the run merged and that changed them",
        ),
        sa.Column("asked_at", _MOMENT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("settled_at", _MOMENT, comment="when the quarter's forms were published again; NULL while it is due"),
        sa.Column("settled_token", sa.BigInteger()),
        sa.PrimaryKeyConstraint("follow_on_no"),
        schema="warehouse",
        comment="quarters whose forms stand on facts that another quarter's run has changed since",
    )
    due = sa.text("settled_at IS NULL")
    op.create_index("follow_on_due", "follow_on", ["street_code", "quarter"], schema="warehouse", postgresql_where=due)
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
