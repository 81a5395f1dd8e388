"""Warehouse: bitemporal records, what is made of them, and the registers of the pack."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from courtyard.store.tables.base import Moment, attrs_column, metadata

_RESOLVED = ("person_id", "household_id", "courtyard_code", "building", "unit_no", "room")


def _record_columns() -> list[Column]:
    return [
        Column("delivery_id", Text, nullable=False),
        Column("sheet", Text, nullable=False),
        Column("row_no", Integer, nullable=False),
        Column("recorded_at", Moment, nullable=False),
        Column("row_hash", Uuid, nullable=False, comment="attrs and resolution together"),
        Column("is_active", Boolean, nullable=False),
        attrs_column("attrs"),
        attrs_column("sealed"),
        *(Column(name, Text) for name in _RESOLVED),
    ]


observation = Table(
    "observation",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("version_at", Moment, primary_key=True, comment="the source's version decides, not arrival"),
    Column("delivery_id", Text, primary_key=True, comment="the greater one wins where versions tie"),
    Column("effective_to", Date, nullable=False, comment="'infinity' for entities and events"),
    *(c for c in _record_columns() if c.name != "delivery_id"),
    Column("batch_id", Text, nullable=False),
    Index("observation_batch", "batch_id"),
    schema="warehouse",
)

record = Table(
    "record",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("is_current", Boolean, primary_key=True),
    Column("valid_to", Date, nullable=False),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    *(c for c in _record_columns() if c.name != "recorded_at"),
    Index("record_person", "person_id"),
    schema="warehouse",
    postgresql_partition_by="LIST (is_current)",
)

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("discrepancy_id", Text, primary_key=True, comment="of period, kind, subject and attribute"),
    Column("recorded_at", Moment, primary_key=True),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    Column("street_code", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the quarter on whose last day the sources disagree"),
    Column("kind", Text, nullable=False, comment="claim | id_shared | two_heads | two_grids | gone"),
    Column("subject", Text, nullable=False, comment="the person, or the household of two_heads"),
    Column("person_id", Text, comment="NULL where the subject is a household"),
    Column("attribute", Text, nullable=False),
    Column("claims", JSONB, nullable=False, comment="every claim with its source and date, the winning one first"),
    Column("basis", Text, nullable=False, comment="md5 of the sorted claims: a decision holds while it stays the same"),
    Column("value", Text, comment="the value that is believed; NULL where nothing decides yet"),
    Column("chosen_dataset", Text, nullable=False, comment="whose claim that was before anybody settled it"),
    Column("weighed_by", Text, nullable=False, comment="the rule of the pack that put its claim first"),
    Column("rule", Text, nullable=False, comment="authority:<dataset> | recency:<dataset> | newest | … | desk"),
    Column("owner_kind", Text, nullable=False, comment="grid | department: who must settle it"),
    Column("owner", Text, nullable=False, comment="the grid's code, or the department's source"),
    Column("asked", ARRAY(Text), nullable=False, comment="the grids that are shown it"),
    Column("due_on", Date, nullable=False),
    Column("status", Text, nullable=False, server_default="open", comment="open | settled"),
    Column("settled_how", Text, comment="agreed | grid_answer | desk"),
    Column("settled_by", Text, comment="the delivery that settled it"),
    Column("settled_at", Moment, comment="when that was received"),
    Index("discrepancy_subject", "street_code", "subject", "attribute"),
    schema="warehouse",
)

question = Table(
    "question",
    metadata,
    Column("question_ref", Text, primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("first_value", Text, nullable=False),
    Column("second_value", Text, nullable=False),
    schema="warehouse",
    comment="what a grid was asked; the reference alone proves it, so a rebuild finds it again",
)

courtyard_archive = Table(
    "courtyard_archive",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("courtyard_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    Column("population", JSONB, nullable=False),
    Column("key_groups", JSONB, nullable=False),
    Column("response", JSONB, nullable=False),
    attrs_column("resources"),
    attrs_column("providers"),
    attrs_column("items"),
    schema="warehouse",
)

courtyard_tag = Table(
    "courtyard_tag",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("courtyard_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("tag", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    Column("title", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("is_judged", Boolean, nullable=False, comment="false: a figure of its rule is not known"),
    Column("reason", Text, nullable=False, comment="why it has the tag, or why nobody can tell"),
    Column("figures", JSONB, nullable=False, comment="{figure: value} that the rule looked at"),
    schema="warehouse",
)

courtyard_indicator = Table(
    "courtyard_indicator",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("unit_code", Text, primary_key=True, comment="a courtyard, a community or the street"),
    Column("period", Text, primary_key=True),
    Column("indicator", Text, primary_key=True),
    Column("recorded_at", Moment, primary_key=True),
    Column("superseded_at", Moment, nullable=False, server_default=text("'infinity'")),
    Column("level", Text, nullable=False, comment="courtyard | community | street"),
    Column("title", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("value", Numeric, comment="NULL: see state"),
    Column("numerator", Numeric),
    Column("denominator", Numeric, comment="NULL where the indicator has none, or it is not known"),
    Column("state", Text, nullable=False, comment="known | no_data | no_cases: nothing to divide by"),
    Column("courtyards", Integer, nullable=False, comment="that the unit has"),
    Column("courtyards_known", Integer, nullable=False, comment="whose figures the value is made of"),
    schema="warehouse",
)

unit = Table(
    "unit",
    metadata,
    Column("code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False),
    Column("street_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", Text),
    schema="warehouse",
)

courtyard = Table(
    "courtyard",
    metadata,
    Column("courtyard_code", Text, primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("community_code", Text, nullable=False),
    Column("grid_code", Text, nullable=False),
    Column("micro_grid_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("standard_address", Text, nullable=False),
    Column("lon", Text, nullable=False),
    Column("lat", Text, nullable=False),
    Column("valid_from", Date, nullable=False, server_default="0001-01-01", comment="0001-01-01 for always"),
    Column("valid_to", Date, nullable=False, server_default="infinity"),
    Column("successor_code", Text, comment="the courtyard that it is part of from valid_to on"),
    schema="warehouse",
)

courtyard_change = Table(
    "courtyard_change",
    metadata,
    Column("on_day", Date, primary_key=True, comment="its first day"),
    Column("from_code", Text, primary_key=True),
    Column("to_code", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="renamed | merged | split"),
    Column("street_code", Text, nullable=False),
    Column("former_name", Text),
    Column("buildings", Text, comment="which go over, old=new where they get another number"),
    schema="warehouse",
)

courtyard_heir = Table(
    "courtyard_heir",
    metadata,
    Column("courtyard_code", Text, primary_key=True),
    Column("building", Text, primary_key=True, comment="'' for the courtyard itself"),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False),
    Column("street_code", Text, nullable=False),
    Column("heir_code", Text, nullable=False),
    Column("heir_building", Text),
    schema="warehouse",
    comment="where buildings of merged and split courtyards belong since; no row for those that stayed",
)

code = Table(
    "code",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    schema="warehouse",
)

key_group = Table(
    "key_group",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("group_code", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("conditions", JSONB, nullable=False, comment="{attribute: [values]}"),
    Column("birth_window", JSONB, comment="{column, turns_on, years}"),
    schema="warehouse",
)

authority = Table(
    "authority",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("weigh", Text, nullable=False, server_default="rank", comment="rank | newest: whose claim wins"),
    Column("within_quarters", Integer, comment="a claim that is older than the newest by more yields"),
    schema="warehouse",
)

grid_cycle = Table(
    "grid_cycle",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("issued_before", Integer, nullable=False, comment="days before the last day of the quarter"),
    Column("due_after", Integer, nullable=False, comment="days after it"),
    Column("frozen_after", Integer, nullable=False, comment="days after it"),
    schema="warehouse",
)

submitted_dataset = Table(
    "submitted_dataset",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("is_owed", Boolean, nullable=False, comment="false: a submission without it is complete"),
    schema="warehouse",
)

answering = Table(
    "answering",
    metadata,
    Column("unit_code", Text, primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("valid_to", Date, nullable=False, comment="of a unit the spans follow each other without a gap"),
    Column("street_code", Text, nullable=False),
    Column(
        "answers_unit", Text, nullable=False, comment="the unit itself, or the one above while its posts are vacant"
    ),
    Column("answers_post", Text, nullable=False, comment="held by somebody on each of these days"),
    schema="warehouse",
)

case_category = Table(
    "case_category",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("ledger", Text, comment="hazard | dispute; empty: of neither ledger"),
    Column("ledger_kind", Text, comment="a code of hazard_kind or dispute_kind"),
    Column("same_within_days", Integer, comment="how far apart case and ledger entry may be found to be one thing"),
    schema="warehouse",
)

office = Table(
    "office",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("small_count", Integer, nullable=False, comment="counts below it are not told to outsiders"),
    schema="warehouse",
)

working_stretch = Table(
    "working_stretch",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("begins_at", Moment, primary_key=True),
    Column("ends_at", Moment, nullable=False),
    Column("minutes_before", Integer, nullable=False, comment="working minutes of all stretches before it"),
    schema="warehouse",
)

lease = Table(
    "lease",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("quarter", Text, primary_key=True),
    Column("token", BigInteger, nullable=False, comment="fencing token: grows with every acquisition"),
    Column("holder", Text, nullable=False),
    Column("acquired_at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("expires_at", Moment, nullable=False),
    schema="warehouse",
)
