"""Publish: revisions and what each cell is made of; audit."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import Moment, metadata

publication = Table(
    "publication",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content_hash", Text, nullable=False, comment="SHA-256 of the values, not of the file"),
    Column("as_known_at", Moment, nullable=False),
    Column("folder", Text, nullable=False, comment="below published/"),
    Column("rows", Integer, nullable=False),
    Column("manifest", JSONB, nullable=False),
    schema="publish",
)

cell_row = Table(
    "cell_row",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("row_index", Integer, primary_key=True, comment="0-based row of the form's body"),
    Column("form_row", Integer, nullable=False, comment="1-based row in the sheet"),
    Column("sources", JSONB, nullable=False, comment="[{delivery_id, sheet, row_no}], or how to find them"),
    schema="publish",
)

hold = Table(
    "hold",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    schema="publish",
)

audit_event = Table(
    "event",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("actor", Text, nullable=False, server_default=text("current_user")),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    schema="audit",
)
