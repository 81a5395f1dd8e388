"""Staging: typed rows on their way to the warehouse; quality: batches, findings, quarantine."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from courtyard.store.tables.base import Moment, attrs_column, metadata

row = Table(
    "row",
    metadata,
    Column("batch_id", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer, nullable=False, comment="1-based row in sheet, line or record"),
    Column("dataset", Text, nullable=False),
    Column("record_key", Text, comment="None while a key column is empty"),
    Column("row_hash", Uuid, comment="md5 of the canonical attrs, sealed columns by their token"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    attrs_column("attrs"),
    attrs_column("sealed"),
    Column("problems", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("disposition", Text, comment="NULL while open; quarantined | superseded | held"),
    # what identity works on
    Column("name", Text),
    Column("id_token", Text),
    Column("phone_token", Text),
    Column("birth_date", Text),
    Column("sex", Text),
    Column("address", Text),
    Column("household_no", Text),
    Column("id_birth_date", Text, comment="what the ID number says; never the number"),
    Column("id_sex", Text),
    Index("row_batch", "batch_id", "sheet", "row_no", unique=True),
    schema="staging",
    prefixes=["UNLOGGED"],
)

link = Table(
    "link",
    metadata,
    Column("batch_id", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("courtyard_code", Text),
    Column("building", Text),
    Column("unit_no", Text),
    Column("room", Text),
    Column("person_id", Text),
    Column("household_id", Text),
    schema="staging",
    prefixes=["UNLOGGED"],
    comment="what identity found for each row that is not quarantined; apart, since rewriting wide rows is slow",
)

batch = Table(
    "batch",
    metadata,
    Column("batch_id", Text, primary_key=True, comment="<delivery_id>/<dataset>/v<contract version>"),
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), nullable=False),
    Column("street_code", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the period its rows speak of"),
    Column("unit_code", Text),
    Column(
        "status", Text, nullable=False, comment="parsed | validated | linked | merged | held | rejected | superseded"
    ),
    Column("is_nil", Boolean, nullable=False, server_default=text("false"), comment="confirmed nil return"),
    Column(
        "is_unchanged",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="its sender confirms it unchanged",
    ),
    Column("came_for", Text, comment="the quarter whose run works on it, where its bytes first came for another"),
    Column("landed", Integer, nullable=False, server_default="0"),
    Column("merged", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0", comment="part of merged"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("structural", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    attrs_column("metadata"),
    Index("batch_period", "street_code", "dataset", "period"),
    schema="quality",
)

finding = Table(
    "finding",
    metadata,
    Column("finding_id", BigInteger, primary_key=True, autoincrement=True),
    Column("batch_id", Text, ForeignKey("quality.batch.batch_id", ondelete="CASCADE"), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer),
    Column("column_name", Text),
    Column("cell", Text),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False, comment="error | warning"),
    Column("message", Text, nullable=False),
    Column("suggestion", Text, nullable=False),
    Index("finding_batch", "batch_id"),
    schema="quality",
)

quarantined_row = Table(
    "quarantined_row",
    metadata,
    Column("batch_id", Text, ForeignKey("quality.batch.batch_id", ondelete="CASCADE"), primary_key=True),
    Column("sheet", Text, primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("codes", ARRAY(Text), nullable=False),
    Column("address", Text, comment="sealed for <batch>/<sheet>/<row>: of rows set aside for their address alone"),
    schema="quality",
)

release = Table(
    "release",
    metadata,
    Column("batch_id", Text, primary_key=True, comment="of a batch that was held, whether or not it is there now"),
    Column("street_code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    schema="quality",
    comment="held batches that a person looked at and lets pass",
)
