"""Whether a quarter may be run: refused ones are told in one Chinese line, before anything is touched."""

from __future__ import annotations

from datetime import datetime

from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.privacy import written
from courtyard.store import runs
from courtyard.submissions import locks

NEEDS_REASON = ("manual", "backfill")
WRITTEN_BY_PEOPLE = (*NEEDS_REASON, "cli")


def quarter(text: str) -> Period:
    """The quarter of this name; UsageError where there is none."""
    try:
        return Period.quarter(text)
    except UsageError:
        raise UsageError(f"没有“{text}”这个季度。", "季度写作 2026Q3：四位年份加 Q1 至 Q4。") from None


def check(ctx: Context, at: datetime) -> None:
    """UsageError where the run that is asked for may not be: no reason or one with a person's number, a quarter out of
    time, or one that is closed.

    A quarter that a post has closed is run by its schedule only; whoever wants more asks that post to open it again.
    """
    asked = ctx.asked
    said = written.reason(asked.reason) if asked and asked.kind in WRITTEN_BY_PEOPLE else ""
    if asked and asked.kind in NEEDS_REASON and not said:
        raise UsageError(
            f"{runs.KINDS[asked.kind]}必须写明原因，运行没有开始。",
            '请填写参数 reason，例如 {"reason": "补报民政数据"}：界面的“原因”、trigger --conf、backfill --dag-run-conf 或 REST 的 conf。',
        )
    if problem := _out_of_time(ctx, at):
        raise UsageError(problem, "请检查季度是否写错。")
    if asked and asked.kind != "scheduled" and (why := closed(ctx, ctx.period, at)):
        raise UsageError(why, f"确需运行的，请其重新开放：courtyard reopen {ctx.period} --reason 原因。")


def closed(ctx: Context, period: Period, at: datetime) -> str:
    """Who closed a quarter, when and why; empty where no post has."""
    with ctx.engine().connect() as connection:
        lock = locks.lock_of(connection, ctx, period, at)
    return f"{lock.why}。" if lock.state == "closed" else ""


def _out_of_time(ctx: Context, at: datetime) -> str:
    first = ctx.district.office.first_quarter
    if ctx.period < Period.quarter(first):
        return f"{ctx.period} 早于本街道的首个季度 {first}，没有数据。"
    # the sample street may live ahead of the calendar
    if ctx.period.start_at > at and not (ctx.settings.sample / "inbox" / str(ctx.period)).exists():
        return f"{ctx.period} 还没有开始，{ctx.period.start}起才能运行。"
    return ""
