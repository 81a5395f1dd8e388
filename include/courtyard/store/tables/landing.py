"""Landing: delivered bytes and their ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    LargeBinary,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
)

from courtyard.store.tables.base import Moment, metadata

delivery = Table(
    "delivery",
    metadata,
    Column("delivery_id", Text, primary_key=True, comment="<source>:<first 16 hex digits of the SHA-256>[@<period>]"),
    Column("seq", BigInteger, Sequence("delivery_seq", schema="landing"), nullable=False, unique=True),
    Column("street_code", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the period it was fetched for"),
    Column("unit_code", Text, comment="the grid that sent it, where the source has units"),
    Column("name", Text, nullable=False, comment="file name or request, without personal data"),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("version_at", Moment, nullable=False, comment="the source's own version time"),
    Column("received_at", Moment, nullable=False),
    Column("sealed_name", Text, nullable=False, comment="file below landing/"),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    UniqueConstraint("street_code", "source", "period", "sha256"),
    schema="landing",
)

receipt = Table(
    "receipt",
    metadata,
    Column("receipt_id", BigInteger, primary_key=True, autoincrement=True),
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sent_at", Moment, comment="when its sender let go of it, as far as the channel tells"),
    Column("channel", Text, nullable=False, server_default="", comment="the transport it came by"),
    schema="landing",
)

fetch = Table(
    "fetch",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("status", Text, nullable=False, comment="landed | absent | failed"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    schema="landing",
)
