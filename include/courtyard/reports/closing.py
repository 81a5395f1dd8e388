"""Periods of a report that the office has closed: no new revision, whatever comes; a closing always says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, text

from courtyard.context import Context
from courtyard.desk.deciding import Signed
from courtyard.errors import HeldError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.reports.changes import KINDS, Entry
from courtyard.store.tables import closing

if TYPE_CHECKING:
    from courtyard.reports.job import Job

LONGEST_REASON = 200
_COLUMNS_NAMED = 6
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)")


@dataclass(frozen=True)
class Closing:
    """Who closed a report's period, why and since when (Shanghai's day)."""

    actor: str
    reason: str
    since: date


def of(connection: Connection, street_code: str, report: str, period: str) -> Closing | None:
    """The closing that holds, or None while the period is open."""
    entries = closing.c
    query = select(closing).where(
        entries.street_code == street_code, entries.report == report, entries.period == period
    )
    newest = connection.execute(query.order_by(entries.closing_id.desc()).limit(1)).one_or_none()
    if newest is None or not newest.is_closed:
        return None
    return Closing(newest.actor, newest.reason, newest.at.astimezone(SHANGHAI).date())


def guard(job: Job, entries: Sequence[Entry]) -> None:
    """HeldError where the period is closed: why, whom to ask, and what the new revision would change."""
    found = of(job.connection, *job.where.values())
    if found is None:
        return
    raise HeldError(
        f"{job.period.title}《{job.spec.title}》已由{found.actor}于{found.since}关闭，不再出新版：{found.reason}。"
        f"数据已有变动，{_would_change(entries)}。",
        f"需要更正的，请联系{found.actor}重新开放：courtyard reopen-report {job.spec.report} {job.period}。",
    )


def _would_change(entries: Sequence[Entry]) -> str:
    """Which columns and how many rows: no value, since holds stand where everybody may read them."""
    if not entries:
        return "应出第1版"
    kinds = Counter(entry.change.kind for entry in entries)
    headers = Counter(entry.change.header for entry in entries if entry.change.kind == "cell")
    told = [f"“{header}”{count}处" for header, count in headers.most_common(_COLUMNS_NAMED)]
    if len(headers) > _COLUMNS_NAMED:
        told.append(f"其他{len(headers) - _COLUMNS_NAMED}栏")
    told += [f"{title}{kinds[kind]}处" for kind, title in KINDS.items() if kinds[kind] and kind != "cell"]
    return "将改动" + "、".join(told)


def close(ctx: Context, report: str, period: str, signed: Signed) -> dict[str, Any]:
    """Close a report's period to new revisions. UsageError without a reason, for no post, or when it is closed."""
    return _enter(ctx, report, period, True, signed)


def reopen(ctx: Context, report: str, period: str, signed: Signed) -> dict[str, Any]:
    """Open it again: the next run publishes what was held. UsageError when it is not closed."""
    return _enter(ctx, report, period, False, signed)


def _enter(ctx: Context, report: str, period: str, is_closed: bool, signed: Signed) -> dict[str, Any]:
    signed.checked(ctx)
    reason = signed.reason.strip()
    if len(reason) > LONGEST_REASON:
        raise UsageError("原因太长。", f"请用一句话说明，不超过{LONGEST_REASON}字。")
    spec, of_period = ctx.district.reports.get(report), str(Period.parse(period))
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    where = {"street_code": ctx.street_code, "report": report, "period": of_period}
    with ctx.engine("publisher").begin() as connection:
        if (of(connection, **where) is not None) == is_closed:
            state = "已经关闭" if is_closed else "没有关闭"
            raise UsageError(f"{Period.parse(period).title}《{spec.title}》{state}。", "不需要再做一次。")
        entry = {**where, "is_closed": is_closed, "reason": reason, "actor": signed.post, "at": signed.at}
        connection.execute(insert(closing).values(**entry))
        action = "close report" if is_closed else "reopen report"
        said = f"{of_period}/{report}: {reason}"
        connection.execute(_AUDIT, {"at": signed.at, "actor": signed.post, "action": action, "object": said})
    return {**where, "title": spec.title, "is_closed": is_closed, "post": signed.post, "reason": reason}
