"""Runs of quarters: who ran which quarter, why, for whom one waits, and what follows from a correction"""

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    raise RuntimeError("Restore a backup instead.")
