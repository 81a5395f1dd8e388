"""The parsing stage: the quarter's deliveries into `staging.row`, `quality.batch` and `quality.finding`."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Connection, Row, select, text

from courtyard import landing
from courtyard.context import Context
from courtyard.district.models import Contract
from courtyard.parsing import reading
from courtyard.parsing.intake import Intake, Load
from courtyard.parsing.sandbox import Closed, Opened, Rows, Sandbox, Task, Unopened
from courtyard.period import Kind, Period
from courtyard.progress import Progress
from courtyard.store import lease
from courtyard.store.tables import batch, delivery

log = logging.getLogger(__name__)

LARGE_BYTES = 2 * 1024 * 1024  # such a delivery has a transaction of its own
GROUPED = 25  # small deliveries that share one
GROUPED_ROWS = 20_000

_SUPERSEDE = text("""
UPDATE quality.batch b
   SET status = 'superseded', superseded = b.landed, reason = '同一来源、同一期已有更新的报送'
  FROM landing.delivery d
 WHERE d.delivery_id = b.delivery_id AND b.status = 'parsed' AND b.street_code = :street
   AND d.period = ANY(:periods) AND d.source <> ALL(:submitted) AND b.dataset <> ALL(:deltas)
   AND EXISTS (
       SELECT FROM quality.batch o JOIN landing.delivery n ON n.delivery_id = o.delivery_id
        WHERE o.street_code = b.street_code AND o.dataset = b.dataset AND o.period = b.period
          AND o.unit_code IS NOT DISTINCT FROM b.unit_code
          AND n.source = d.source AND o.delivery_id <> b.delivery_id
          AND o.status <> 'rejected' AND (n.version_at, n.seq) > (d.version_at, d.seq))
RETURNING b.batch_id
""")
_LOST = text("""
DELETE FROM quality.batch b USING landing.delivery d
 WHERE d.delivery_id = b.delivery_id AND b.street_code = :street AND coalesce(b.came_for, d.period) = ANY(:periods)
   AND b.status IN ('parsed', 'validated', 'linked', 'held') AND b.landed > 0
   AND NOT EXISTS (SELECT FROM staging.row r WHERE r.batch_id = b.batch_id)
RETURNING b.batch_id
""")
_FORGET = text("DELETE FROM staging.row WHERE batch_id = ANY(:ids)")


@dataclass(frozen=True)
class _Delivery:
    """A delivery with the contracts it has not been parsed for."""

    row: Row
    contracts: tuple[Contract, ...]


def parse(ctx: Context) -> dict[str, Any]:
    """Parse what landed for the quarter and has no batch yet.

    One delivery, or a group of small ones, is one transaction; a file that cannot be read becomes
    rejected batches and stops nothing. Returns counts: deliveries, batches by status, rows, findings,
    and the ids of deliveries whose landed bytes could not be opened. Raises LeaseLost.
    """
    _forget_lost(ctx)
    waiting = _waiting(ctx)
    counts: Counter[str] = Counter()
    damaged = _parse_all(ctx, waiting, counts) if waiting else []
    superseded = _supersede(ctx)
    counts["parsed"] -= superseded
    return {
        "deliveries": len(waiting),
        "batches": {name: counts[name] for name in ("parsed", "rejected")} | {"superseded": superseded},
        "rows": counts["rows"],
        "findings": counts["findings"],
        "unopened": damaged,
    }


def parse_again(ctx: Context, deliveries: Sequence[str]) -> int:
    """Parse these deliveries, whatever quarter they first came for, as far as they have no batch; returns how many."""
    waiting = _waiting(ctx, deliveries)
    damaged = _parse_all(ctx, waiting, Counter()) if waiting else []
    return len(waiting) - len(damaged)


def _periods(quarter: Period) -> list[str]:
    return [str(part) for kind in get_args(Kind) for part in quarter.parts(kind)]


def _forget_lost(ctx: Context) -> None:
    """Drop batches whose staged rows a crash of the server emptied (staging is unlogged): they are parsed again."""
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        lost = connection.scalars(_LOST, {"street": ctx.street_code, "periods": _periods(ctx.period)}).all()
    if lost:
        log.warning("%d 个批次的暂存行因数据库重启丢失，从落地的原件重新解析。", len(lost))


def _waiting(ctx: Context, only: Sequence[str] | None = None) -> list[_Delivery]:
    """Deliveries of the quarter (or only some) without a batch for some contract's version.

    The largest first: they take longest.
    """
    wanted = delivery.c.period.in_(_periods(ctx.period)) if only is None else delivery.c.delivery_id.in_(only)
    query = select(delivery).where(delivery.c.street_code == ctx.street_code, wanted)
    with ctx.engine().connect() as connection:
        known = set(connection.scalars(select(batch.c.batch_id).where(batch.c.street_code == ctx.street_code)))
        rows = connection.execute(query.order_by(delivery.c.size_bytes.desc(), delivery.c.seq)).all()
    found = []
    for row in rows:
        source = ctx.district.sources.get(row.source)
        contracts = [ctx.district.contracts[dataset] for dataset in (source.datasets if source else ())]
        missing = tuple(c for c in contracts if batch_id(row.delivery_id, c) not in known)
        if missing:
            found.append(_Delivery(row, missing))
    return found


def batch_id(delivery_id: str, contract: Contract) -> str:
    """One validation of one delivery under one version of a contract."""
    return f"{delivery_id}/{contract.dataset}/v{contract.version}"


def _tasks(ctx: Context, waiting: list[_Delivery]) -> Iterator[Task]:
    codes = {name: listed.values for name, listed in ctx.district.codes.items()}
    for item in waiting:
        as_of = Period.parse(item.row.period).last_day
        job = reading.job_for(item.contracts, codes, as_of)
        yield Task(item.row.delivery_id, job, lambda row=item.row: landing.open_delivery(ctx, row))


def _parse_all(ctx: Context, waiting: list[_Delivery], counts: Counter[str]) -> list[str]:
    """Drive the sandbox; returns the ids of deliveries whose bytes could not be opened."""
    run = _Run(ctx, waiting, counts)
    damaged: list[str] = []
    progress = Progress(log, "解析", len(waiting), "份")
    try:
        with Sandbox() as sandbox:
            for event in sandbox.run(_tasks(ctx, waiting)):
                match event:
                    case Opened():
                        run.opened(event)
                    case Rows():
                        run.rows(event)
                    case Closed():
                        run.closed(event)
                        progress.step()
                    case Unopened(key=key, error=error):
                        log.warning("%s", error)
                        damaged.append(key)
                        progress.step()
            run.shared.commit()
    finally:
        run.abandon()
    return damaged


class _Run:
    """Where each delivery's tables go: a large one into a load of its own as it comes, small ones into a shared one."""

    def __init__(self, ctx: Context, waiting: list[_Delivery], counts: Counter[str]) -> None:
        self.shared = Load(ctx, counts)
        self._own = {item.row.delivery_id: Load(ctx, counts) for item in waiting if item.row.size_bytes >= LARGE_BYTES}
        self._intakes = {item.row.delivery_id: Intake(ctx, item.row, item.contracts) for item in waiting}

    def opened(self, event: Opened) -> None:
        self._intakes[event.key].open(event.tables)

    def rows(self, event: Rows) -> None:
        intake = self._intakes[event.key]
        rows = intake.rows(event.table, event.block)
        if event.key in self._own:
            self._own[event.key].write(rows)
        else:
            intake.keep(rows)

    def closed(self, event: Closed) -> None:
        """All of a file came, or it was refused on the way: then nothing of it stays but the refusal."""
        intake = self._intakes.pop(event.key)
        load = self._own.get(event.key, self.shared)
        if event.code:
            intake.refuse(event.code, event.detail)
            if load is not self.shared:
                load.abandon()
        load.add(intake)
        if load is not self.shared or load.deliveries >= GROUPED or load.rows >= GROUPED_ROWS:
            load.commit()

    def abandon(self) -> None:
        for load in (self.shared, *self._own.values()):
            load.abandon()


def _supersede(ctx: Context) -> int:
    """Batches that a newer delivery of the same source, unit and period replaces; a refused one replaces none.

    What units hand in themselves is left to `submissions.admit`, which tells a correction from a duplicate.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        return len(_replaced(connection, ctx))


def _replaced(connection: Connection, ctx: Context) -> list[str]:
    submitted = [source.source for source in ctx.district.sources.values() if source.is_submitted]
    deltas = [
        c.dataset for c in ctx.district.contracts.values() if c.listing == "delta"
    ]  # each stands beside the others
    values = {"street": ctx.street_code, "periods": _periods(ctx.period), "submitted": submitted, "deltas": deltas}
    ids = list(connection.scalars(_SUPERSEDE, values))
    if ids:
        connection.execute(_FORGET, {"ids": ids})
    return ids
