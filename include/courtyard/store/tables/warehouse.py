"""Warehouse: bitemporal records, what is made of them, and the registers of the pack."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import Moment, attrs_column, metadata

_RESOLVED = ("person_id", "household_id", "courtyard_code", "building", "unit_no", "room")


def _record_columns() -> list[Column]:
    return [
        Column("delivery_id", Text, nullable=False),
        Column("sheet", Text, nullable=False),
        Column("row_no", Integer, nullable=False),
        Column("recorded_at", Moment, nullable=False),
        Column("row_hash", Uuid, nullable=False, comment="attrs and resolution together"),
        Column("is_active", Boolean, nullable=False),
        attrs_column("attrs"),
        attrs_column("sealed"),
        *(Column(name, Text) for name in _RESOLVED),
    ]


observation = Table(
    "observation",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("version_at", Moment, primary_key=True, comment="the source's version decides, not arrival"),
    Column("delivery_id", Text, primary_key=True, comment="the greater one wins where versions tie"),
    Column("effective_to", Date, nullable=False, comment="'infinity' for entities and events"),
    *(c for c in _record_columns() if c.name != "delivery_id"),
    Column("batch_id", Text, nullable=False),
    Index("observation_batch", "batch_id"),
    schema="warehouse",
)

record = Table(
    "record",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("is_current", Boolean, primary_key=True),
    Column("valid_to", Date, nullable=False),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    *(c for c in _record_columns() if c.name != "recorded_at"),
    Index("record_person", "person_id"),
    schema="warehouse",
    postgresql_partition_by="LIST (is_current)",
)

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("claims", JSONB, nullable=False, comment="[{dataset, value, delivery_id, sheet, row_no}]"),
    Column("chosen_dataset", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    schema="warehouse",
)

courtyard_archive = Table(
    "courtyard_archive",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("courtyard_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    Column("population", JSONB, nullable=False),
    Column("key_groups", JSONB, nullable=False),
    Column("response", JSONB, nullable=False),
    schema="warehouse",
)

unit = Table(
    "unit",
    metadata,
    Column("code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False),
    Column("street_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", Text),
    schema="warehouse",
)

courtyard = Table(
    "courtyard",
    metadata,
    Column("courtyard_code", Text, primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("community_code", Text, nullable=False),
    Column("grid_code", Text, nullable=False),
    Column("micro_grid_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("standard_address", Text, nullable=False),
    Column("lon", Text, nullable=False),
    Column("lat", Text, nullable=False),
    schema="warehouse",
)

code = Table(
    "code",
    metadata,
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    schema="warehouse",
)

key_group = Table(
    "key_group",
    metadata,
    Column("group_code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("conditions", JSONB, nullable=False, comment="{attribute: [values]}"),
    Column("birth_window", JSONB, comment="{column, turns_on, years}"),
    schema="warehouse",
)

authority = Table(
    "authority",
    metadata,
    Column("attribute", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    schema="warehouse",
)

grid_cycle = Table(
    "grid_cycle",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("issued_before", Integer, nullable=False, comment="days before the last day of the quarter"),
    Column("due_after", Integer, nullable=False, comment="days after it"),
    Column("frozen_after", Integer, nullable=False, comment="days after it"),
    schema="warehouse",
)

submitted_dataset = Table(
    "submitted_dataset",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("is_owed", Boolean, nullable=False, comment="false: a submission without it is complete"),
    schema="warehouse",
)

answering = Table(
    "answering",
    metadata,
    Column("unit_code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False, comment="of a unit the spans follow each other without a gap"),
    Column("street_code", Text, nullable=False),
    Column(
        "answers_unit", Text, nullable=False, comment="the unit itself, or the one above while its posts are vacant"
    ),
    Column("answers_post", Text, nullable=False, comment="held by somebody on each of these days"),
    schema="warehouse",
)

lease = Table(
    "lease",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("quarter", Text, primary_key=True),
    Column("token", BigInteger, nullable=False, comment="fencing token: grows with every acquisition"),
    Column("holder", Text, nullable=False),
    Column("acquired_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("expires_at", Moment, nullable=False),
    schema="warehouse",
)
