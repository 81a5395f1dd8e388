"""The house: every table, role and grant"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


GRANTS = """
GRANT USAGE ON SCHEMA landing, staging, quality, identity, warehouse, mart, publish, cases, audit TO courtyard_pipeline;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA landing TO courtyard_pipeline;
GRANT UPDATE ON landing.fetch TO courtyard_pipeline;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA landing, quality, audit TO courtyard_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA staging, quality, identity, warehouse, cases TO courtyard_pipeline;
GRANT SELECT ON ALL TABLES IN SCHEMA publish TO courtyard_pipeline;

GRANT USAGE ON SCHEMA landing, quality, identity, warehouse, mart, publish, cases, audit TO courtyard_publisher;
GRANT SELECT ON ALL TABLES IN SCHEMA landing, quality, identity, warehouse, cases TO courtyard_publisher;
GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA publish TO courtyard_publisher;
GRANT UPDATE ON warehouse.lease TO courtyard_publisher;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA publish, audit TO courtyard_publisher;

GRANT INSERT ON audit.event TO courtyard_pipeline, courtyard_publisher;
GRANT USAGE ON SCHEMA mart, publish, quality TO courtyard_reader;
GRANT SELECT ON publish.publication, publish.hold, quality.batch TO courtyard_reader;
"""

# Only an owner may ANALYZE, and a merge that joins tables just filled needs their statistics to plan by.
# Small samples do: keys and hashes are uniform, and only columns that are joined or filtered are looked at.
STATISTICS = """
CREATE FUNCTION warehouse.refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog SET default_statistics_target = 10
AS $$
BEGIN
    ANALYZE staging.row (batch_id, sheet, row_no, record_key, disposition);
    ANALYZE staging.link;
    ANALYZE identity.record_person;
    ANALYZE warehouse.observation (street_code, dataset, record_key, effective_from, version_at, delivery_id, batch_id);
    ANALYZE warehouse.record_current (street_code, dataset, record_key, valid_from, valid_to, is_active, is_current,
                                      row_hash, person_id, household_id, courtyard_code);
    ANALYZE warehouse.record_history (street_code, dataset, record_key, valid_from, valid_to, is_current, person_id);
END
$$;
REVOKE ALL ON FUNCTION warehouse.refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.refresh_statistics() TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE landing.delivery_seq")
    op.create_table(
        "event",
        sa.Column("event_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("current_user"), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        schema="audit",
    )
    op.create_table(
        "person",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("minted_by", sa.Text(), nullable=False, comment="delivery that first named the person"),
        sa.PrimaryKeyConstraint("person_id"),
        schema="identity",
    )
    op.create_table(
        "review",
        sa.Column("left_person", sa.Text(), nullable=False),
        sa.Column("right_person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False, comment="delivery that raised it"),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.PrimaryKeyConstraint("left_person", "right_person"),
        schema="identity",
    )
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.Text(), nullable=False, comment="<source>:<first 16 hex digits of the SHA-256>"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="the period it was fetched for"),
        sa.Column("unit_code", sa.Text(), nullable=True, comment="the grid that sent it, where the source has units"),
        sa.Column("name", sa.Text(), nullable=False, comment="file name or request, without personal data"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("version_at", sa.DateTime(timezone=True), nullable=False, comment="the source's own version time"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_name", sa.Text(), nullable=False, comment="file below landing/"),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id"),
        sa.UniqueConstraint("seq"),
        sa.UniqueConstraint("source", "sha256"),
        schema="landing",
    )
    op.create_table(
        "fetch",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="landed | absent | failed"),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "source", "period"),
        schema="landing",
    )
    op.create_table(
        "cell_row",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("row_index", sa.Integer(), nullable=False, comment="0-based row of the form's body"),
        sa.Column("form_row", sa.Integer(), nullable=False, comment="1-based row in the sheet"),
        sa.Column(
            "sources",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[{delivery_id, sheet, row_no}], or how to find them",
        ),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision", "row_index"),
        schema="publish",
    )
    op.create_table(
        "hold",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "report", "period"),
        schema="publish",
    )
    op.create_table(
        "publication",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="SHA-256 of the values, not of the file"),
        sa.Column("as_known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False, comment="below published/"),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("manifest", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "report", "period", "revision"),
        schema="publish",
    )
    op.create_table(
        "row",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False, comment="1-based row in sheet, line or record"),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True, comment="None while a key column is empty"),
        sa.Column(
            "row_hash", sa.Uuid(), nullable=True, comment="md5 of the canonical attrs, sealed columns by their token"
        ),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "attrs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "sealed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "problems", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "disposition",
            sa.Text(),
            nullable=True,
            comment="NULL while open; quarantined | superseded | held",
        ),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("phone_token", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("household_no", sa.Text(), nullable=True),
        sa.Column("id_birth_date", sa.Text(), nullable=True, comment="what the ID number says; never the number"),
        sa.Column("id_sex", sa.Text(), nullable=True),
        schema="staging",
        prefixes=["UNLOGGED"],
    )
    op.create_index("row_batch", "row", ["batch_id", "sheet", "row_no"], unique=True, schema="staging")
    op.create_table(
        "link",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("courtyard_code", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("unit_no", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("household_id", sa.Text(), nullable=True),
        schema="staging",
        prefixes=["UNLOGGED"],
        comment="what identity found for each row that is not quarantined; apart, since rewriting wide rows is slow",
    )
    op.create_table(
        "authority",
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("attribute", "dataset"),
        schema="warehouse",
    )
    op.create_table(
        "code",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list", "code"),
        schema="warehouse",
    )
    op.create_table(
        "courtyard",
        sa.Column("courtyard_code", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("community_code", sa.Text(), nullable=False),
        sa.Column("grid_code", sa.Text(), nullable=False),
        sa.Column("micro_grid_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("standard_address", sa.Text(), nullable=False),
        sa.Column("lon", sa.Text(), nullable=False),
        sa.Column("lat", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("courtyard_code"),
        schema="warehouse",
    )
    op.create_table(
        "courtyard_archive",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("courtyard_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("population", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("key_groups", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("response", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "courtyard_code", "period", "recorded_at"),
        schema="warehouse",
    )
    op.create_table(
        "discrepancy",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("attribute", sa.Text(), nullable=False),
        sa.Column(
            "claims",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="[{dataset, value, delivery_id, sheet, row_no}]",
        ),
        sa.Column("chosen_dataset", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.PrimaryKeyConstraint("street_code", "period", "person_id", "attribute"),
        schema="warehouse",
    )
    op.create_table(
        "key_group",
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column(
            "conditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="{attribute: [values]}"
        ),
        sa.PrimaryKeyConstraint("group_code"),
        schema="warehouse",
    )
    op.create_table(
        "lease",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="fencing token: grows with every acquisition"),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "acquired_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "quarter"),
        schema="warehouse",
    )
    op.create_table(
        "observation",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column(
            "version_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the source's version decides, not arrival",
        ),
        sa.Column("delivery_id", sa.Text(), nullable=False, comment="the greater one wins where versions tie"),
        sa.Column("effective_to", sa.Date(), nullable=False, comment="'infinity' for entities and events"),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_hash", sa.Uuid(), nullable=False, comment="attrs and resolution together"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "attrs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "sealed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("household_id", sa.Text(), nullable=True),
        sa.Column("courtyard_code", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("unit_no", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "dataset", "record_key", "effective_from", "version_at", "delivery_id"),
        schema="warehouse",
    )
    op.create_index("observation_batch", "observation", ["batch_id"], unique=False, schema="warehouse")
    op.create_table(
        "record",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), server_default=sa.text("'infinity'"), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.Uuid(), nullable=False, comment="attrs and resolution together"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column(
            "attrs", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "sealed", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("household_id", sa.Text(), nullable=True),
        sa.Column("courtyard_code", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("unit_no", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("street_code", "dataset", "record_key", "valid_from", "recorded_at", "is_current"),
        schema="warehouse",
        postgresql_partition_by="LIST (is_current)",
    )
    op.create_index("record_person", "record", ["person_id"], unique=False, schema="warehouse")
    op.create_table(
        "unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code", "valid_from"),
        schema="warehouse",
    )
    op.create_table(
        "evidence",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False, comment="without the period of grain 'period'"),
        sa.Column("trait", sa.Uuid(), nullable=False, comment="md5 of what follows first_from"),
        sa.Column("first_from", sa.Date(), nullable=False, comment="the earliest day any delivery states it for"),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("id_token", sa.Text(), nullable=True),
        sa.Column("phone_token", sa.Text(), nullable=True),
        sa.Column("courtyard_code", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.Column("unit_no", sa.Text(), nullable=True),
        sa.Column("room", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("street_code", "dataset", "record_key", "trait"),
        schema="identity",
    )
    op.create_table(
        "record_person",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False, comment="without the period of grain 'period'"),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "is_moved", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="merge must follow"
        ),
        sa.PrimaryKeyConstraint("street_code", "dataset", "record_key"),
        schema="identity",
    )
    op.create_table(
        "receipt",
        sa.Column("receipt_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["landing.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("receipt_id"),
        schema="landing",
    )
    op.create_table(
        "batch",
        sa.Column("batch_id", sa.Text(), nullable=False, comment="<delivery_id>/<dataset>/v<contract version>"),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False, comment="the period its rows speak of"),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="parsed | validated | linked | merged | held | rejected | superseded",
        ),
        sa.Column(
            "is_nil", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="confirmed nil return"
        ),
        sa.Column("landed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("merged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False, comment="part of merged"),
        sa.Column("quarantined", sa.Integer(), server_default="0", nullable=False),
        sa.Column("superseded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("structural", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "metadata", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["landing.delivery.delivery_id"],
        ),
        sa.PrimaryKeyConstraint("batch_id"),
        schema="quality",
    )
    op.create_index("batch_period", "batch", ["street_code", "dataset", "period"], unique=False, schema="quality")
    op.create_table(
        "finding",
        sa.Column("finding_id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=True),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.Column("cell", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False, comment="error | warning"),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["quality.batch.batch_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("finding_id"),
        schema="quality",
    )
    op.create_index("finding_batch", "finding", ["batch_id"], unique=False, schema="quality")
    op.create_table(
        "quarantined_row",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["quality.batch.batch_id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "sheet", "row_no"),
        schema="quality",
    )
    op.execute("CREATE TABLE warehouse.record_current PARTITION OF warehouse.record FOR VALUES IN (true)")
    op.execute("CREATE TABLE warehouse.record_history PARTITION OF warehouse.record FOR VALUES IN (false)")
    op.execute(GRANTS)
    op.execute(STATISTICS)


def downgrade() -> None:
    raise RuntimeError("The first migration is the house itself: drop the database instead.")
