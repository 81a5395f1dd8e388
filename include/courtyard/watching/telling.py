"""Alerts as notices: what was found together is told together, once, to who is to hear of its kind."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row

from courtyard import notices
from courtyard.context import Context
from courtyard.district.models import Contact
from courtyard.notices import Notice
from courtyard.period import SHANGHAI
from courtyard.watching.cause import TITLES, named

MOST_SHOWN = 10  # of the alerts in one message; the count is always given
_ALL = "全部告警：courtyard alerts"


def alerts(ctx: Context, rows: Sequence[Row], at: datetime) -> list[Notice]:
    """One notice a kind and address for alerts that are told now."""
    return _told(ctx, rows, at, over=False)


def recoveries(ctx: Context, rows: Sequence[Row], at: datetime) -> list[Notice]:
    """The same for alerts that are over."""
    return _told(ctx, rows, at, over=True)


def _told(ctx: Context, rows: Sequence[Row], at: datetime, *, over: bool) -> list[Notice]:
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    made: list[Notice] = []
    for kind, found in by_kind.items():
        body = [words(row, over=over) for row in found[:MOST_SHOWN]]
        body += [f"等 {len(found)} 项。"] if len(found) > MOST_SHOWN else []
        # Named by what is told and how often it was told: another try of the same transaction is the same notice.
        told = ",".join(f"{row.alert_id}.{row.times_told}" for row in found)
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        made += notices.addressed(
            ctx.district,
            receivers(ctx, kind, at),
            cause=f"alert/{kind}/{digest}/{'over' if over else 'told'}",
            subject=subject(ctx, found, over=over),
            body="\n\n".join([*body, _ALL]),
            queued_at=at,
        )
    return made


def subject(ctx: Context, rows: Sequence[Row], *, over: bool) -> str:
    """The line that is read in a list of mails."""
    title = f"【{'已恢复' if over else '告警'}】{TITLES[rows[0].kind]}"
    if len(rows) > 1:
        return f"{title}：{ctx.district.office.short_name} {len(rows)} 项"
    place, period = rows[0].place, named(rows[0].periods)
    return f"{title}：{place}" + (f" {period}" if period and period not in place else "")


def words(row: Row, *, over: bool) -> str:
    """One alert, a line for each thing that a reader looks for."""
    since = f"{row.since.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    lines = [f"■ {row.place}"]
    if row.periods:
        lines.append(f"期别：{named(row.periods)}")
    if over:
        return "\n".join([*lines, f"已恢复正常。自 {since} 起曾有：{row.what}"])
    seen = f"（已见 {row.times} 次）" if row.times > 1 else ""
    return "\n".join([*lines, f"原因：{row.what}", f"处理：{row.remedy}", f"始于：{since}{seen}"])


def receivers(ctx: Context, kind: str, at: datetime) -> tuple[Contact, ...]:
    """The contacts of the units that hear of a kind; the street's unless the pack names others."""
    units = ctx.district.watch.alerts.receivers.get(kind) or (ctx.street_code,)
    day = at.astimezone(SHANGHAI).date()
    found = [contact for unit in units for contact in notices.contacts_of(ctx.district, unit, day)]
    return tuple({(contact.channel, contact.address): contact for contact in found}.values())
