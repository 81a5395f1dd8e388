"""The disagreement desk: whose question it is, until when, and what settled it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.discrepancy, warehouse.question TO courtyard_pipeline;
GRANT SELECT ON warehouse.discrepancy, warehouse.question TO courtyard_publisher;
"""


def upgrade() -> None:
    op.add_column(
        "authority",
        sa.Column("weigh", sa.Text(), server_default="rank", nullable=False, comment="rank | newest: whose claim wins"),
        schema="warehouse",
    )
    op.add_column(
        "authority",
        sa.Column("within_quarters", sa.Integer(), comment="a claim that is older than the newest by more yields"),
        schema="warehouse",
    )
    # What sources say differently is found anew by the next merge, and the views after the migrations.
    op.execute("DROP TABLE warehouse.discrepancy CASCADE")
    op.create_table(
        "discrepancy",
        sa.Column("discrepancy_id", sa.Text(), nullable=False, comment="of period, kind, subject and attribute"),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="the quarter on whose last day the sources disagree"),
        sa.Column("kind", sa.Text(), nullable=False, comment="claim | id_shared | two_heads | two_grids | gone"),
        sa.Column("subject", sa.Text(), nullable=False, comment="the person, or the household of two_heads"),
        sa.Column("person_id", sa.Text(), comment="NULL where the subject is a household"),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column(
            "claims",
            postgresql.JSONB(),
            nullable=False,
            comment="every claim with its source and date, the winning one first",
        ),
        sa.Column(
            "basis",
            sa.Text(),
            nullable=False,
            comment="md5 of the sorted claims: a decision holds while it stays the same",
        ),
        sa.Column("value", sa.Text(), comment="the value that is believed; NULL where nothing decides yet"),
        sa.Column(
            "chosen_dataset", sa.Text(), nullable=False, comment="whose claim that was before anybody settled it"
        ),
        sa.Column("weighed_by", sa.Text(), nullable=False, comment="the rule of the pack that put its claim first"),
        sa.Column(
            "rule", sa.Text(), nullable=False, comment="authority:<dataset> | recency:<dataset> | newest | … | desk"
        ),
        sa.Column("owner_kind", sa.Text(), nullable=False, comment="grid | department: who must settle it"),
        sa.Column("owner", sa.Text(), nullable=False, comment="the grid's code, or the department's source"),
        sa.Column("asked", postgresql.ARRAY(sa.Text()), nullable=False, comment="the grids that are shown it"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False, comment="open | settled"),
        sa.Column("settled_how", sa.Text(), comment="agreed | grid_answer | desk"),
        sa.Column("settled_by", sa.Text(), comment="the delivery that settled it"),
        sa.Column("settled_at", MOMENT, comment="when that was received"),
        sa.PrimaryKeyConstraint("discrepancy_id", "recorded_at"),
        schema="warehouse",
    )
    op.create_index("discrepancy_subject", "discrepancy", ["street_code", "subject", "attribute"], schema="warehouse")
    op.create_table(
        "question",
        sa.Column("question_ref", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("first_value", sa.Text(), nullable=False),
        sa.Column("second_value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("question_ref"),
        schema="warehouse",
        comment="what a grid was asked; the reference alone proves it, so a rebuild finds it again",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("What was settled at the desk has no former place: restore the database instead.")
