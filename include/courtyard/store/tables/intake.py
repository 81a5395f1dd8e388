"""Intake: what residents handed in, sealed. The only tables the intake service sees."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, LargeBinary, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from courtyard.store.tables.base import Moment, metadata

intake_report = Table(
    "report",
    metadata,
    Column("report_id", Text, primary_key=True, comment="R and 16 digits of 32; told to the resident"),
    Column("seq", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("street_code", Text, nullable=False),
    Column("channel", Text, nullable=False, comment="page | worker | georeport"),
    Column("courtyard_code", Text, comment="of the signed link"),
    Column("service_code", Text, nullable=False),
    Column("lat", Numeric, comment="WGS-84"),
    Column("lon", Numeric, comment="WGS-84"),
    Column("given_lat", Numeric, comment="as sent, where it was GCJ-02"),
    Column("given_lon", Numeric),
    Column("requested_at", Moment, nullable=False),
    Column("status_token", Text, nullable=False, unique=True, comment="keyed digest of the status link's token"),
    Column("idempotency", Text, unique=True, comment="keyed digest of what the sender calls this report"),
    Column(
        "sealed", Text, nullable=False, comment="name, address, description, phone and the rest, under the intake's key"
    ),
    Column("photo_id", Text),
    Column("flags", ARRAY(Text), nullable=False, server_default="{}", comment="why it may be spam; empty: nothing"),
    Column("emergency", Text, comment="the number the resident was told to call"),
    Index("intake_report_requested", "street_code", "requested_at"),
    schema="intake",
)

intake_reply = Table(
    "reply",
    metadata,
    Column("reply_id", Text, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("street_code", Text, nullable=False),
    Column("report_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="confirm | unsolved | reopen | rating | more"),
    Column("replied_at", Moment, nullable=False),
    Column("sealed", Text, nullable=False, comment="text and rating"),
    Column("idempotency", Text, unique=True),
    schema="intake",
)

intake_photo = Table(
    "photo",
    metadata,
    Column("photo_id", Text, primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("taken_in_at", Moment, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="the re-encoded JPEG, under the intake's key"),
    schema="intake",
)

intake_link = Table(
    "link",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("courtyard_code", Text, primary_key=True),
    Column(
        "version", Integer, primary_key=True, comment="of the poster; an older one opens no more once it is revoked"
    ),
    Column("issued_at", Moment, nullable=False),
    Column("is_revoked", Boolean, nullable=False, server_default="false"),
    schema="intake",
)

intake_client = Table(
    "client",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True, comment="keyed digest of the client's api_key"),
    Column("is_active", Boolean, nullable=False),
    Column("since", Moment, nullable=False, comment="when this key was given"),
    schema="intake",
    comment="who may send reports over GeoReport",
)
