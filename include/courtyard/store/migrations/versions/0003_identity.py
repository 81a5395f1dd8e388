"""Who is who: decisions of people, scores, and the review queue by record"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GRANTS = """
GRANT SELECT, INSERT ON identity.decision TO courtyard_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON identity.review TO courtyard_pipeline;
GRANT SELECT ON identity.decision, identity.review TO courtyard_publisher;
"""


def upgrade() -> None:
    op.add_column(
        "record_person",
        sa.Column("score", sa.Float(), comment="probability that it is this person, where a model was asked"),
        schema="identity",
    )
    op.drop_table("review", schema="identity")  # made anew by the next link from what the sources say
    op.create_table(
        "review",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("left_dataset", sa.Text(), nullable=False),
        sa.Column("left_record", sa.Text(), nullable=False, comment="without the period of grain 'period'"),
        sa.Column("right_dataset", sa.Text(), nullable=False),
        sa.Column("right_record", sa.Text(), nullable=False),
        sa.Column("left_person", sa.Text(), nullable=False),
        sa.Column("right_person", sa.Text(), nullable=False),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="id_shared | ids_differ | looks_alike | decided | source_changed",
        ),
        sa.Column("score", sa.Float(), comment="probability that they are one person, where a model was asked"),
        sa.Column("details", postgresql.JSONB(), nullable=False, comment="{what was compared: level of agreement}"),
        sa.Column("basis", sa.Text(), nullable=False, comment="md5 of what both records say of themselves"),
        sa.Column("opened_by", sa.Text(), nullable=False, comment="delivery that raised it"),
        sa.Column("status", sa.Text(), server_default="open", nullable=False, comment="open | same | different"),
        sa.Column(
            "decision_no", sa.Text(), comment="the decision that holds, or that a source has since overtaken while open"
        ),
        sa.PrimaryKeyConstraint("street_code", "left_dataset", "left_record", "right_dataset", "right_record"),
        schema="identity",
    )
    optional = (
        "left_record", "right_record", "basis", "person_id", "attribute", "value", "address", "courtyard_code",
        "building", "unit_no", "room",
    )  # fmt: skip
    op.create_table(
        "decision",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("decision_no", sa.Text(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False, comment="same_person | claim | alias | place"),
        sa.Column("verdict", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in optional),
        sa.Column("valid_from", sa.Date()),
        sa.Column("decided_by", sa.Text(), nullable=False, comment="a post, not a person"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "decision_no"),
        schema="identity",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Decisions of people would be forgotten: restore a backup instead.")
