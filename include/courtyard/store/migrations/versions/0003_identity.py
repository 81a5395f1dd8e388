"""Who is who: decisions of people, scores, and the review queue"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
