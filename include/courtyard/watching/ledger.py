"""The ledger of alerts: what is wrong, since when, what was told of it, and when it was well again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, text, update

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.district.watch import AlertKind
from courtyard.district.working_time import Span, WorkingTime
from courtyard.store.tables import alert
from courtyard.watching.cause import Cause, in_order, left_of

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('watch.alert/' || :street, 0))")


def lock(connection: Connection, ctx: Context) -> None:
    """One writer of a street's alerts at a time: ten mapped tasks that fail at once are one alert."""
    connection.execute(_LOCK, {"street": ctx.street_code})


def see(connection: Connection, ctx: Context, causes: Iterable[Cause], at: datetime, *, whole: bool) -> list[Row]:
    """Enter that causes were seen, in the caller's transaction; returns the open alerts that are to be told now.

    With `whole` a cause names all periods for which it is so, else one more of them.
    """
    tell = []
    for cause in causes:
        row = _seen(connection, ctx, cause, at, whole)
        ended = _last_recovery(connection, ctx, cause.key)
        if row.told_at and row.kind in ctx.district.watch.alerts.told_once:
            continue
        if is_told_now(ctx.district, since=row.since, told_at=row.told_at, well_at=ended, at=at):
            tell.append(row)
    return tell


def is_told_now(
    district: District, *, since: datetime, told_at: datetime | None, well_at: datetime | None, at: datetime
) -> bool:
    """Whether an alert that has lasted since then is told at a moment; `well_at` is when the cause was last well before."""
    rules, time = district.watch.alerts, WorkingTime(district.office.calendar)
    if told_at is not None:
        return at >= time.after(told_at, Span.parse(rules.repeat_after))
    settled = Span.parse(rules.settled_after)
    has_been_well = well_at is None or since >= time.after(well_at, settled)
    return has_been_well or at >= time.after(since, settled)


def mark_told(connection: Connection, rows: Iterable[Row], at: datetime) -> None:
    """Somebody is told of these now."""
    for row in rows:
        told = {"told_at": at, "times_told": alert.c.times_told + 1}
        connection.execute(update(alert).where(alert.c.alert_id == row.alert_id).values(told))


def well(connection: Connection, ctx: Context, key: str, period: str, at: datetime) -> list[Row]:
    """Something works again, for a period or (empty) for all; returns the alerts that are over."""
    over = []
    for row in connection.execute(_open(ctx).where(alert.c.cause == key)).all():
        left = left_of(row.periods, period) if period else []
        if left and left != row.periods:
            connection.execute(update(alert).where(alert.c.alert_id == row.alert_id).values(periods=left))
        if not left:
            over.append(row)
    end(connection, over, at)
    return over


def end(connection: Connection, rows: Iterable[Row], at: datetime) -> None:
    """These are over."""
    for row in rows:
        connection.execute(update(alert).where(alert.c.alert_id == row.alert_id).values(recovered_at=at))


def open_ones(connection: Connection, ctx: Context, kinds: Collection[AlertKind] | None = None) -> list[Row]:
    """What is wrong now, oldest first; only of some kinds when they are given."""
    query = _open(ctx).order_by(alert.c.since, alert.c.alert_id)
    return list(connection.execute(query.where(alert.c.kind.in_(kinds)) if kinds is not None else query))


def all_of(connection: Connection, ctx: Context) -> list[Row]:
    """Everything that was ever wrong, newest first."""
    query = select(alert).where(alert.c.street_code == ctx.street_code)
    return list(connection.execute(query.order_by(alert.c.since.desc(), alert.c.alert_id.desc())))


def forget_before(connection: Connection, ctx: Context, at: datetime, kept: timedelta) -> None:
    """Alerts that have been over for long are forgotten."""
    gone = (alert.c.street_code == ctx.street_code, alert.c.recovered_at < at - kept)
    connection.execute(alert.delete().where(*gone))


def _open(ctx: Context) -> Select[Any]:
    return select(alert).where(alert.c.street_code == ctx.street_code, alert.c.recovered_at.is_(None))


def _seen(connection: Connection, ctx: Context, cause: Cause, at: datetime, whole: bool) -> Row:
    """The open alert of a cause, entered or brought up to date."""
    said = {"place": cause.place, "what": cause.what, "remedy": cause.remedy, "last_seen_at": at}
    known = connection.execute(_open(ctx).where(alert.c.cause == cause.key)).one_or_none()
    if known is None:
        new = {"street_code": ctx.street_code, "cause": cause.key, "kind": cause.kind, "source": cause.source}
        new |= {"unit_code": cause.unit_code, "periods": list(cause.periods), "since": at, **said}
        return connection.execute(insert(alert).values(new).returning(alert)).one()
    periods = list(cause.periods) if whole else in_order({*known.periods, *cause.periods})
    changed = {**said, "periods": periods, "times": alert.c.times + 1}
    return connection.execute(
        update(alert).where(alert.c.alert_id == known.alert_id).values(changed).returning(alert)
    ).one()


def _last_recovery(connection: Connection, ctx: Context, key: str) -> datetime | None:
    query = select(alert.c.recovered_at).where(
        alert.c.street_code == ctx.street_code, alert.c.cause == key, alert.c.recovered_at.is_not(None)
    )
    return connection.scalar(query.order_by(alert.c.recovered_at.desc()).limit(1))
