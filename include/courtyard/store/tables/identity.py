"""Identity: who and where."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import Moment, metadata

person = Table(
    "person",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("minted_by", Text, nullable=False, comment="delivery that first named the person"),
    schema="identity",
)

evidence = Table(
    "evidence",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True, comment="without the period of grain 'period'"),
    Column("trait", Uuid, primary_key=True, comment="md5 of what follows first_from"),
    Column("first_from", Date, nullable=False, comment="the earliest day any delivery states it for"),
    *(
        Column(name, Text)
        for name in (
            "name", "birth_date", "id_token", "phone_token", "courtyard_code", "building", "unit_no", "room",
        )
    ),
    schema="identity",
)  # fmt: skip

record_person = Table(
    "record_person",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True, comment="without the period of grain 'period'"),
    Column("person_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("score", Float, comment="probability that it is this person, where a model was asked"),
    Column("is_moved", Boolean, nullable=False, server_default=text("false"), comment="merge must follow"),
    schema="identity",
)

review = Table(
    "review",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("left_dataset", Text, primary_key=True),
    Column("left_record", Text, primary_key=True, comment="without the period of grain 'period'"),
    Column("right_dataset", Text, primary_key=True),
    Column("right_record", Text, primary_key=True),
    Column("left_person", Text, nullable=False),
    Column("right_person", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="id_shared | ids_differ | looks_alike | decided | source_changed"),
    Column("score", Float, comment="probability that they are one person, where a model was asked"),
    Column("details", JSONB, nullable=False, comment="{what was compared: level of agreement}"),
    Column("basis", Text, nullable=False, comment="md5 of what both records say of themselves"),
    Column("opened_by", Text, nullable=False, comment="delivery that raised it"),
    Column("status", Text, nullable=False, server_default="open", comment="open | same | different"),
    Column("decision_no", Text, comment="the decision that holds, or that a source has since overtaken while open"),
    schema="identity",
)

decision = Table(
    "decision",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("decision_no", Text, primary_key=True),
    Column("matter", Text, nullable=False, comment="same_person | claim | alias | place"),
    Column("verdict", Text, nullable=False),
    *(
        Column(name, Text)
        for name in (
            "left_record", "right_record", "basis", "person_id", "attribute", "value", "address", "courtyard_code",
            "building", "unit_no", "room",
        )
    ),
    Column("valid_from", Date),
    Column("decided_by", Text, nullable=False, comment="a post, not a person"),
    Column("decided_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("delivery_id", Text, nullable=False),
    schema="identity",
)  # fmt: skip
