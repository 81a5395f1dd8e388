"""Publish: which cells of published counts were suppressed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Identity, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import metadata

suppression = Table(
    "suppression",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("seq", BigInteger, Identity(always=True), nullable=False, comment="the order in which patterns were chosen"),
    Column("first_day", Date, nullable=False, comment="of all days that the table speaks of"),
    Column("last_day", Date, nullable=False),
    Column("threshold", Integer, nullable=False, comment="the smallest count that was shown"),
    Column("counts", JSONB, nullable=False, comment="the table with its full values: not for a reader of the view"),
    Column("cells", JSONB, nullable=False, comment="[[area, column]] of the cells that print *"),
    Column("is_whole", Boolean, nullable=False, comment="every cell, zeros too, since nothing less protects"),
    schema="publish",
)
