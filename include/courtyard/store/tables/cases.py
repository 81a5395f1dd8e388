"""Cases: what residents and departments ask for, where it stands, and everything that happened to it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from courtyard.store.tables.base import Moment, attrs_column, metadata

case = Table(
    "case",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("case_no", Text, primary_key=True, comment="such as 261126-7K2QM: the day it was opened and a keyed digest"),
    Column("direction", Text, nullable=False, comment="up: reported from below; down: a task from a department"),
    Column("parent_no", Text, comment="of a task handed down: the task above it; of a root cause: its case"),
    Column("status", Text, nullable=False, comment="held | waiting | handling | answered | closed | joined | refused"),
    Column("level", Text, nullable=False, comment="courtyard | community | street | department"),
    Column("unit_code", Text, nullable=False, comment="the unit whose post has it"),
    Column("courtyard_code", Text, comment="empty while nobody knows"),
    Column("category", Text, nullable=False),
    Column("confidence", Numeric, nullable=False, comment="0 to 1; 1 once a person said so"),
    Column("urgency", Text, nullable=False, comment="emergency | urgent | normal"),
    Column("emergency", Text, comment="the number the reporter was told to call; empty unless one"),
    Column("opened_at", Moment, nullable=False, comment="the first minute: the uninterrupted clock starts here"),
    Column("total_due_at", Moment, nullable=False, comment="when the uninterrupted clock has run out"),
    Column("step_no", Integer, nullable=False, comment="1 for the level that received first; one more with each level"),
    Column("step_since", Moment, nullable=False, comment="when this level was told"),
    Column("acknowledge_due_at", Moment),
    Column("solve_due_at", Moment),
    Column("acknowledged_at", Moment, comment="by this level"),
    Column("extensions", Integer, nullable=False, server_default="0", comment="of this step"),
    Column("is_supervised", Boolean, nullable=False, server_default="false", comment="督办"),
    Column(
        "is_total_overdue", Boolean, nullable=False, server_default="false", comment="the uninterrupted clock ran out"
    ),
    Column("answered_at", Moment, comment="the last answer to the reporters"),
    Column("closed_at", Moment),
    Column("closed_by", Text, comment="confirmed | lapsed | source"),
    Column("reopen_until", Moment, comment="until when the reporters may have it opened again; empty unless closed"),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("follow_up_asked_at", Moment, comment="when somebody was told to follow up"),
    Column("followed_up_at", Moment),
    Column("satisfaction", Text, comment="satisfied | neutral | dissatisfied, from the follow-up"),
    Column("next_at", Moment, comment="when the clock has to do something next; empty: never"),
    Column("last_seq", Integer, nullable=False, server_default="0"),
    Index("case_next", "street_code", "next_at"),
    Index("case_courtyard", "courtyard_code", "category"),
    schema="cases",
    comment="where every case stands: a function of its events",
)

event = Table(
    "event",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("case_no", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, comment="1 for the opening"),
    Column("kind", Text, nullable=False, comment="see cases/machine.py"),
    Column("at", Moment, nullable=False, comment="when it happened, by the run's time"),
    Column("due_at", Moment, comment="of what the clock did: the deadline that had passed"),
    Column("level", Text, nullable=False, comment="after the event"),
    Column("unit_code", Text, nullable=False, comment="after the event"),
    Column("step_no", Integer, nullable=False, comment="after the event"),
    Column("post", Text, nullable=False, comment="who: <unit>/<post>, reporter, source or clock; never a person"),
    Column(
        "cause", Text, nullable=False, comment="what it is the only event of: a step's deadline, an action, a report"
    ),
    attrs_column("data"),
    UniqueConstraint("street_code", "case_no", "cause", name="event_cause"),
    Index("event_at", "at"),
    schema="cases",
    comment="what happened to a case, appended only",
)

report = Table(
    "report",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("dataset", Text, primary_key=True),
    Column("record_key", Text, primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("channel", Text, nullable=False, comment="page | worker | georeport | hotline"),
    Column("how", Text, nullable=False, comment="opened | joined: by rule | person: a post put it there"),
    Index("report_case", "street_code", "case_no"),
    schema="cases",
    comment="whose reports a case answers; each report belongs to one case",
)

letter = Table(
    "letter",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("case_no", Text, primary_key=True),
    Column("letter_no", Integer, primary_key=True, comment="1 for the first letter of the case"),
    Column("department", Text, nullable=False, comment="code of departments.csv"),
    Column("number", Text, nullable=False, comment="发文字号"),
    Column("kind", Text, nullable=False, comment="request | chase"),
    Column("file", Text, nullable=False, comment="below outbox/"),
    Column("sha256", Text, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("replied_at", Moment),
    Column("reply_number", Text, comment="the department's own 发文字号"),
    Column("reply", Text, comment="what it says, in short"),
    Column("outcome", Text, comment="done | accepted | refused"),
    Column("chased", Integer, nullable=False, server_default="0", comment="how often"),
    schema="cases",
)

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_no", BigInteger, Identity(always=True), primary_key=True),
    Column("street_code", Text, nullable=False),
    Column("case_no", Text, nullable=False),
    Column("module", Text, nullable=False, comment="facilities | providers | services"),
    Column("courtyard_code", Text),
    Column("what", Text, nullable=False),
    attrs_column("attrs"),
    Column("post", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("verdict", Text, comment="accepted | declined; empty while it waits"),
    Column("reason", Text),
    Column("decided_by", Text),
    Column("decided_at", Moment),
    Column("delivery_id", Text, comment="where an accepted one was landed"),
    schema="cases",
    comment="what a solved case would change in the archive, for review",
)

task = Table(
    "task",
    metadata,
    Column("street_code", Text, primary_key=True),
    Column("case_no", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("asked_by", Text, nullable=False, comment="the department, as it calls itself"),
    Column("basis", Text, nullable=False, comment="the document it refers to"),
    Column("due_at", Moment, nullable=False),
    Column("duty", Text, comment="the matter of duties.csv; empty: outside the list"),
    Column("admission", Text, nullable=False, comment="allowed | knowingly | refused"),
    Column("courtyards", ARRAY(Text), nullable=False, server_default="{}", comment="where it is to be done"),
    schema="cases",
    comment="what departments ask of the street: cases of direction down",
)
