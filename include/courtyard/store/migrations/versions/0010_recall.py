"""Changes between revisions, and recalls"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

GRANTS = """
GRANT SELECT, INSERT ON publish.change, publish.cell_fact, publish.recall, publish.letter_number, publish.closing
    TO courtyard_publisher;
GRANT UPDATE ON publish.recall TO courtyard_publisher;
GRANT SELECT ON publish.change, publish.cell_fact, publish.recall, publish.letter_number, publish.closing
    TO courtyard_pipeline;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA publish TO courtyard_publisher;
GRANT USAGE ON SCHEMA notices TO courtyard_publisher;
GRANT SELECT, INSERT ON notices.notice TO courtyard_publisher;
"""


def _revision(*more: sa.Column) -> list[sa.Column]:
    return [
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        *more,
    ]


def upgrade() -> None:
    op.create_table(
        "change",
        *_revision(
            sa.Column(
                "revision",
                sa.Integer(),
                nullable=False,
                comment="the newer one; the older is the one before it",
            )
        ),
        sa.Column("change_no", sa.Integer(), nullable=False, comment="in the order of the comparison sheet"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="cell | added | removed | moved | renumbered | column | note | metadata",
        ),
        sa.Column("cell", sa.Text(), comment="in the new form"),
        sa.Column("old_cell", sa.Text(), comment="in the old form, where it stood elsewhere"),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column(
            "sealed",
            sa.Text(),
            nullable=False,
            comment="{label, before, after}, sealed: a roster's values name persons",
        ),
        sa.Column(
            "cause",
            postgresql.JSONB(),
            nullable=False,
            comment="[{delivery_id, sheet, rows}]; empty: no delivery did it",
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision", "change_no"),
        schema="publish",
    )
    op.create_table(
        "cell_fact",
        *_revision(sa.Column("revision", sa.Integer(), nullable=False)),
        sa.Column("fact_no", sa.Integer(), nullable=False),
        sa.Column("row_key", sa.Text(), comment="of the form's row; NULL for those without one"),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column(
            "rows",
            postgresql.ARRAY(sa.Integer()),
            nullable=False,
            comment="rows of the sheet that add the same to each figure",
        ),
        sa.Column(
            "measures",
            postgresql.JSONB(),
            nullable=False,
            comment="{measure: what each of these rows adds to it}",
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision", "fact_no"),
        schema="publish",
        comment="what the figures of an aggregate were made of when it was published",
    )
    op.create_table(
        "recall",
        *_revision(
            sa.Column("old_revision", sa.Integer(), nullable=False), sa.Column("recipient", sa.Text(), nullable=False)
        ),
        sa.Column("new_revision", sa.Integer(), nullable=False, comment="what replaces it"),
        sa.Column("letter_number", sa.Text(), nullable=False),
        sa.Column("letter", sa.Text(), nullable=False, comment="file below outbox/"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False, comment="lines of the comparison"),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, comment="acknowledged by then"),
        sa.Column("sent_at", MOMENT),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.Text(), comment="who of the recipient: an office or a post"),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "old_revision", "recipient"),
        schema="publish",
    )
    op.create_table(
        "letter_number",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="without gaps, never used twice"),
        sa.Column("cause", sa.Text(), nullable=False, comment="one letter, one number"),
        sa.Column("taken_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("street_code", "year", "number"),
        sa.UniqueConstraint("street_code", "cause"),
        schema="publish",
    )
    op.create_table(
        "closing",
        sa.Column("closing_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False, comment="the newest entry of a report's period holds"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("closing_id"),
        schema="publish",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Recalls and the numbers of letters would be forgotten: restore a backup instead.")
