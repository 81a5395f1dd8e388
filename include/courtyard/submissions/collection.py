"""What is said of a quarter's collection: its calendar, every submission, and the grids that need a word."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.submissions import advice, locks
from courtyard.submissions.cycle import Cycle

CATEGORIES = {
    "missing": "未报送",
    "refused": "退回",
    "partly": "部分接收",
    "held": "待核实",
    "late": "迟报",
    "duplicate": "重复报送",
    "nil": "确认本季度无",
}
SheetState = Literal["missing", "refused", "partly", "held", "received", "reported", "nil"]
SHEETS: dict[SheetState, str] = {
    "missing": "未报送",
    "refused": "退回",
    "partly": "部分接收",
    "held": "待核实",
    "received": "处理中",
    "reported": "已报送",
    "nil": "确认本季度无",
}
_SHEET_OF: dict[str, SheetState] = {
    "missing": "missing",
    "rejected": "refused",
    "partly_accepted": "partly",
    "received": "received",
    "accepted": "reported",
    "accepted_with_findings": "reported",
    "confirmed_nil": "nil",
}
_TAKEN = {"accepted", "accepted_with_findings", "partly_accepted", "confirmed_nil"}
_GRIDS = text("""
SELECT unit_code, unit_name, array_agg(DISTINCT status) AS statuses, bool_or(is_held) AS is_held,
       bool_or(is_late AND status <> 'missing') AS is_late, max(days_late) AS days_late,
       max(sent_at) AS sent_at, sum(rows_quarantined) AS quarantined,
       string_agg(DISTINCT nullif(reason, ''), '；') FILTER (WHERE is_held) AS held_reason
  FROM mart.submission_status
 WHERE street_code = :street AND period = :quarter
 GROUP BY unit_code, unit_name
 ORDER BY unit_code
""")
_SHEETS = text("""
SELECT unit_code, unit_name, community_code, dataset, dataset_title, status, is_held, is_late, is_restatement, days_late,
       due_on, sent_at, rows_read, rows_quarantined, reason, delivery_id, receipt_id
  FROM mart.submission_status WHERE street_code = :street AND period = :quarter ORDER BY unit_code, dataset
""")
_COUNTS = text("""
SELECT period, status, is_held, is_late AND status <> 'missing' AS is_late, count(*)::int AS sheets
  FROM mart.submission_status WHERE street_code = :street GROUP BY 1, 2, 3, 4
""")
_SUBMISSIONS = text("""
SELECT s.receipt_id, s.sent_at, r.received_at, s.channel, r.name, s.unit_code, u.name AS unit_name, s.period,
       s.arrived_for, s.kind, s.status, s.code, s.reason, s.is_late, s.is_restatement, s.changes,
       o.sent_at AS related_sent_at
  FROM submissions.submission s
  JOIN landing.receipt r USING (receipt_id)
  LEFT JOIN submissions.submission o ON o.receipt_id = s.related_receipt
  LEFT JOIN LATERAL (SELECT name FROM warehouse.unit w WHERE w.code = s.unit_code ORDER BY valid_from DESC LIMIT 1) u ON true
 WHERE s.street_code = :street AND :quarter IN (s.period, s.arrived_for)
   AND (CAST(:unit AS text) IS NULL OR s.unit_code = :unit)
 ORDER BY s.sent_at, s.receipt_id
""")


@dataclass(frozen=True)
class Sheet:
    """What one grid owes of one dataset and what it did about it. `since` is when it was sent; of one that is missing,
    the day after it was due, None while it is not due yet.

    Reported, confirmed nil and missing are three states: a nil is said by the grid, never inferred.
    """

    unit_code: str
    unit_name: str
    community_code: str
    dataset: str
    title: str
    state: SheetState
    is_late: bool
    is_restatement: bool
    days_late: int
    due_on: date
    since: datetime | date | None
    rows: int
    quarantined: int
    reason: str
    delivery_id: str | None
    receipt_id: int | None


def sheets(connection: Connection, ctx: Context, day: date) -> list[Sheet]:
    """What every grid owes for the quarter, by grid and dataset, as it stands on a day."""
    where = {"street": ctx.street_code, "quarter": str(ctx.period)}
    cycle = Cycle.of(ctx.period, ctx.district.office.grid_cycle)
    return [_sheet(row, cycle, day) for row in connection.execute(_SHEETS, where)]


def counts(connection: Connection, ctx: Context) -> dict[str, Counter[str]]:
    """How many sheets of each quarter are in which state (`SHEETS`), and how many of them came `late`."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(_COUNTS, {"street": ctx.street_code}):
        found[row.period]["held" if row.is_held else _SHEET_OF[row.status]] += row.sheets
        found[row.period]["late"] += row.sheets if row.is_late else 0
    return found


def _sheet(row: Any, cycle: Cycle, day: date) -> Sheet:
    state: SheetState = "held" if row.is_held else _SHEET_OF[row.status]
    since, reason = row.sent_at, row.reason
    if state == "missing":
        since = cycle.due_on + timedelta(days=1) if day > cycle.due_on else None
        reason = f"没有收到采集表；{cycle.why(day)}"
    elif state == "partly":
        reason = f"{row.rows_quarantined}行退回，其余{row.rows_read - row.rows_quarantined}行已计入"
    elif state == "refused" and not reason:
        reason = f"{row.rows_quarantined}行都退回了" if row.rows_quarantined else "没有计入，见回执"
    return Sheet(
        row.unit_code, row.unit_name, row.community_code, row.dataset, row.dataset_title, state,
        bool(row.is_late and state != "missing"), row.is_restatement, row.days_late or 0, row.due_on, since,
        row.rows_read, row.rows_quarantined, reason.rstrip("。"), row.delivery_id, row.receipt_id,
    )  # fmt: skip


def listing(connection: Connection, ctx: Context, unit: str | None = None) -> list[dict[str, Any]]:
    """Every submission that speaks of the quarter or came for it, one dict each, in the order sent."""
    where = {"street": ctx.street_code, "quarter": str(ctx.period), "unit": unit}
    return [dict(row) for row in connection.execute(_SUBMISSIONS, where).mappings()]


def board(connection: Connection, ctx: Context, day: date) -> list[dict[str, str]]:
    """The grids about which there is something to say, by category; `next` is what to do.

    Keys: category, title, unit, name, reason, next. A grid may stand in several categories.
    """
    cycle = Cycle.of(ctx.period, ctx.district.office.grid_cycle)
    where = {"street": ctx.street_code, "quarter": str(ctx.period)}
    found = [entry for row in connection.execute(_GRIDS, where) for entry in _of_grid(row, cycle, day)]
    found += [entry for row in listing(connection, ctx) if (entry := _of_submission(row, ctx, cycle))]
    order = list(CATEGORIES)
    return sorted(found, key=lambda e: (order.index(e["category"]), e["unit"]))


def _of_grid(row: Any, cycle: Cycle, day: date) -> list[dict[str, str]]:
    """What the state of its sheets says of one grid."""
    statuses, found = set(row.statuses), []

    def say(category: str, reason: str, advised: str) -> None:
        found.append(_entry(category, row.unit_code, row.unit_name, reason, advised))

    if "missing" in statuses:
        what = "没有收到采集表" if statuses == {"missing"} else "有的表没有收到"
        say("missing", f"{what}；{cycle.why(day)}", cycle.remedy(day))
    if row.is_held:
        say("held", row.held_reason or "街道正在核实", advice.next_step("received"))
    if row.is_late and statuses & _TAKEN:
        sent = row.sent_at.astimezone(SHANGHAI).date()
        late = f"，晚了{row.days_late}天" if row.days_late else ""
        say("late", f"{sent}报送，截止日是{cycle.due_on}{late}", "已计入，不用再做什么；请提醒下季度按时报送")
    if statuses == {"confirmed_nil"}:
        say("nil", "各表都注明本季度无", advice.next_step("confirmed_nil"))
    elif statuses & _TAKEN and row.quarantined:
        advised = advice.next_step("partly_accepted", due_on=cycle.due_on, is_late=day > cycle.due_on)
        say("partly", f"有{row.quarantined}行退回，见回执", advised)
    return found


def _of_submission(row: dict[str, Any], ctx: Context, cycle: Cycle) -> dict[str, str] | None:
    """A refused or repeated submission that came in this quarter's collection."""
    if row["arrived_for"] != str(ctx.period):
        return None
    unit, name = row["unit_code"] or "", row["unit_name"] or f"网格不明（{row['name']}）"
    if row["status"] == "rejected":
        message, _, remedy = row["reason"].partition("。")
        advised = remedy or advice.next_step("rejected", due_on=cycle.due_on, is_late=row["is_late"])
        return _entry("refused", unit, name, message or "见回执", advised)
    if row["kind"] == "duplicate":
        before = row["related_sent_at"].astimezone(SHANGHAI)
        return _entry(
            "duplicate", unit, name, f"与{before:%Y-%m-%d %H:%M}报送的内容完全相同，没有重复计入",
            advice.next_step("superseded", kind="duplicate"),
        )  # fmt: skip
    return None


def _entry(category: str, unit: str, name: str, reason: str, advised: str) -> dict[str, str]:
    said = {"reason": reason.rstrip("。"), "next": advised.rstrip("。")}
    return {"category": category, "title": CATEGORIES[category], "unit": unit, "name": name, **said}


def calendar(connection: Connection, ctx: Context, day: date) -> dict[str, Any]:
    """The quarter's days and its lock on a day."""
    cycle = Cycle.of(ctx.period, ctx.district.office.grid_cycle)
    lock = locks.lock_of(connection, ctx, ctx.period, day)
    days = {"issued_on": cycle.issued_on, "due_on": cycle.due_on, "frozen_on": cycle.frozen_on}
    return {"period": str(ctx.period), **days, **asdict(lock), "title": lock.title, "takes": lock.takes}
