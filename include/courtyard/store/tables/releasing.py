"""Publish: what a form was checked for, who signed or waived it, and what was sent to whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from courtyard.store.tables.base import Moment, metadata

check_result = Table(
    "check_result",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("content_hash", Text, primary_key=True, comment="of a publication, or of the content that is held"),
    Column("check_name", Text, primary_key=True),
    Column("place", Integer, nullable=False, comment="0-based order in the report's checks"),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False, comment="passed | explained | failing | not_compared"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("figures", JSONB, nullable=False, comment="[{where, ours, theirs}], without personal data"),
    Column("tally", JSONB, comment="of a change: {figure, values}, what the next period is set against"),
    schema="publish",
)

explanation = Table(
    "explanation",
    metadata,
    Column("explanation_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("check_name", Text, nullable=False),
    Column("figures", JSONB, nullable=False, comment="holds for exactly these figures"),
    Column("reason", Text, nullable=False),
    Column("post", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    Index("explanation_of", "street_code", "report", "period"),
    schema="publish",
)

sign_off = Table(
    "sign_off",
    metadata,
    Column("sign_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("decision", Text, nullable=False, comment="signed | returned | refused: an answer that was not accepted"),
    Column("reason", Text, nullable=False, server_default="", comment="of a return; why an answer was refused"),
    Column("post", Text, nullable=False, comment="a post, not a person"),
    Column("at", Moment, nullable=False),
    Index("sign_off_of", "street_code", "report", "period", "revision"),
    schema="publish",
    comment="only added to; of a revision the newest entry that is no refused answer holds",
)

waiver = Table(
    "waiver",
    metadata,
    Column("waiver_id", BigInteger, primary_key=True, autoincrement=True),
    Column("street_code", Text, nullable=False),
    Column("report", Text, nullable=False),
    Column("post", Text, nullable=False, comment="a post, not a person"),
    Column("reason", Text, nullable=False),
    Column("valid_until", Date, nullable=False, comment="the last day on which it counts"),
    Column("at", Moment, nullable=False),
    schema="publish",
    comment="reports that go out without sign-off for a time",
)

sending = Table(
    "sending",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("report", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("recipient", Text, primary_key=True, comment="a code of recipients.yaml"),
    Column("channel", Text, primary_key=True, comment="folder | sftp | mail"),
    Column("target", Text, nullable=False, comment="folder, connection and path, or a department's mail address"),
    Column("basis", Text, nullable=False, comment="why it may be sent, and on whose word"),
    Column("view", Text, nullable=False, comment="full | masked | counts: how much of the data the recipient sees"),
    Column("files", JSONB, nullable=False, comment="{name: SHA-256}"),
    Column("queued_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("sent_at", Moment),
    Column("confirmed_at", Moment, comment="read back and equal, or accepted by the mail server"),
    Column("error", Text, nullable=False, server_default="", comment="why it still waits"),
    schema="publish",
)
