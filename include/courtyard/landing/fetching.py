"""The stage that asks a source for a quarter and lands what it gives."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.district.models import SourceSpec
from courtyard.errors import CourtyardError, LeaseLost, NotConnected, SourceError, UsageError
from courtyard.landing import ledger, vault
from courtyard.period import Period
from courtyard.sources import georeport
from courtyard.sources.fetched import Fetched, Refused
from courtyard.sources.registry import TRANSPORTS
from courtyard.store import lease

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
MOST_NAMED = 10


def utc_now() -> datetime:
    """The one reading of the real clock: when bytes were received."""
    return datetime.now(UTC)


@dataclass
class _Outcome:
    """What one period of a source gave."""

    new: int = 0
    seen: int = 0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def problem(self) -> str:
        return "；".join(self.problems)


def fetch(ctx: Context, source_id: str, clock: Clock = utc_now) -> dict[str, Any]:
    """Fetch and land each period of the source's cadence that ends in the quarter.

    A period that landed after its end is not asked for again unless `ctx.refetch`; sources that
    collect files are looked at on every run, by each of their channels. Returns `{"source", "landed", "known", "absent",
    "failed", "deliveries"}`: new and earlier deliveries of the quarter, periods without data, and
    the ids. Raises SourceError after all periods were tried when one failed; what landed stays.
    """
    try:
        spec = ctx.district.sources[source_id]
    except KeyError:
        raise UsageError(f"没有名为 {source_id} 的来源。", f"可选：{'、'.join(ctx.district.sources)}。") from None
    engine = ctx.engine()
    landed, absent = 0, 0
    failures: dict[str, list[str]] = {}
    with ledger.source_lock(engine, ctx.street_code, source_id):
        with engine.connect() as connection:
            asked = ledger.fetches(connection, ctx.street_code, source_id)
        for period in ctx.period.parts(spec.cadence):
            landed += _adopt(ctx, spec, period)
            if not is_due(ctx, spec, period, asked.get(str(period))):
                continue
            outcome = _try_period(ctx, spec, period, clock)
            landed += outcome.new
            absent += not (outcome.new or outcome.seen or outcome.problem)
            if outcome.problem:
                failures.setdefault(outcome.problem, []).append(str(period))
    if failures:
        raise SourceError("；".join(f"{'、'.join(periods)}：{problem}" for problem, periods in failures.items()))
    with engine.connect() as connection:
        held = [row.delivery_id for row in ledger.deliveries(connection, ctx.street_code, ctx.period, source_id)]
    return {
        "source": source_id,
        "landed": landed,
        "known": len(held) - landed,
        "absent": absent,
        "failed": 0,
        "deliveries": held,
    }


def is_due(ctx: Context, spec: SourceSpec, period: Period, asked: Row | None) -> bool:
    """Whether a run asks a source for a period: what landed before it ended is not the whole period."""
    if not TRANSPORTS[spec.transport].asks:
        return False
    if ctx.refetch or any(TRANSPORTS[way.transport].collects for way in spec.ways):
        return True
    settled = period.end_at + max(TRANSPORTS[way.transport].settles for way in spec.ways)
    return asked is None or asked.status != "landed" or asked.at < settled


def _try_period(ctx: Context, spec: SourceSpec, period: Period, clock: Clock) -> _Outcome:
    """Fetch and land one period by every way in and record what became of it; no failure of the source escapes.

    A way that is down stops no other, but the period counts as failed until all have been looked at.
    """
    outcome = _Outcome()
    for way in spec.ways:
        try:
            connection = _connection(ctx, way)
            asked, has_landed = _knowing(ctx, way, period)
            outcome.seen += has_landed
            fetched = TRANSPORTS[way.transport].fetch(asked, connection, period, ctx.street_code)
            _land_all(ctx, way, period, fetched, outcome, clock)
        except LeaseLost:
            raise
        except NotConnected as error:
            (outcome.notes if way.optional else outcome.problems).append(str(error))
        except CourtyardError as error:
            outcome.problems.append(f"（{way.connection}）{error}" if spec.channels else str(error))
    if outcome.problem:
        status, reason = "failed", "；".join([*outcome.problems, *outcome.notes])
    elif outcome.new or outcome.seen:
        status, reason = "landed", "；".join(outcome.notes)
    else:
        status, reason = "absent", "；".join(["来源没有这一期的数据", *outcome.notes])
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        ledger.record_fetch(
            connection, ctx.street_code, spec.source, str(period), status=status, reason=reason, at=clock()
        )
    return outcome


def _land_all(
    ctx: Context,
    spec: SourceSpec,
    period: Period,
    fetched: Iterable[Fetched | Refused],
    outcome: _Outcome,
    clock: Clock,
) -> None:
    refused: list[Refused] = []
    for item in fetched:
        if isinstance(item, Refused):
            refused.append(item)
            continue
        if item.problem and item.problem not in outcome.problems:
            outcome.problems.append(item.problem)
        known = _land(ctx, spec, period, item, clock())
        outcome.new += known is None
        outcome.seen += known is not None
        if known is not None and known.period != str(period):
            outcome.notes.append(f"{item.name} 与 {known.period} 的交付完全相同，未重复入账")
    if refused:
        named = "、".join(f"{item.name}（{item.reason}）" for item in refused[:MOST_NAMED])
        outcome.notes.append(f"未收 {len(refused)} 个文件：{named}{'等' if len(refused) > MOST_NAMED else ''}")


def _land(ctx: Context, spec: SourceSpec, period: Period, item: Fetched, received_at: datetime) -> Row | None:
    """Seal and enter one delivery; returns the delivery that already held these bytes, if any.

    A register that did not change is still the register of another period, a delivery of its own. What units
    hand in is one delivery whatever quarter it comes for: the same file again is theirs to explain.
    """
    sha256 = hashlib.sha256(item.data).hexdigest()
    with ctx.engine().begin() as connection:
        known = ledger.find(connection, (ctx.street_code, spec.source), sha256)
        is_held = known is not None
        if is_held and known.period != str(period) and not spec.is_submitted:
            known = ledger.find(connection, (ctx.street_code, spec.source), sha256, str(period))
        if known is not None:
            lease.check(connection, ctx)
            if not vault.is_intact(ctx, known):
                vault.write(ctx.settings, ctx.keys, vault.Header.from_row(known._mapping), item.data)
            arrival = ledger.Arrival(
                known.delivery_id, item.name, str(period), received_at, item.version_at, spec.transport
            )
            if ctx.refetch or not ledger.has_receipt(connection, arrival):
                ledger.record_receipt(connection, arrival)
            return known
        is_anothers = ledger.is_anothers(connection, (ctx.street_code, spec.source), sha256)
    again_for = [ctx.street_code] * is_anothers + [str(period)] * is_held
    delivery = vault.delivery_id(spec.source, sha256, again_for="@".join(again_for))
    header = _header(ctx, spec, period, item, (delivery, sha256), received_at)
    vault.write(ctx.settings, ctx.keys, header, item.data)
    _enter(ctx, header, spec.transport)
    return None


def hand_in(ctx: Context, source_id: str, item: Fetched, clock: Clock = utc_now) -> str:
    """Land bytes that a command of the office makes, for the run's period; returns the delivery's id.

    Equal bytes are the delivery that holds them. The next run of the quarter takes it up like any other.
    """
    spec = ctx.district.sources[source_id]
    with ledger.source_lock(ctx.engine(), ctx.street_code, source_id):
        known = _land(ctx, spec, ctx.period, item, clock())
    with ctx.engine().connect() as connection:
        sha256 = hashlib.sha256(item.data).hexdigest()
        return (known or ledger.find(connection, (ctx.street_code, source_id), sha256)).delivery_id


def _enter(ctx: Context, header: vault.Header, channel: str) -> bool:
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        return ledger.record_delivery(connection, header.row(), channel)


def _header(
    ctx: Context, spec: SourceSpec, period: Period, item: Fetched, named: tuple[str, str], received_at: datetime
) -> vault.Header:
    delivery, sha256 = named
    key_id, wrapped_key = vault.new_key(ctx.keys, delivery)
    return vault.Header(
        delivery_id=delivery,
        street_code=ctx.street_code,
        source=spec.source,
        period=str(period),
        unit_code=item.unit_code,
        name=item.name,
        sha256=sha256,
        size_bytes=len(item.data),
        media_type=item.media_type,
        version_at=item.version_at or received_at,
        received_at=received_at,
        key_id=key_id,
        wrapped_key=wrapped_key,
    )


def _adopt(ctx: Context, spec: SourceSpec, period: Period) -> int:
    """Enter sealed files that a killed run left without a ledger row; drop its half-written ones.

    Called under the source's lock, so no other process is writing here. A damaged file is left
    where it is and never used.
    """
    folder = ctx.settings.landing / ctx.street_code / spec.source / str(period)
    for part in folder.glob(f"*{vault.PART}"):
        part.unlink(missing_ok=True)
    with ctx.engine().connect() as connection:
        rows = ledger.deliveries(connection, ctx.street_code, ctx.period, spec.source)
    entered = {row.sealed_name for row in rows}
    adopted = 0
    for path in sorted(folder.glob(f"*{vault.SUFFIX}")):
        if path.relative_to(ctx.settings.landing).as_posix() in entered:
            continue
        try:
            header = vault.adoptable(ctx.settings, ctx.keys, path)
        except CourtyardError as error:
            log.warning("%s", error)
            continue
        if _enter(ctx, header, spec.transport):
            adopted += 1
        else:
            path.unlink()  # the same bytes were entered for another period meanwhile
    return adopted


def _knowing(ctx: Context, way: SourceSpec, period: Period) -> tuple[SourceSpec, bool]:
    """A way in, told what it has to know for this period; and whether something of it is landed already.

    A mailbox is no folder of a quarter: its mails are those of the quarter's collection. Where a source gives only what is
    new, what is landed says what that is: nothing else remembers, so that nothing is lost or doubled by a run that dies.
    """
    if way.transport == "mail":
        rules = ctx.district.office.grid_cycle
        days = {"since": rules.issued_on(period), "until": rules.issued_on(period.next())}
        return way.model_copy(update={"options": {**way.options, **days}}), False
    if not way.options.get("cursor"):
        return way, False
    with ctx.engine().connect() as connection:
        names = ledger.names(connection, ctx.street_code, way.source, str(period))
    after = max((georeport.last_of(way, period, name) for name in names), default=0)
    has_landed = bool(names) if georeport.resource(way) == georeport.PHOTOS else after > 0
    return way.model_copy(update={"options": {**way.options, "after": after, "landed": names}}), has_landed


def _connection(ctx: Context, spec: SourceSpec) -> Connection:
    connection = ctx.connection(spec.connection)
    if spec.transport == "files" and not connection.path:
        return replace(connection, path=str(ctx.settings.inbox))
    return connection
