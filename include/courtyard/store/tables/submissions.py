"""Submissions: the quarterly cycle of the grids; notices: what was told to whom."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from courtyard.store.tables.base import NO_ATTRS, Moment, metadata

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
