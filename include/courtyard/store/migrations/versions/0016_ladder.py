"""Actions, replies and alerts of cases"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    told = "until when the reporters may have it opened again; empty unless closed"
    op.add_column(
        "case", sa.Column("reopen_until", sa.DateTime(timezone=True), nullable=True, comment=told), schema="cases"
    )
    # What came from outside is asked for by its cause alone: a report may have moved to another case since.
    where = sa.text("post <> 'clock'")
    op.create_index("event_taken_up", "event", ["street_code", "cause"], schema="cases", postgresql_where=where)


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
