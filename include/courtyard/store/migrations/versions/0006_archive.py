"""The archive in five modules, tags and indicators"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NO_ATTRS = sa.text("'{}'::jsonb")
FOREVER = sa.text("'infinity'")

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.courtyard_tag, warehouse.courtyard_indicator TO courtyard_pipeline;
GRANT SELECT ON warehouse.courtyard_tag, warehouse.courtyard_indicator TO courtyard_publisher;
"""


def upgrade() -> None:
    for module in ("resources", "providers", "items"):
        column = sa.Column(module, postgresql.JSONB(), server_default=NO_ATTRS, nullable=False)
        op.add_column("courtyard_archive", column, schema="warehouse")
    op.create_table(
        "courtyard_tag",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("courtyard_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, server_default=FOREVER, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("is_judged", sa.Boolean(), nullable=False, comment="false: a figure of its rule is not known"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it has the tag, or why nobody can tell"),
        sa.Column("figures", postgresql.JSONB(), nullable=False, comment="{figure: value} that the rule looked at"),
        sa.PrimaryKeyConstraint("street_code", "courtyard_code", "period", "tag", "recorded_at"),
        schema="warehouse",
    )
    op.create_table(
        "courtyard_indicator",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="a courtyard, a community or the street"),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, server_default=FOREVER, nullable=False),
        sa.Column("level", sa.Text(), nullable=False, comment="courtyard | community | street"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True, comment="NULL: see state"),
        sa.Column("numerator", sa.Numeric(), nullable=True),
        sa.Column(
            "denominator", sa.Numeric(), nullable=True, comment="NULL where the indicator has none, or it is not known"
        ),
        sa.Column("state", sa.Text(), nullable=False, comment="known | no_data | no_cases: nothing to divide by"),
        sa.Column("courtyards", sa.Integer(), nullable=False, comment="that the unit has"),
        sa.Column("courtyards_known", sa.Integer(), nullable=False, comment="whose figures the value is made of"),
        sa.PrimaryKeyConstraint("street_code", "unit_code", "period", "indicator", "recorded_at"),
        schema="warehouse",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("What was believed of tags and indicators would be lost: restore a backup instead.")
