"""What all tables share."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    MetaData,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

SCHEMAS = (
    "landing", "staging", "quality", "submissions", "identity", "warehouse", "mart", "publish", "cases", "intake",
    "notices", "watch", "audit",
)  # fmt: skip

metadata = MetaData()
Moment = DateTime(timezone=True)
NO_ATTRS = text("'{}'::jsonb")


def attrs_column(name: str) -> Column:
    return Column(name, JSONB, nullable=False, server_default=NO_ATTRS)
