"""Reports become cases"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "where it stands at its source, as taken into account; empty: our own service's"
    op.add_column("report", sa.Column("source_status", sa.Text(), comment=comment), schema="cases")


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
