"""Checks, sign-off and delivery of reports"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

GRANTS = """
GRANT SELECT, INSERT, DELETE ON publish.check_result TO courtyard_publisher;
GRANT SELECT, INSERT ON publish.explanation, publish.sign_off, publish.waiver TO courtyard_publisher;
GRANT SELECT, INSERT, UPDATE ON publish.sending TO courtyard_publisher;
GRANT UPDATE (manifest) ON publish.publication TO courtyard_publisher;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA publish TO courtyard_publisher;
GRANT SELECT ON publish.check_result, publish.explanation, publish.sign_off, publish.waiver, publish.sending
   TO courtyard_pipeline;
"""


def upgrade() -> None:
    _checks()
    _signatures()
    op.create_table(
        "sending",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False, comment="a code of recipients.yaml"),
        sa.Column("channel", sa.Text(), nullable=False, comment="folder | sftp | mail"),
        sa.Column(
            "target", sa.Text(), nullable=False, comment="folder, connection and path, or a department's mail address"
        ),
        sa.Column("basis", sa.Text(), nullable=False, comment="why it may be sent, and on whose word"),
        sa.Column(
            "view",
            sa.Text(),
            nullable=False,
            comment="full | masked | counts: how much of the data the recipient sees",
        ),
        sa.Column("files", postgresql.JSONB(), nullable=False, comment="{name: SHA-256}"),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True, comment="read back and equal, or accepted by the mail server"),
        sa.Column("error", sa.Text(), server_default="", nullable=False, comment="why it still waits"),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision", "recipient", "channel"),
        schema="publish",
    )
    op.execute(GRANTS)


def _checks() -> None:
    op.create_table(
        "check_result",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column(
            "content_hash", sa.Text(), nullable=False, comment="of a publication, or of the content that is held"
        ),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="0-based order in the report's checks"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="passed | explained | failing | not_compared"),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "figures", postgresql.JSONB(), nullable=False, comment="[{where, ours, theirs}], without personal data"
        ),
        sa.Column(
            "tally",
            postgresql.JSONB(),
            nullable=True,
            comment="of a change: {figure, values}, what the next period is set against",
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "content_hash", "check_name"),
        schema="publish",
    )
    op.create_table(
        "explanation",
        sa.Column("explanation_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False, comment="holds for exactly these figures"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("explanation_id"),
        schema="publish",
    )
    op.create_index("explanation_of", "explanation", ["street_code", "report", "period"], schema="publish")


def _signatures() -> None:
    op.create_table(
        "sign_off",
        sa.Column("sign_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column(
            "decision",
            sa.Text(),
            nullable=False,
            comment="signed | returned | refused: an answer that was not accepted",
        ),
        sa.Column(
            "reason", sa.Text(), server_default="", nullable=False, comment="of a return; why an answer was refused"
        ),
        sa.Column("post", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sign_id"),
        schema="publish",
        comment="only added to; of a revision the newest entry that is no refused answer holds",
    )
    op.create_index("sign_off_of", "sign_off", ["street_code", "report", "period", "revision"], schema="publish")
    op.create_table(
        "waiver",
        sa.Column("waiver_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("post", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False, comment="the last day on which it counts"),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("waiver_id"),
        schema="publish",
        comment="reports that go out without sign-off for a time",
    )


def downgrade() -> None:
    raise RuntimeError("Signatures and what was sent would be forgotten: restore a backup instead.")
