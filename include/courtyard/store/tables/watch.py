"""Watch: causes that people were alerted to, and how each source stands."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Numeric, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from courtyard.store.tables.base import Moment, metadata

alert = Table(
    "alert",
    metadata,
    Column("alert_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("cause", Text, nullable=False, comment="such as source/population: one cause is one alert while it lasts"),
    Column("kind", Text, nullable=False, comment="a kind of rules/watch.yaml"),
    Column("place", Text, nullable=False, comment="the unit, source or task, in words"),
    Column("source", Text, comment="a source of the pack"),
    Column("unit_code", Text),
    Column("periods", ARRAY(Text), nullable=False, server_default="{}", comment="for which it is so, in order"),
    Column("what", Text, nullable=False, comment="without personal data"),
    Column("remedy", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("times", Integer, nullable=False, server_default="1", comment="how often it was seen"),
    Column("told_at", Moment, comment="when it was last told; empty: not yet"),
    Column("times_told", Integer, nullable=False, server_default="0"),
    Column("recovered_at", Moment, comment="empty while it lasts"),
    Index("alert_open", "street_code", "cause", unique=True, postgresql_where=text("recovered_at IS NULL")),
    schema="watch",
    comment="one row a stretch of time in which something was wrong",
)

source_state = Table(
    "source_state",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("cadence", Text, nullable=False, comment="month | quarter"),
    Column("state", Text, nullable=False, comment="fresh | late | failed | idle | silent"),
    Column("reason", Text, nullable=False, server_default="", comment="why it is not fresh"),
    Column("last_period", Text, comment="the last one of which something landed"),
    Column("last_landed_at", Moment),
    Column("due_period", Text, comment="the last one that should have landed; empty where deliveries keep coming"),
    Column("due_at", Moment, comment="when it counts as late"),
    Column("rows", Integer, comment="of the last period"),
    Column("usual_rows", Numeric, comment="the median of the periods before it; empty without any"),
    Column("looked_at", Moment, nullable=False),
    schema="watch",
    comment="how each source stood when the watch last looked",
)
