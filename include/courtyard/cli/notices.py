"""`courtyard remind` and `courtyard notices`: who is told what, and what has gone out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

STATES = {"sent": "已发", "waiting": "待发", "given_up": "已放弃"}


def day(given: str | None) -> date:
    """The day given, today in Shanghai otherwise."""
    if given is None:
        return datetime.now(SHANGHAI).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise UsageError(f"'{given}' is not a date.", "Write a date such as 2026-10-02.") from None


def remind(ctx: Context, on: date, dry_run: bool) -> dict[str, Any]:
    from courtyard import submissions

    return submissions.remind(ctx, on=on, dry_run=dry_run)


def show_reminded(console: Console, done: dict[str, Any], dry_run: bool) -> None:
    console.print(f"{done['period']}，{done['on']}：{len(done['owing'])} 个网格未报齐。")
    if not done["notices"]:
        console.print("今天没有要提醒的。")
        return
    console.print(f"{'将新增' if dry_run else '新增'} {done['queued']} 条通知，共 {len(done['notices'])} 条到期。")
    for entry in done["notices"] if dry_run else ():
        console.print(f"  {entry['channel']} {entry['address']}  {entry['subject']}", markup=False, soft_wrap=True)
    if done["unreachable"]:
        console.print(f"没有联系方式（contacts.csv）：{'、'.join(done['unreachable'])}")


def overview(ctx: Context, *, unsent: bool, send: bool) -> dict[str, Any]:
    """The street's notices, after sending what is queued when asked to."""
    from courtyard import notices
    from courtyard.notices import ledger

    result = notices.send(ctx, at=datetime.now(UTC)) if send else None
    with ctx.engine().connect() as connection:
        rows = ledger.all_of(connection, ctx.street_code)
    listed = [
        {
            "cause": row.cause,
            "channel": row.channel,
            "address": row.address,
            "subject": row.subject,
            "attachments": list(row.attachments),
            "state": ledger.state(row),
            "queued_at": row.queued_at,
            "sent_at": row.sent_at,
            "attempts": row.attempts,
            "error": row.error,
        }
        for row in rows
        if not unsent or row.sent_at is None
    ]
    return {"notices": listed, **({"send": result} if result else {})}


def show(console: Console, found: dict[str, Any]) -> None:
    if result := found.get("send"):
        console.print(f"发出 {result['sent']} 条，待发 {result['waiting']} 条，放弃 {result['given_up']} 条。")
        for problem in result["problems"]:
            console.print(problem, markup=False)
    table = Table("状态", "渠道", "地址", "主题", "说明")
    for entry in found["notices"]:
        table.add_row(
            STATES[entry["state"]], *(escape(entry[name]) for name in ("channel", "address", "subject", "error"))
        )
    console.print(table if found["notices"] else "没有通知。")
