"""What `status`, `cycle`, `close`, `reopen` and `submissions` say of a quarter's collection."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.submissions import advice, locks
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.outcome import TITLES

CATEGORIES = {
    "missing": "未报送",
    "refused": "退回",
    "partly": "部分接收",
    "held": "待核实",
    "late": "迟报",
    "duplicate": "重复报送",
    "nil": "确认本季度无",
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


def show_board(console: Console, entries: list[dict[str, str]]) -> None:
    """One line a grid and category."""
    for entry in entries:
        line = f"{entry['title']}：{entry['name']}：{entry['reason']}。{entry['next']}。"
        console.print(line, highlight=False, soft_wrap=True)


def show_calendar(console: Console, found: dict[str, Any]) -> None:
    console.print(
        f"{found['period']}：{found['issued_on']} 下发，{found['due_on']} 截止，{found['frozen_on']} 冻结",
        highlight=False,
    )
    console.print(f"状态：{found['title']}。{found['why']}。{found['remedy']}。", highlight=False, soft_wrap=True)


def show_listing(console: Console, rows: list[dict[str, Any]]) -> None:
    """One line a submission."""
    table = Table("报送时间", "渠道", "网格", "季度", "性质", "状态", "说明", title=f"{len(rows)} 次报送")
    for row in rows:
        marks = [title for key, title in (("is_late", "迟报"), ("is_restatement", "冻结后")) if row[key]]
        kind = advice.KINDS[row["kind"]] + (f"（{'、'.join(marks)}）" if marks else "")
        sent = row["sent_at"].astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        channel = advice.CHANNELS.get(row["channel"], row["channel"])
        unit = row["unit_name"] or row["unit_code"] or row["name"]
        table.add_row(sent, channel, unit, row["period"], kind, TITLES[row["status"]], _why(row))
    console.print(table)


def _why(row: dict[str, Any]) -> str:
    """The reason; of a correction, how many rows it changes."""
    if row["reason"] or not row["changes"]:
        return row["reason"]
    total = {key: sum(one[key] for one in row["changes"].values()) for key in ("added", "changed", "removed")}
    return f"比上次增{total['added']}行、改{total['changed']}行、减{total['removed']}行"
