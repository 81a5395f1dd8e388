"""Runs of quarters: who ran which quarter and why, for whom it waited, and what must be run again after a correction."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from courtyard.store.tables.base import Moment, attrs_column, metadata

quarter_run = Table(
    "quarter_run",
    metadata,
    Column("run_no", BigInteger, Identity(always=True), primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("quarter", Text, nullable=False),
    Column("token", BigInteger, comment="of the lease, the newest one; NULL while the run has never had the quarter"),
    Column("holder", Text, nullable=False, comment="as in warehouse.lease"),
    Column("kind", Text, nullable=False, comment="scheduled | manual | backfill | follow_on | cli"),
    Column("reason", Text, nullable=False, comment="as its asker gave it; empty for a scheduled run"),
    Column("requested_by", Text, nullable=False, comment="a login, or the run's id where nobody is known"),
    Column("asked_at", Moment, nullable=False),
    Column("waits_for", Text, comment="holder of the lease that it waits for, or waited for last"),
    Column("opened_at", Moment, comment="when it got the quarter, the last time"),
    Column("ended_at", Moment),
    Column("outcome", Text, nullable=False, comment="waiting | running | done | held | failed"),
    attrs_column("told"),  # {stage: counts, or {error: one line}}
    Index("quarter_run_of", "street_code", "quarter", "holder"),
    schema="warehouse",
    comment="every run of a quarter; a run that is tried again or cleared keeps its row",
)

follow_on = Table(
    "follow_on",
    metadata,
    Column("follow_on_no", BigInteger, Identity(always=True), primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("quarter", Text, nullable=False, comment="to be run again"),
    Column("because_of", Text, nullable=False, comment="the quarter whose run changed facts"),
    Column("because_token", BigInteger, comment="of the lease of that run"),
    Column("delivery_ids", ARRAY(Text), nullable=False, comment="that the run merged and that changed them"),
    Column("asked_at", Moment, nullable=False, server_default=text("clock_timestamp()")),
    Column("settled_at", Moment, comment="when the quarter's forms were published again; NULL while it is due"),
    Column("settled_token", BigInteger),
    Index("follow_on_due", "street_code", "quarter", postgresql_where=text("settled_at IS NULL")),
    schema="warehouse",
    comment="quarters whose forms stand on facts that another quarter's run has changed since",
)
