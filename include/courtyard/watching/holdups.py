"""What is stuck in the house: held batches, quarantine, rows on their way, runs asked for, notices, letters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.working_time import Span, WorkingTime
from courtyard.notices.ledger import MAX_ATTEMPTS
from courtyard.period import SHANGHAI
from courtyard.watching.cause import Cause

# Of quarantined rows only those of the newest delivery are news: what was set aside before stays so.
_BATCHES = text("""
SELECT * FROM (
SELECT l.batch_id, l.source, l.dataset, l.period, l.unit_code, l.status, l.landed, l.quarantined, l.residual, l.reason,
       l.received_at,
       row_number() OVER (PARTITION BY l.source, l.dataset, l.unit_code ORDER BY l.received_at DESC, l.batch_id DESC) = 1 AS is_newest
  FROM mart.ledger l
 WHERE l.street_code = :street
   AND NOT EXISTS (SELECT FROM quality.release r WHERE r.batch_id = l.batch_id AND l.status = 'held')
) l
 WHERE l.status = 'held' OR l.residual <> 0 OR (l.is_newest AND l.status = 'merged' AND l.quarantined > 0)
 ORDER BY l.received_at, l.batch_id
""")
_LETTERS = text("""
SELECT case_no, number, department, due_on FROM cases.letter
 WHERE street_code = :street AND kind <> 'refusal' AND replied_at IS NULL AND due_on < :today ORDER BY due_on, number
""")
_RECALLS = text("""
SELECT report, period, recipient, letter_number, due_on FROM publish.recall
 WHERE street_code = :street AND acknowledged_at IS NULL AND due_on < :today ORDER BY due_on, letter_number
""")
# The table of runs that a correction asks for; a warehouse may be older than it.
_HAS_RUNS = text("SELECT to_regclass('warehouse.follow_on') IS NOT NULL")
_RUNS = text("""
SELECT quarter, because_of, asked_at FROM warehouse.follow_on WHERE street_code = :street AND settled_at IS NULL
 ORDER BY quarter, asked_at
""")
_GIVEN_UP = text("""
SELECT channel, address, count(*) AS times, (array_agg(error ORDER BY queued_at DESC))[1] AS error
  FROM notices.notice WHERE street_code = :street AND sent_at IS NULL AND attempts >= :most
 GROUP BY channel, address ORDER BY channel, address
""")
_FINAL = ("merged", "held", "rejected", "superseded")


def look(connection: Connection, ctx: Context, at: datetime) -> list[Cause]:
    """Everything that is stuck."""
    return [
        *_batches(connection, ctx, at),
        *_runs(connection, ctx, at),
        *_notices(connection, ctx),
        *_letters(connection, ctx, at),
    ]


def _batches(connection: Connection, ctx: Context, at: datetime) -> Iterator[Cause]:
    rules = ctx.district.watch
    for row in connection.execute(_BATCHES, {"street": ctx.street_code}).mappings():
        place = _place(ctx, row)
        about = {"periods": (row["period"],), "source": row["source"], "unit_code": row["unit_code"]}
        if row["status"] == "held":
            release = f"courtyard release {row['batch_id']} --reason 理由 --post 岗位"
            remedy = f"请向{_sender(ctx, row)}核实：有误请其重报；若只是行数少而属实，可放行：{release}"
            yield Cause(f"held/{row['batch_id']}", "held", place, f"{row['reason'].rstrip('。')}。", remedy, **about)
        elif row["residual"] and row["status"] in _FINAL:
            what = f"收数台账不平：差 {row['residual']} 行。"
            remedy = f"请把 courtyard ledger 的输出交给技术人员（批次 {row['batch_id']}）。"
            yield Cause(f"residual/{row['batch_id']}", "residual", place, what, remedy, **about)
        elif row["residual"] and at > _after(ctx, row["received_at"], rules.waits.rows):
            what = f"{row['residual']} 行自 {_moment(row['received_at'])} 起还没有入库。"
            remedy = f"请运行“季度数据链”，季度填数据所属的季度（期别 {row['period']}）。"
            yield Cause(f"residual/{row['batch_id']}", "residual", place, what, remedy, **about)
        elif row["landed"] >= rules.quarantine.least_rows and row["quarantined"] > row["landed"] * rules.quarantined(
            row["source"]
        ):
            share = row["quarantined"] / row["landed"]
            what = f"{row['landed']} 行中有 {row['quarantined']} 行（{share:.0%}）不能用，已隔离。"
            remedy = f"请看质量报告里的原因，让{_sender(ctx, row)}更正后重报。"
            key = "/".join(filter(None, ("quarantine", row["source"], row["dataset"], row["unit_code"])))
            yield Cause(key, "quarantine", place, what, remedy, **about)


def _runs(connection: Connection, ctx: Context, at: datetime) -> Iterator[Cause]:
    if not connection.scalar(_HAS_RUNS):
        return
    for row in connection.execute(_RUNS, {"street": ctx.street_code}):
        if at > _after(ctx, row.asked_at, ctx.district.watch.waits.runs):
            what = f"{row.because_of} 的更正影响本季度，自 {_moment(row.asked_at)} 起等待续算。"
            remedy = f"请运行“季度数据链”，季度填 {row.quarter}，理由写“续算”。"
            place = f"{ctx.district.office.short_name} 季度续算"
            yield Cause(f"follow_on/{row.quarter}/{row.because_of}", "follow_on", place, what, remedy, (row.quarter,))


def _notices(connection: Connection, ctx: Context) -> Iterator[Cause]:
    """One cause an address: it is the address that is wrong, whatever was to be told there."""
    asked = {"street": ctx.street_code, "most": MAX_ATTEMPTS}
    for channel, address, times, error in connection.execute(_GIVEN_UP, asked):
        unit = next((c.unit_code for c in ctx.district.contacts if (c.channel, c.address) == (channel, address)), None)
        named = next((u.name for u in ctx.district.units if u.code == unit), address)
        what = f"{times} 条通知多次被拒，已放弃：{error.rstrip('。')}。"
        remedy = "请更正 contacts.csv 中的地址；要补告的内容见 courtyard notices --unsent。"
        yield Cause(f"notice/{channel}/{address}", "notice", f"{named}的联系方式", what, remedy, unit_code=unit)


def _letters(connection: Connection, ctx: Context, at: datetime) -> Iterator[Cause]:
    asked = {"street": ctx.street_code, "today": at.astimezone(SHANGHAI).date()}
    departments = {department.code: department.name for department in ctx.district.departments}
    for row in connection.execute(_LETTERS, asked):
        place = f"{departments.get(row.department, row.department)} 去函{row.number}"
        what = f"应于 {row.due_on} 前复函，至今没有（工单 {row.case_no}）。"
        yield Cause(f"letter/{row.number}", "letter", place, what, "请电话催办；查看：courtyard letters。")
    names = {recipient.recipient: recipient.name for recipient in ctx.district.recipients.recipients}
    for row in connection.execute(_RECALLS, asked):
        place = f"{names.get(row.recipient, row.recipient)} 更正函{row.letter_number}"
        what = f"应于 {row.due_on} 前确认收到，至今没有（{row.report} {row.period}）。"
        remedy = "请联系对方确认；确认后登记：courtyard recalls --help。"
        yield Cause(f"letter/{row.letter_number}", "letter", place, what, remedy, (row.period,))


def _place(ctx: Context, row: Any) -> str:
    contract = ctx.district.contracts.get(row["dataset"])
    title = contract.title if contract else row["dataset"]
    return f"{_sender(ctx, row)} {title}"


def _sender(ctx: Context, row: Any) -> str:
    """The grid that sent a batch, else the department of its source."""
    if row["unit_code"]:
        return next((u.name for u in ctx.district.units if u.code == row["unit_code"]), row["unit_code"])
    spec = ctx.district.sources.get(row["source"])
    return spec.department if spec else row["source"]


def _after(ctx: Context, since: datetime, span: str) -> datetime:
    return WorkingTime(ctx.district.office.calendar).after(since, Span.parse(span))


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
