"""Every table of the warehouse database, as SQLAlchemy Core.

Migrations build them; `mart` holds views only and is defined in `marts.sql`. Times are
timestamptz; `recorded_at` and `superseded_at` are recorded time, `valid_from` and `valid_to`
(exclusive, 'infinity' while it holds) are valid time (Snodgrass 1999, bitemporal tables).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMAS = (
    "landing", "staging", "quality", "submissions", "identity", "warehouse", "mart", "publish", "cases", "notices",
    "audit",
)  # fmt: skip

metadata = MetaData()
Moment = DateTime(timezone=True)
NO_ATTRS = text("'{}'::jsonb")


def _attrs(name: str) -> Column:
    return Column(name, JSONB, nullable=False, server_default=NO_ATTRS)


# --- landing: delivered bytes and their ledger -----------------------------------------------

delivery = Table(
    "delivery",
    metadata,
    Column("delivery_id", Text, primary_key=True, comment="<source>:<first 16 hex digits of the SHA-256>[@<period>]"),
    Column("seq", BigInteger, Sequence("delivery_seq", schema="landing"), nullable=False, unique=True),
    Column("street_code", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the period it was fetched for"),
    Column("unit_code", Text, comment="the grid that sent it, where the source has units"),
    Column("name", Text, nullable=False, comment="file name or request, without personal data"),
    Column("sha256", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("version_at", Moment, nullable=False, comment="the source's own version time"),
    Column("received_at", Moment, nullable=False),
    Column("sealed_name", Text, nullable=False, comment="file below landing/"),
    Column("key_id", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    UniqueConstraint("source", "period", "sha256"),
    schema="landing",
)

receipt = Table(
    "receipt",
    metadata,
    Column("receipt_id", BigInteger, primary_key=True, autoincrement=True),
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sent_at", Moment, comment="when its sender let go of it, as far as the channel tells"),
    Column("channel", Text, nullable=False, server_default="", comment="the transport it came by"),
    schema="landing",
)

fetch = Table(
    "fetch",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("status", Text, nullable=False, comment="landed | absent | failed"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
    schema="landing",
)

# --- staging: typed rows on their way to the warehouse ----------------------------------------

row = Table(
    "row",
    metadata,
    Column("batch_id", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer, nullable=False, comment="1-based row in sheet, line or record"),
    Column("dataset", Text, nullable=False),
    Column("record_key", Text, comment="None while a key column is empty"),
    Column("row_hash", Uuid, comment="md5 of the canonical attrs, sealed columns by their token"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    _attrs("attrs"),
    _attrs("sealed"),
    Column("problems", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("disposition", Text, comment="NULL while open; quarantined | superseded | held"),
    # what identity works on
    Column("name", Text),
    Column("id_token", Text),
    Column("phone_token", Text),
    Column("birth_date", Text),
    Column("sex", Text),
    Column("address", Text),
    Column("household_no", Text),
    Column("id_birth_date", Text, comment="what the ID number says; never the number"),
    Column("id_sex", Text),
    Index("row_batch", "batch_id", "sheet", "row_no", unique=True),
    schema="staging",
    prefixes=["UNLOGGED"],
)

link = Table(
    "link",
    metadata,
    Column("batch_id", Text, nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("courtyard_code", Text),
    Column("building", Text),
    Column("unit_no", Text),
    Column("room", Text),
    Column("person_id", Text),
    Column("household_id", Text),
    schema="staging",
    prefixes=["UNLOGGED"],
    comment="what identity found for each row that is not quarantined; apart, since rewriting wide rows is slow",
)

# --- quality: batches, findings, quarantine ---------------------------------------------------

batch = Table(
    "batch",
    metadata,
    Column("batch_id", Text, primary_key=True, comment="<delivery_id>/<dataset>/v<contract version>"),
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), nullable=False),
    Column("street_code", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the period its rows speak of"),
    Column("unit_code", Text),
    Column(
        "status", Text, nullable=False, comment="parsed | validated | linked | merged | held | rejected | superseded"
    ),
    Column("is_nil", Boolean, nullable=False, server_default=text("false"), comment="confirmed nil return"),
    Column(
        "is_unchanged",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="its sender confirms it unchanged",
    ),
    Column("came_for", Text, comment="the quarter whose run works on it, where its bytes first came for another"),
    Column("landed", Integer, nullable=False, server_default="0"),
    Column("merged", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0", comment="part of merged"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("held", Integer, nullable=False, server_default="0"),
    Column("structural", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    _attrs("metadata"),
    Index("batch_period", "street_code", "dataset", "period"),
    schema="quality",
)

finding = Table(
    "finding",
    metadata,
    Column("finding_id", BigInteger, primary_key=True, autoincrement=True),
    Column("batch_id", Text, ForeignKey("quality.batch.batch_id", ondelete="CASCADE"), nullable=False),
    Column("sheet", Text, nullable=False),
    Column("row_no", Integer),
    Column("column_name", Text),
    Column("cell", Text),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False, comment="error | warning"),
    Column("message", Text, nullable=False),
    Column("suggestion", Text, nullable=False),
    Index("finding_batch", "batch_id"),
    schema="quality",
)

quarantined_row = Table(
    "quarantined_row",
    metadata,
    Column("batch_id", Text, ForeignKey("quality.batch.batch_id", ondelete="CASCADE"), primary_key=True),
    Column("sheet", Text, primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("codes", ARRAY(Text), nullable=False),
    schema="quality",
)

# --- submissions: the quarterly cycle of the grids ---------------------------------------------

issue = Table(
    "issue",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("unit_code", Text, primary_key=True),
    Column("issue_no", Integer, primary_key=True, comment="1 for the first workbook of the quarter"),
    Column("form_version", Text, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("file", Text, nullable=False, comment="below outbox/"),
    Column("sha256", Text, nullable=False),
    Column("content_hash", Text, nullable=False, comment="of what is prefilled, not of the file"),
    Column("rows", JSONB, nullable=False, comment="{dataset: prefilled rows}"),
    Column("questions", Integer, nullable=False, comment="rows of the sheet 待核实"),
    schema="submissions",
)

submission = Table(
    "submission",
    metadata,
    Column("receipt_id", BigInteger, ForeignKey("landing.receipt.receipt_id"), primary_key=True),
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), nullable=False),
    Column("street_code", Text, nullable=False),
    Column("period", Text, nullable=False, comment="the quarter it speaks of"),
    Column("arrived_for", Text, nullable=False, comment="the quarter in whose collection it came"),
    Column("unit_code", Text),
    Column("channel", Text, nullable=False, comment="folder | sftp | mail"),
    Column("sent_at", Moment, nullable=False),
    Column("kind", Text, nullable=False, comment="first | correction | duplicate | misdirected"),
    Column("status", Text, nullable=False, comment="the ladder, see docs/architecture.md"),
    Column("code", Text, nullable=False, server_default="", comment="why it was not taken, a code of WORDINGS"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("related_receipt", BigInteger, comment="what it corrects or repeats"),
    Column("is_late", Boolean, nullable=False, server_default=text("false"), comment="sent after the due date"),
    Column("is_restatement", Boolean, nullable=False, server_default=text("false"), comment="sent after the freeze"),
    Column("content_hash", Text, nullable=False, comment="of its rows, whatever their order, file or spelling"),
    Column("changes", JSONB, nullable=False, server_default=NO_ATTRS, comment="{dataset: {added, changed, removed}}"),
    Column("receipt_file", Text, comment="folder of its receipt below outbox/, None until there is one"),
    Column("receipt_hash", Text, comment="of what the receipt says: told again only when it changes"),
    Index("submission_unit", "street_code", "period", "unit_code"),
    schema="submissions",
)

content = Table(
    "content",
    metadata,
    Column("delivery_id", Text, ForeignKey("landing.delivery.delivery_id"), primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("sheet", Text, primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("record_key", Text),
    Column("row_hash", Uuid, nullable=False, comment="of what was understood: equal rows, equal hashes"),
    schema="submissions",
    comment="what each submission said, without a value: so that the next one can be compared with it",
)

period_lock = Table(
    "period_lock",
    metadata,
    Column("lock_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("is_closed", Boolean, nullable=False, comment="the newest entry of a period holds"),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    schema="submissions",
)

# --- notices: what was told to whom ------------------------------------------------------------

notice = Table(
    "notice",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("cause", Text, primary_key=True, comment="such as reminder/2026Q3/<unit>/due-3: told once"),
    Column("channel", Text, primary_key=True, comment="mail | wecom | dingtalk"),
    Column("address", Text, primary_key=True, comment="a post's address"),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False, comment="without personal data"),
    Column("attachments", ARRAY(Text), nullable=False, server_default="{}", comment="below outbox/"),
    Column("queued_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    schema="notices",
)

# --- identity: who and where ------------------------------------------------------------------

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

# --- warehouse: bitemporal records and what is made of them -----------------------------------

_RESOLVED = ("person_id", "household_id", "courtyard_code", "building", "unit_no", "room")


def _record_columns() -> list[Column]:
    return [
        Column("delivery_id", Text, nullable=False),
        Column("sheet", Text, nullable=False),
        Column("row_no", Integer, nullable=False),
        Column("recorded_at", Moment, nullable=False),
        Column("row_hash", Uuid, nullable=False, comment="attrs and resolution together"),
        Column("is_active", Boolean, nullable=False),
        _attrs("attrs"),
        _attrs("sealed"),
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
    Column("street_code", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("person_id", Text, primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("claims", JSONB, nullable=False, comment="[{dataset, value, delivery_id, sheet, row_no}]"),
    Column("chosen_dataset", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    schema="warehouse",
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
    schema="warehouse",
)

code = Table(
    "code",
    metadata,
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("label", Text, nullable=False),
    schema="warehouse",
)

key_group = Table(
    "key_group",
    metadata,
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
    Column("attribute", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("rank", Integer, nullable=False),
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

# --- publish ----------------------------------------------------------------------------------

publication = Table(
    "publication",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content_hash", Text, nullable=False, comment="SHA-256 of the values, not of the file"),
    Column("as_known_at", Moment, nullable=False),
    Column("folder", Text, nullable=False, comment="below published/"),
    Column("rows", Integer, nullable=False),
    Column("manifest", JSONB, nullable=False),
    schema="publish",
)

cell_row = Table(
    "cell_row",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("row_index", Integer, primary_key=True, comment="0-based row of the form's body"),
    Column("form_row", Integer, nullable=False, comment="1-based row in the sheet"),
    Column("sources", JSONB, nullable=False, comment="[{delivery_id, sheet, row_no}], or how to find them"),
    schema="publish",
)

hold = Table(
    "hold",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    schema="publish",
)

# --- audit ------------------------------------------------------------------------------------

audit_event = Table(
    "event",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, server_default=func.clock_timestamp()),
    Column("actor", Text, nullable=False, server_default=text("current_user")),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    schema="audit",
)
