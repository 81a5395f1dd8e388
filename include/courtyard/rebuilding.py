"""A warehouse built anew from landed bytes, into a database of its own: the proof that nothing else is needed.

The ledger of landing and what posts decided are copied; everything else is made again by the stages. The
warehouse that is copied from, the folders of the installation and its publications stay as they are.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Row, Table, insert, make_url, select

from courtyard import stages
from courtyard.context import Context
from courtyard.errors import CourtyardError, UsageError
from courtyard.period import Period
from courtyard.runtime import postgres
from courtyard.settings import Settings
from courtyard.store import database
from courtyard.store.tables import delivery, fetch, period_lock, receipt, release
from courtyard.warehouse.hashing import content_hash

STAGES = ("open", "parse", "admit", "validate", "link", "merge", "archive")
LOTS = 2
"""Shuffled receipts come in as many lots; of each lot a quarter is run once."""


@dataclass(frozen=True)
class Rebuilt:
    """`current` and `full` are the content hashes; `runs` the quarters in the order in which they ran."""

    url: str
    deliveries: int
    runs: tuple[str, ...]
    current: str
    full: str


def rebuild(
    settings: Settings,
    into: str,
    *,
    quarters: Sequence[str] = (),
    seed: int | None = None,
    lots: int = LOTS,
    progress: Callable[[str], None] = lambda line: None,
) -> Rebuilt:
    """Rebuild into the database `into`, a name on the warehouse's server or a URL, which must hold no deliveries.

    Deliveries are handed over as they were received, or shuffled by `seed`. `quarters` names those whose
    deliveries count, all by default. Raises UsageError where the target is the warehouse itself or not empty.
    """
    live = stages.warehouse_url(settings)
    target = _target(live, into)
    chosen = {str(Period.quarter(quarter)) for quarter in quarters}
    with tempfile.TemporaryDirectory(prefix="courtyard-rebuild-") as folder:
        ctx = _context(settings, target, Path(folder))
        arrivals = [r for r in _arrivals(database.engine(live), ctx.street_code) if not chosen or _quarter(r) in chosen]
        _copy_decided(database.engine(live), ctx.engine(), ctx.street_code)
        runs = []
        for quarter, lot in _lots(arrivals, seed, lots):
            progress(f"{quarter}: {len(lot)}")
            _hand_over(database.engine(live), ctx.engine(), lot)
            for step, result in stages.run_steps(replace(ctx, period=Period.parse(quarter)), STAGES):
                if isinstance(result, CourtyardError):
                    raise CourtyardError(f"{quarter} {step}: {result}")
            runs.append(quarter)
    engine = database.engine(target)
    deliveries = len({row.delivery_id for row in arrivals})
    return Rebuilt(target, deliveries, tuple(runs), content_hash(engine), content_hash(engine, full=True))


def _target(live: str, into: str) -> str:
    """The migrated, empty database to build in."""
    url = make_url(into) if "://" in into else make_url(live).set(database=into)
    if _place(url) == _place(make_url(live)):
        raise UsageError("目标就是现在的数据仓库。", "请用 --into 指定另一个数据库。")
    found = url.render_as_string(hide_password=False)
    if "://" not in into:
        postgres.ensure_database(live, into)
    database.migrate(found)
    with database.engine(found).connect() as connection:
        if connection.scalar(select(delivery.c.seq).limit(1)) is not None:
            raise UsageError(
                f"数据库 {url.database} 里已有数据。", "重建要在空的数据库中进行，请用 --into 指定另一个。"
            )
    return found


def _place(url: URL) -> tuple[object, ...]:
    return url.host, url.port, url.database, url.query


def _context(settings: Settings, target: str, folder: Path) -> Context:
    """Stages read the landed bytes where they lie, and write what they write into a folder that is thrown away."""
    (folder / "landing").symlink_to(settings.landing, target_is_directory=True)
    return stages.context("2000Q1", holder="rebuild", settings=replace(settings, var=folder, warehouse_url=target))


def _arrivals(live: Engine, street: str) -> list[Row]:
    ours = (
        select(receipt)
        .join(delivery, delivery.c.delivery_id == receipt.c.delivery_id)
        .where(delivery.c.street_code == street)
    )
    with live.connect() as connection:
        return list(connection.execute(ours.order_by(receipt.c.receipt_id)))


def _quarter(arrival: Row) -> str:
    return str(Period.of("quarter", Period.parse(arrival.period).last_day))


def _lots(arrivals: Sequence[Row], seed: int | None, lots: int) -> Iterator[tuple[str, list[Row]]]:
    """As received: whatever came for one quarter in a row is one run. Shuffled: some of all quarters at a time."""
    if seed is None:
        yield from ((quarter, list(rows)) for quarter, rows in groupby(arrivals, _quarter))
        return
    draw = random.Random(seed)
    shuffled = draw.sample(list(arrivals), len(arrivals))
    size = -(-len(shuffled) // lots) or 1
    for start in range(0, len(shuffled), size):
        lot = shuffled[start : start + size]
        for quarter in dict.fromkeys(map(_quarter, lot)):
            yield quarter, [row for row in lot if _quarter(row) == quarter]


def _copy_decided(live: Engine, target: Engine, street: str) -> None:
    """What was asked of the sources, and what posts decided about quarters and held batches."""
    with live.connect() as source, target.begin() as connection:
        for table in (fetch, period_lock, release):
            _insert(
                connection, table, source.execute(select(table).where(table.c.street_code == street)).mappings().all()
            )


def _hand_over(live: Engine, target: Engine, lot: Sequence[Row]) -> None:
    """Enter arrivals in this order: bytes with their own times, numbered as they come."""
    ids = list(dict.fromkeys(row.delivery_id for row in lot))
    with live.connect() as source, target.begin() as connection:
        known = set(connection.scalars(select(delivery.c.delivery_id).where(delivery.c.delivery_id.in_(ids))))
        found = source.execute(select(delivery).where(delivery.c.delivery_id.in_(ids))).mappings()
        rows = {row["delivery_id"]: {name: row[name] for name in row if name != "seq"} for row in found}
        for delivery_id in ids:
            if delivery_id not in known:
                connection.execute(insert(delivery).values(rows[delivery_id]))
        arrivals = [{k: v for k, v in row._mapping.items() if k != "receipt_id"} for row in lot]
        _insert(connection, receipt, arrivals)


def _insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])
