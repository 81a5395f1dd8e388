"""Cases and intake: reports of residents, the ladder they climb, letters, tasks, proposals"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Events are appended only. The intake service writes what comes in and reads it again; it sees nothing else.
GRANTS = """
GRANT USAGE ON SCHEMA cases TO courtyard_pipeline, courtyard_publisher;
GRANT USAGE ON SCHEMA intake TO courtyard_intake, courtyard_pipeline;
GRANT SELECT, INSERT ON cases.event TO courtyard_pipeline;
GRANT SELECT, INSERT, UPDATE ON cases.case, cases.report, cases.letter, cases.proposal, cases.task TO courtyard_pipeline;
GRANT SELECT ON ALL TABLES IN SCHEMA cases TO courtyard_publisher;
GRANT SELECT, INSERT ON intake.report, intake.reply, intake.photo TO courtyard_intake;
GRANT SELECT ON intake.link TO courtyard_intake;
GRANT SELECT, INSERT, UPDATE ON intake.link TO courtyard_pipeline;
"""


def upgrade() -> None:
    op.create_table(
        "case",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column(
            "case_no",
            sa.Text(),
            nullable=False,
            comment="such as 261126-7K2QM: the day it was opened and a keyed digest",
        ),
        sa.Column(
            "direction", sa.Text(), nullable=False, comment="up: reported from below; down: a task from a department"
        ),
        sa.Column(
            "parent_no",
            sa.Text(),
            nullable=True,
            comment="of a task handed down: the task above it; of a root cause: its case",
        ),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="held | waiting | handling | answered | closed | joined | refused",
        ),
        sa.Column("level", sa.Text(), nullable=False, comment="courtyard | community | street | department"),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="the unit whose post has it"),
        sa.Column("courtyard_code", sa.Text(), nullable=True, comment="empty while nobody knows"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Numeric(), nullable=False, comment="0 to 1; 1 once a person said so"),
        sa.Column("urgency", sa.Text(), nullable=False, comment="emergency | urgent | normal"),
        sa.Column(
            "emergency", sa.Text(), nullable=True, comment="the number the reporter was told to call; empty unless one"
        ),
        sa.Column(
            "opened_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the first minute: the uninterrupted clock starts here",
        ),
        sa.Column(
            "total_due_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when the uninterrupted clock has run out",
        ),
        sa.Column(
            "step_no",
            sa.Integer(),
            nullable=False,
            comment="1 for the level that received first; one more with each level",
        ),
        sa.Column("step_since", sa.DateTime(timezone=True), nullable=False, comment="when this level was told"),
        sa.Column("acknowledge_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("solve_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True, comment="by this level"),
        sa.Column("extensions", sa.Integer(), server_default="0", nullable=False, comment="of this step"),
        sa.Column("is_supervised", sa.Boolean(), server_default="false", nullable=False, comment="督办"),
        sa.Column(
            "is_total_overdue",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="the uninterrupted clock ran out",
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True, comment="the last answer to the reporters"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True, comment="confirmed | lapsed | source"),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "follow_up_asked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when somebody was told to follow up",
        ),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "satisfaction", sa.Text(), nullable=True, comment="satisfied | neutral | dissatisfied, from the follow-up"
        ),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the clock has to do something next; empty: never",
        ),
        sa.Column("last_seq", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("street_code", "case_no"),
        schema="cases",
        comment="where every case stands: a function of its events",
    )
    op.create_index("case_next", "case", ["street_code", "next_at"], schema="cases")
    op.create_index("case_courtyard", "case", ["courtyard_code", "category"], schema="cases")
    op.create_table(
        "event",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False, comment="1 for the opening"),
        sa.Column("kind", sa.Text(), nullable=False, comment="see cases/machine.py"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it happened, by the run's time"),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of what the clock did: the deadline that had passed",
        ),
        sa.Column("level", sa.Text(), nullable=False, comment="after the event"),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="after the event"),
        sa.Column("step_no", sa.Integer(), nullable=False, comment="after the event"),
        sa.Column(
            "post", sa.Text(), nullable=False, comment="who: <unit>/<post>, reporter, source or clock; never a person"
        ),
        sa.Column(
            "cause",
            sa.Text(),
            nullable=False,
            comment="what it is the only event of: a step's deadline, an action, a report",
        ),
        sa.Column("data", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("street_code", "case_no", "seq"),
        sa.UniqueConstraint("street_code", "case_no", "cause", name="event_cause"),
        schema="cases",
        comment="what happened to a case, appended only",
    )
    op.create_index("event_at", "event", ["at"], schema="cases")
    op.create_table(
        "report",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="page | worker | georeport | hotline"),
        sa.Column("how", sa.Text(), nullable=False, comment="opened | joined: by rule | person: a post put it there"),
        sa.PrimaryKeyConstraint("street_code", "dataset", "record_key"),
        schema="cases",
        comment="whose reports a case answers; each report belongs to one case",
    )
    op.create_index("report_case", "report", ["street_code", "case_no"], schema="cases")
    op.create_table(
        "letter",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("letter_no", sa.Integer(), nullable=False, comment="1 for the first letter of the case"),
        sa.Column("department", sa.Text(), nullable=False, comment="code of departments.csv"),
        sa.Column("number", sa.Text(), nullable=False, comment="发文字号"),
        sa.Column("kind", sa.Text(), nullable=False, comment="request | chase"),
        sa.Column("file", sa.Text(), nullable=False, comment="below outbox/"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_number", sa.Text(), nullable=True, comment="the department's own 发文字号"),
        sa.Column("reply", sa.Text(), nullable=True, comment="what it says, in short"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="done | accepted | refused"),
        sa.Column("chased", sa.Integer(), server_default="0", nullable=False, comment="how often"),
        sa.PrimaryKeyConstraint("street_code", "case_no", "letter_no"),
        schema="cases",
    )
    op.create_table(
        "proposal",
        sa.Column("proposal_no", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False, comment="facilities | providers | services"),
        sa.Column("courtyard_code", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("attrs", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True, comment="accepted | declined; empty while it waits"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery_id", sa.Text(), nullable=True, comment="where an accepted one was landed"),
        sa.PrimaryKeyConstraint("proposal_no"),
        schema="cases",
        comment="what a solved case would change in the archive, for review",
    )
    op.create_table(
        "task",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False, comment="the department, as it calls itself"),
        sa.Column("basis", sa.Text(), nullable=False, comment="the document it refers to"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duty", sa.Text(), nullable=True, comment="the matter of duties.csv; empty: outside the list"),
        sa.Column("admission", sa.Text(), nullable=False, comment="allowed | knowingly | refused"),
        sa.Column(
            "courtyards", ARRAY(sa.Text()), server_default="{}", nullable=False, comment="where it is to be done"
        ),
        sa.PrimaryKeyConstraint("street_code", "case_no"),
        schema="cases",
        comment="what departments ask of the street: cases of direction down",
    )
    op.create_table(
        "report",
        sa.Column("report_id", sa.Text(), nullable=False, comment="R and 16 digits of 32; told to the resident"),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="page | worker | georeport"),
        sa.Column("courtyard_code", sa.Text(), nullable=True, comment="of the signed link"),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("lat", sa.Numeric(), nullable=True, comment="WGS-84"),
        sa.Column("lon", sa.Numeric(), nullable=True, comment="WGS-84"),
        sa.Column("given_lat", sa.Numeric(), nullable=True, comment="as sent, where it was GCJ-02"),
        sa.Column("given_lon", sa.Numeric(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status_token", sa.Text(), nullable=False, unique=True, comment="keyed digest of the status link's token"
        ),
        sa.Column(
            "idempotency",
            sa.Text(),
            nullable=True,
            unique=True,
            comment="keyed digest of what the sender calls this report",
        ),
        sa.Column(
            "sealed",
            sa.Text(),
            nullable=False,
            comment="name, address, description, phone and the rest, under the intake's key",
        ),
        sa.Column("photo_id", sa.Text(), nullable=True),
        sa.Column(
            "flags", ARRAY(sa.Text()), server_default="{}", nullable=False, comment="why it may be spam; empty: nothing"
        ),
        sa.Column("emergency", sa.Text(), nullable=True, comment="the number the resident was told to call"),
        sa.PrimaryKeyConstraint("report_id"),
        schema="intake",
    )
    op.create_index("intake_report_requested", "report", ["street_code", "requested_at"], schema="intake")
    op.create_table(
        "reply",
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False, unique=True),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="confirm | unsolved | reopen | rating | more"),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="text and rating"),
        sa.Column("idempotency", sa.Text(), nullable=True, unique=True),
        sa.PrimaryKeyConstraint("reply_id"),
        schema="intake",
    )
    op.create_table(
        "photo",
        sa.Column("photo_id", sa.Text(), nullable=False),
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("taken_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="the re-encoded JPEG, under the intake's key"),
        sa.PrimaryKeyConstraint("photo_id"),
        schema="intake",
    )
    op.create_table(
        "link",
        sa.Column("street_code", sa.Text(), nullable=False),
        sa.Column("courtyard_code", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.Integer(),
            nullable=False,
            comment="of the poster; an older one opens no more once it is revoked",
        ),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_revoked", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("street_code", "courtyard_code", "version"),
        schema="intake",
    )
    op.execute(GRANTS)


def downgrade() -> None:
    raise RuntimeError("What residents reported would be forgotten: restore a backup instead.")
