"""Every table of the warehouse database, as SQLAlchemy Core.

Migrations build them; `mart` holds views only and is defined in `marts/`. Times are
timestamptz; `recorded_at` and `superseded_at` are recorded time, `valid_from` and `valid_to`
(exclusive, 'infinity' while it holds) are valid time (Snodgrass 1999, bitemporal tables).
"""

from courtyard.store.tables.base import SCHEMAS, metadata
from courtyard.store.tables.burden import admission, cell_count, meeting_avoided
from courtyard.store.tables.cases import case, event, letter, proposal, report, task
from courtyard.store.tables.disclosure import suppression
from courtyard.store.tables.identity import decision, evidence, gazetteer, person, record_person, reopened, review
from courtyard.store.tables.intake import intake_client, intake_link, intake_photo, intake_reply, intake_report
from courtyard.store.tables.landing import delivery, fetch, receipt
from courtyard.store.tables.publish import audit_event, cell_row, hold, publication
from courtyard.store.tables.recall import cell_fact, change, closing, letter_number, recall
from courtyard.store.tables.releasing import check_result, explanation, sending, sign_off, waiver
from courtyard.store.tables.runs import follow_on, quarter_run
from courtyard.store.tables.staging import batch, finding, link, quarantined_row, release, row
from courtyard.store.tables.submissions import content, issue, notice, period_lock, submission
from courtyard.store.tables.warehouse import (
    answering,
    authority,
    case_category,
    code,
    courtyard,
    courtyard_archive,
    courtyard_change,
    courtyard_heir,
    courtyard_indicator,
    courtyard_tag,
    discrepancy,
    grid_cycle,
    key_group,
    lease,
    observation,
    office,
    question,
    record,
    submitted_dataset,
    unit,
    working_stretch,
)
from courtyard.store.tables.watch import alert, source_state

__all__ = [
    "SCHEMAS",
    "admission",
    "alert",
    "answering",
    "audit_event",
    "authority",
    "batch",
    "case",
    "case_category",
    "cell_count",
    "cell_fact",
    "cell_row",
    "change",
    "check_result",
    "closing",
    "code",
    "content",
    "courtyard",
    "courtyard_archive",
    "courtyard_change",
    "courtyard_heir",
    "courtyard_indicator",
    "courtyard_tag",
    "decision",
    "delivery",
    "discrepancy",
    "event",
    "evidence",
    "explanation",
    "fetch",
    "finding",
    "follow_on",
    "gazetteer",
    "grid_cycle",
    "hold",
    "intake_client",
    "intake_link",
    "intake_photo",
    "intake_reply",
    "intake_report",
    "issue",
    "key_group",
    "lease",
    "letter",
    "letter_number",
    "link",
    "meeting_avoided",
    "metadata",
    "notice",
    "observation",
    "office",
    "period_lock",
    "person",
    "proposal",
    "publication",
    "quarantined_row",
    "quarter_run",
    "question",
    "recall",
    "receipt",
    "record",
    "record_person",
    "release",
    "reopened",
    "report",
    "review",
    "row",
    "sending",
    "sign_off",
    "source_state",
    "submission",
    "submitted_dataset",
    "suppression",
    "task",
    "unit",
    "waiver",
    "working_stretch",
]
