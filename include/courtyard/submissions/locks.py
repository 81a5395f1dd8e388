"""Whether a quarter takes submissions: the calendar, unless a post has closed it by hand; a lock always says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, text

from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import written
from courtyard.store import lease
from courtyard.store.tables import period_lock
from courtyard.submissions.cycle import STATE_TITLES, Cycle, State

LONGEST_REASON = 200
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)")
# What was refused because the quarter was closed is read and decided again once it is open.
_READ_AGAIN = text("""
DELETE FROM quality.batch b USING submissions.submission s
 WHERE s.delivery_id = b.delivery_id AND s.street_code = :street AND s.period = :period
   AND s.code = 'submission.closed' AND b.status = 'rejected'
   AND NOT EXISTS (SELECT FROM submissions.submission o
                    WHERE o.delivery_id = s.delivery_id AND o.kind <> 'misdirected')
""")
_DECIDE_AGAIN = text("""
DELETE FROM submissions.submission WHERE street_code = :street AND period = :period AND code = 'submission.closed'
""")
TITLES = {**STATE_TITLES, "closed": "已关闭"}


@dataclass(frozen=True)
class Lock:
    """Whether a quarter takes submissions on a day. `since` and `until` are inclusive, None where open-ended."""

    state: State | Literal["closed"]
    why: str
    since: date | None
    until: date | None
    remedy: str

    @property
    def takes(self) -> bool:
        """Whether a submission is looked at; one after the freeze is, as a restatement."""
        return self.state not in ("not_open", "closed")

    @property
    def title(self) -> str:
        return TITLES[self.state]


def lock_of(connection: Connection, ctx: Context, period: Period, on: date | datetime) -> Lock:
    """The lock of a quarter on a day, or at a moment when one is given; closed by hand comes before the calendar."""
    at = on if isinstance(on, datetime) else None
    day = at.astimezone(SHANGHAI).date() if at else on
    entry = _newest(connection, ctx.street_code, period, at, day)
    return _lock(Cycle.of(period, ctx.district.office.grid_cycle), day, entry, ctx.district.office.preparer)


def _lock(cycle: Cycle, day: date, entry: Row | None, whom: str) -> Lock:
    if entry is not None and entry.is_closed:
        since = entry.at.astimezone(SHANGHAI).date()
        why = f"{cycle.period.title}已由{entry.actor}于{since}关闭：{entry.reason}"
        return Lock("closed", why, since, None, f"如需补报，请联系{whom}重新开放后再报送")
    state = cycle.state_on(day)
    return Lock(state, cycle.why(day), *cycle.span(state), cycle.remedy(day))


def _newest(connection: Connection, street: str, period: Period, at: datetime | None, day: date) -> Row | None:
    """The newest entry made by then; of a day, by its end."""
    query = (
        select(period_lock)
        .where(period_lock.c.street_code == street, period_lock.c.period == str(period))
        .order_by(period_lock.c.lock_id.desc())
    )
    for entry in connection.execute(query):
        if entry.at <= at if at else entry.at.astimezone(SHANGHAI).date() <= day:
            return entry
    return None


def closed_against(connection: Connection, ctx: Context, period: Period, received_at: datetime) -> Lock | None:
    """The lock that keeps out what was received then: closed before, and not reopened since."""
    query = select(period_lock).where(period_lock.c.street_code == ctx.street_code, period_lock.c.period == str(period))
    newest = connection.execute(query.order_by(period_lock.c.lock_id.desc()).limit(1)).one_or_none()
    if newest is None or not newest.is_closed or received_at < newest.at:
        return None
    return lock_of(connection, ctx, period, received_at)


def close(ctx: Context, reason: str, actor: str, at: datetime) -> Lock:
    """Close the quarter to submissions; `actor` is a post. UsageError without a reason or when it is closed."""
    return _enter(ctx, True, reason, actor, at)


def reopen(ctx: Context, reason: str, actor: str, at: datetime) -> Lock:
    """Give the quarter back to its calendar; UsageError without a reason or when nobody closed it.

    What came meanwhile and was refused for it is decided anew by the next run.
    """
    return _enter(ctx, False, reason, actor, at)


def _enter(ctx: Context, is_closed: bool, reason: str, actor: str, at: datetime) -> Lock:
    reason = written.reason(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise UsageError("关闭或重新开放一个季度必须写明原因。", f"请用一句话说明，不超过{LONGEST_REASON}字。")
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        was_closed = lock_of(connection, ctx, ctx.period, at).state == "closed"
        if was_closed == is_closed:
            state = "已经关闭" if is_closed else "没有关闭"
            raise UsageError(f"{ctx.period.title}{state}。", f"用 courtyard cycle {ctx.period} 查看它的状态。")
        values: dict[str, Any] = {"street_code": ctx.street_code, "period": str(ctx.period), "is_closed": is_closed}
        connection.execute(insert(period_lock).values(**values, reason=reason, actor=actor, at=at))
        if not is_closed:
            for step in (_READ_AGAIN, _DECIDE_AGAIN):
                connection.execute(step, {"street": ctx.street_code, "period": str(ctx.period)})
        connection.execute(
            _AUDIT,
            {
                "at": at,
                "actor": actor,
                "action": "close period" if is_closed else "reopen period",
                "object": f"{ctx.street_code}/{ctx.period}: {reason}",
            },
        )
        return lock_of(connection, ctx, ctx.period, at)
