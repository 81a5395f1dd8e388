"""The burden ledger: cells asked and filled, admissions of forms, meetings avoided"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Nobody may change or take back what was counted, decided or told.
GRANTS = """
GRANT SELECT, INSERT ON publish.cell_count, publish.admission, publish.meeting_avoided TO courtyard_publisher;
GRANT SELECT ON publish.cell_count, publish.admission, publish.meeting_avoided TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.create_table(
        "cell_count",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="0-based column of the form"),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column(
            "fact",
            sa.Text(),
            nullable=False,
            comment="what is asked, such as person.phone; empty: row numbers and the like",
        ),
        sa.Column("asked", sa.Integer(), nullable=False, comment="cells of the body, a merged one once"),
        sa.Column("filled", sa.Integer(), nullable=False, comment="of them filled from the archive"),
        sa.Column(
            "by_hand", sa.Integer(), nullable=False, comment="of them left for a person: no source fills the column"
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision", "position"),
        schema="publish",
        comment="what the columns of a published form ask for, counted when it was published",
    )
    op.create_table(
        "admission",
        sa.Column("admission_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="the department that asks"),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="SHA-256 of title, recipient and headers"),
        sa.Column(
            "advised", sa.Text(), nullable=False, comment="what the check advised: admitted, knowingly or refused"
        ),
        sa.Column(
            "verdict", sa.Text(), nullable=False, comment="what the post decided: admitted, knowingly or refused"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", JSONB(), nullable=False, comment="what the check found; headers and shares, no data"),
        sa.PrimaryKeyConstraint("admission_no"),
        schema="publish",
        comment="decisions on forms that somebody wants from us; of several on one form the last holds",
    )
    op.create_table(
        "meeting_avoided",
        sa.Column("meeting_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="when it would have been held"),
        sa.Column("source", sa.Text(), nullable=False, comment="the department that would have called it"),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Numeric(), nullable=False, comment="of one participant"),
        sa.Column("post", sa.Text(), nullable=False, comment="who says so: a post, not a person"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("meeting_no"),
        schema="publish",
        comment="meetings that were not needed, as told by people; never computed",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("What people decided and told would be forgotten: restore a backup instead.")
