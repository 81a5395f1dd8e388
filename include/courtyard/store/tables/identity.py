"""Identity: who and where."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Table,
    Text,
    Uuid,
    text,
)

from courtyard.store.tables.base import metadata

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
    Column("is_moved", Boolean, nullable=False, server_default=text("false"), comment="merge must follow"),
    schema="identity",
)

review = Table(
    "review",
    metadata,
    Column("left_person", Text, primary_key=True),
    Column("right_person", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("opened_by", Text, nullable=False, comment="delivery that raised it"),
    Column("status", Text, nullable=False, server_default="open"),
    schema="identity",
)
