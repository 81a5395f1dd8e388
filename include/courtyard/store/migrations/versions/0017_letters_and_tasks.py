"""Letters, tasks and proposals of cases"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A letter of a case takes its number from the same ledger as a letter about a report.
GRANTS = "GRANT INSERT ON publish.letter_number TO courtyard_pipeline"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    columns = {
        "letter": (
            sa.Column("about_no", sa.Integer(), nullable=True, comment="of a chase: the letter that it chases"),
            sa.Column("request", sa.Text(), nullable=False, server_default="", comment="what is asked, by a post"),
            sa.Column("referred_to", sa.Text(), nullable=True, comment="of a refusal: whose matter it is instead"),
            sa.Column(
                "next_chase_at", moment, nullable=True, comment="when it is chased next, unless it is replied to"
            ),
        ),
        "task": (
            sa.Column("detail", sa.Text(), nullable=False, server_default="", comment="what is to be done"),
            sa.Column("reason", sa.Text(), nullable=False, server_default="", comment="why admitted, or why refused"),
            sa.Column("post", sa.Text(), nullable=False, server_default="", comment="who admitted, refused or gave it"),
        ),
    }
    for table, added in columns.items():
        for column in added:
            op.add_column(table, column, schema="cases")
    op.alter_column(
        "letter",
        "kind",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment="request | chase | refusal",
        existing_comment="request | chase",
        schema="cases",
    )
    op.create_index("letter_chase", "letter", ["street_code", "next_chase_at"], schema="cases")
    op.create_index("case_parent", "case", ["street_code", "parent_no"], schema="cases")
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
