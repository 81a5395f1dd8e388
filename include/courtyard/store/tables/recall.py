"""Revisions: what changed from one to the next, what each figure is made of, recalls, letters' numbers, closings."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from courtyard.store.tables.base import Moment, metadata


def _revision(*more: Column) -> list[Column]:
    return [
        Column("street_code", Text, primary_key=True),
        Column("report", Text, primary_key=True),
        Column("period", Text, primary_key=True),
        *more,
    ]


change = Table(
    "change",
    metadata,
    *_revision(Column("revision", Integer, primary_key=True, comment="the newer one; the older is the one before it")),
    Column("change_no", Integer, primary_key=True, comment="in the order of the comparison sheet"),
    Column(
        "kind", Text, nullable=False, comment="cell | added | removed | moved | renumbered | column | note | metadata"
    ),
    Column("cell", Text, comment="in the new form"),
    Column("old_cell", Text, comment="in the old form, where it stood elsewhere"),
    Column("column_name", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column("sealed", Text, nullable=False, comment="{label, before, after}, sealed: a roster's values name persons"),
    Column("cause", JSONB, nullable=False, comment="[{delivery_id, sheet, rows}]; empty: no delivery did it"),
    schema="publish",
)

cell_fact = Table(
    "cell_fact",
    metadata,
    *_revision(Column("revision", Integer, primary_key=True)),
    Column("fact_no", Integer, primary_key=True),
    Column("row_key", Text, comment="of the form's row; NULL for those without one"),
    Column("delivery_id", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("rows", ARRAY(Integer), nullable=False, comment="rows of the sheet that add the same to each figure"),
    Column("measures", JSONB, nullable=False, comment="{measure: what each of these rows adds to it}"),
    schema="publish",
    comment="what the figures of an aggregate were made of when it was published",
)

recall = Table(
    "recall",
    metadata,
    *_revision(Column("old_revision", Integer, primary_key=True), Column("recipient", Text, primary_key=True)),
    Column("new_revision", Integer, nullable=False, comment="what replaces it"),
    Column("letter_number", Text, nullable=False),
    Column("letter", Text, nullable=False, comment="file below outbox/"),
    Column("sha256", Text, nullable=False),
    Column("changes", Integer, nullable=False, comment="lines of the comparison"),
    Column("queued_at", Moment, nullable=False),
    Column("due_on", Date, nullable=False, comment="acknowledged by then"),
    Column("sent_at", Moment),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text, comment="who of the recipient: an office or a post"),
    schema="publish",
)

letter_number = Table(
    "letter_number",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("number", Integer, primary_key=True, comment="without gaps, never used twice"),
    Column("cause", Text, nullable=False, comment="one letter, one number"),
    Column("taken_at", Moment, nullable=False),
    UniqueConstraint("street_code", "cause"),
    schema="publish",
)

closing = Table(
    "closing",
    metadata,
    Column("closing_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("is_closed", Boolean, nullable=False, comment="the newest entry of a report's period holds"),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    schema="publish",
)
