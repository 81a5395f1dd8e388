"""What is watched: causes that people were alerted to, and how each source stands"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
GRANTS = """
GRANT USAGE ON SCHEMA watch TO courtyard_pipeline, courtyard_publisher;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA watch TO courtyard_pipeline;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA watch TO courtyard_pipeline;
GRANT SELECT ON ALL TABLES IN SCHEMA watch TO courtyard_publisher;
"""


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("alert_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column(
            "cause",
            sa.Text(),
            nullable=False,
            comment="such as source/population: one cause is one alert while it lasts",
        ),
        sa.Column("kind", sa.Text(), nullable=False, comment="a kind of rules/watch.yaml"),
        sa.Column("place", sa.Text(), nullable=False, comment="the unit, source or task, in words"),
        sa.Column("source", sa.Text(), comment="a source of the pack"),
        sa.Column("unit_code", sa.Text()),
        sa.Column(
            "periods",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            server_default="{}",
            comment="for which it is so, in order",
        ),
        sa.Column("what", sa.Text(), nullable=False, comment="without personal data"),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False, server_default="1", comment="how often it was seen"),
        sa.Column("told_at", _MOMENT, comment="when it was last told; empty: not yet"),
        sa.Column("times_told", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("recovered_at", _MOMENT, comment="empty while it lasts"),
        sa.PrimaryKeyConstraint("alert_id"),
        schema="watch",
        comment="one row a stretch of time in which something was wrong",
    )
    op.create_index(
        "alert_open",
        "alert",
        ["street_code", "cause"],
        unique=True,
        schema="watch",
        postgresql_where=sa.text("recovered_at IS NULL"),
    )
    op.create_table(
        "source_state",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False, comment="month | quarter"),
        sa.Column("state", sa.Text(), nullable=False, comment="fresh | late | failed | idle | silent"),
        sa.Column("reason", sa.Text(), nullable=False, server_default="", comment="why it is not fresh"),
        sa.Column("last_period", sa.Text(), comment="the last one of which something landed"),
        sa.Column("last_landed_at", _MOMENT),
        sa.Column(
            "due_period",
            sa.Text(),
            comment="the last one that should have landed; empty where deliveries keep coming",
        ),
        sa.Column("due_at", _MOMENT, comment="when it counts as late"),
        sa.Column("rows", sa.Integer(), comment="of the last period"),
        sa.Column("usual_rows", sa.Numeric(), comment="the median of the periods before it; empty without any"),
        sa.Column("looked_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("street_code", "source"),
        schema="watch",
        comment="how each source stood when the watch last looked",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
