"""The grid cycle: issued workbooks, submissions and their receipts, locked periods, notices"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NO_ATTRS = sa.text("'{}'::jsonb")
FALSE = sa.text("false")

GRANTS = """
GRANT USAGE ON SCHEMA submissions, notices TO courtyard_pipeline, courtyard_publisher;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA submissions TO courtyard_pipeline;
GRANT UPDATE, DELETE ON submissions.submission TO courtyard_pipeline;
GRANT DELETE ON submissions.content TO courtyard_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.grid_cycle, warehouse.submitted_dataset TO courtyard_pipeline;
GRANT SELECT ON warehouse.grid_cycle, warehouse.submitted_dataset TO courtyard_publisher;
GRANT SELECT, INSERT, UPDATE ON notices.notice TO courtyard_pipeline, courtyard_publisher;
GRANT SELECT ON ALL TABLES IN SCHEMA submissions TO courtyard_publisher;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA submissions TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.add_column(
        "key_group",
        sa.Column("birth_window", postgresql.JSONB(), nullable=True, comment="{column, turns_on, years}"),
        schema="warehouse",
    )
    op.drop_constraint("delivery_source_sha256_key", "delivery", schema="landing")
    op.create_unique_constraint(None, "delivery", ["source", "period", "sha256"], schema="landing")
    op.alter_column(
        "delivery",
        "delivery_id",
        comment="<source>:<first 16 hex digits of the SHA-256>[@<period>]",
        schema="landing",
    )
    op.add_column(
        "receipt",
        sa.Column("sent_at", MOMENT, comment="when its sender let go of it, as far as the channel tells"),
        schema="landing",
    )
    op.add_column(
        "receipt",
        sa.Column("channel", sa.Text(), server_default="", nullable=False, comment="the transport it came by"),
        schema="landing",
    )
    op.add_column(
        "batch",
        sa.Column(
            "is_unchanged",
            sa.Boolean(),
            server_default=FALSE,
            nullable=False,
            comment="its sender confirms it unchanged",
        ),
        schema="quality",
    )
    op.add_column(
        "batch",
        sa.Column(
            "came_for",
            sa.Text(),
            nullable=True,
            comment="the quarter whose run works on it, where its bytes first came for another",
        ),
        schema="quality",
    )
    op.create_table(
        "issue",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("issue_no", sa.Integer(), nullable=False, comment="1 for the first workbook of the quarter"),
        sa.Column("form_version", sa.Text(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False, comment="below outbox/"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="of what is prefilled, not of the file"),
        sa.Column("rows", postgresql.JSONB(), nullable=False, comment="{dataset: prefilled rows}"),
        sa.Column("questions", sa.Integer(), nullable=False, comment="rows of the sheet 待核实"),
        sa.PrimaryKeyConstraint("street_code", "period", "unit_code", "issue_no"),
        schema="submissions",
    )
    op.create_table(
        "submission",
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="the quarter it speaks of"),
        sa.Column("arrived_for", sa.Text(), nullable=False, comment="the quarter in whose collection it came"),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False, comment="folder | sftp | mail"),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="first | correction | duplicate | misdirected"),
        sa.Column("status", sa.Text(), nullable=False, comment="the ladder, see docs/architecture.md"),
        sa.Column(
            "code", sa.Text(), server_default="", nullable=False, comment="why it was not taken, a code of WORDINGS"
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("related_receipt", sa.BigInteger(), nullable=True, comment="what it corrects or repeats"),
        sa.Column("is_late", sa.Boolean(), server_default=FALSE, nullable=False, comment="sent after the due date"),
        sa.Column(
            "is_restatement", sa.Boolean(), server_default=FALSE, nullable=False, comment="sent after the freeze"
        ),
        sa.Column(
            "content_hash", sa.Text(), nullable=False, comment="of its rows, whatever their order, file or spelling"
        ),
        sa.Column(
            "changes",
            postgresql.JSONB(),
            server_default=NO_ATTRS,
            nullable=False,
            comment="{dataset: {added, changed, removed}}",
        ),
        sa.Column(
            "receipt_file",
            sa.Text(),
            nullable=True,
            comment="folder of its receipt below outbox/, None until there is one",
        ),
        sa.Column(
            "receipt_hash",
            sa.Text(),
            nullable=True,
            comment="of what the receipt says: told again only when it changes",
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["landing.delivery.delivery_id"]),
        sa.ForeignKeyConstraint(["receipt_id"], ["landing.receipt.receipt_id"]),
        sa.PrimaryKeyConstraint("receipt_id"),
        schema="submissions",
    )
    op.create_index(
        "submission_unit", "submission", ["street_code", "period", "unit_code"], unique=False, schema="submissions"
    )
    op.create_table(
        "content",
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True),
        sa.Column("row_hash", sa.Uuid(), nullable=False, comment="of what was understood: equal rows, equal hashes"),
        sa.ForeignKeyConstraint(["delivery_id"], ["landing.delivery.delivery_id"]),
        sa.PrimaryKeyConstraint("delivery_id", "dataset", "sheet", "row_no"),
        schema="submissions",
        comment="what each submission said, without a value: so that the next one can be compared with it",
    )
    op.create_table(
        "grid_cycle",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("issued_before", sa.Integer(), nullable=False, comment="days before the last day of the quarter"),
        sa.Column("due_after", sa.Integer(), nullable=False, comment="days after it"),
        sa.Column("frozen_after", sa.Integer(), nullable=False, comment="days after it"),
        sa.PrimaryKeyConstraint("street_code"),
        schema="warehouse",
    )
    op.create_table(
        "submitted_dataset",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_owed", sa.Boolean(), nullable=False, comment="false: a submission without it is complete"),
        sa.PrimaryKeyConstraint("street_code", "dataset"),
        schema="warehouse",
    )
    op.create_table(
        "period_lock",
        sa.Column("lock_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False, comment="the newest entry of a period holds"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("lock_id"),
        schema="submissions",
    )
    op.create_table(
        "notice",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="such as reminder/2026Q3/<unit>/due-3: told once"),
        sa.Column("channel", sa.Text(), nullable=False, comment="mail | wecom | dingtalk"),
        sa.Column("address", sa.Text(), nullable=False, comment="a post's address"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="without personal data"),
        sa.Column(
            "attachments", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="below outbox/"
        ),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("street_code", "cause", "channel", "address"),
        schema="notices",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Issued workbooks and receipts would be forgotten: restore a backup instead.")
