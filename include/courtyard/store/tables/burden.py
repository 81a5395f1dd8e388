"""The burden of reporting: what each published form asks, forms that were looked at before admission, meetings avoided."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import Moment, metadata

cell_count = Table(
    "cell_count",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("position", Integer, primary_key=True, comment="0-based column of the form"),
    Column("column_name", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column(
        "fact", Text, nullable=False, comment="what is asked, such as person.phone; empty: row numbers and the like"
    ),
    Column("asked", Integer, nullable=False, comment="cells of the body, a merged one once"),
    Column("filled", Integer, nullable=False, comment="of them filled from the archive"),
    Column("by_hand", Integer, nullable=False, comment="of them left for a person: no source fills the column"),
    schema="publish",
    comment="what the columns of a published form ask for, counted when it was published",
)

admission = Table(
    "admission",
    metadata,
    Column("admission_no", BigInteger, Identity(always=True), primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("recipient", Text, nullable=False, comment="the department that asks"),
    Column("fingerprint", Text, nullable=False, comment="SHA-256 of title, recipient and headers"),
    Column("advised", Text, nullable=False, comment="what the check advised: admitted, knowingly or refused"),
    Column("verdict", Text, nullable=False, comment="what the post decided: admitted, knowingly or refused"),
    Column("reason", Text, nullable=False),
    Column("post", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    Column("findings", JSONB, nullable=False, comment="what the check found; headers and shares, no data"),
    schema="publish",
    comment="decisions on forms that somebody wants from us; of several on one form the last holds",
)

meeting_avoided = Table(
    "meeting_avoided",
    metadata,
    Column("meeting_no", BigInteger, Identity(always=True), primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("day", Date, nullable=False, comment="when it would have been held"),
    Column("source", Text, nullable=False, comment="the department that would have called it"),
    Column("matter", Text, nullable=False),
    Column("people", Integer, nullable=False),
    Column("hours", Numeric, nullable=False, comment="of one participant"),
    Column("post", Text, nullable=False, comment="who says so: a post, not a person"),
    Column("at", Moment, nullable=False),
    schema="publish",
    comment="meetings that were not needed, as told by people; never computed",
)
