"""Deliveries that came before a decision end as if they had come after it.

A row set aside for its address is kept with that address, sealed. When the register or the decisions about spellings
change, those addresses are read once more, and those of rows that were kept in doubt. Batches in which something is
understood now that was not, or lies elsewhere, are taken back and read again from their landed bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from courtyard import landing
from courtyard.context import Context
from courtyard.errors import CourtyardError
from courtyard.identity import decisions, learning, places
from courtyard.identity.addresses import Gazetteer
from courtyard.period import Kind, Period
from courtyard.store import lease, statements

log = logging.getLogger(__name__)

_SQL = statements.load("courtyard.identity", "reopening.sql")
_KINDS: tuple[Kind, ...] = ("year", "half", "quarter", "month", "week")


def reopen(ctx: Context) -> int:
    """Take back what reads otherwise now, read it again and validate it; returns how many batches.

    Several transactions under the lease: what one run leaves undone the next one does. Raises LeaseLost.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_SQL["one_at_a_time"], {"street": ctx.street_code})
        places.open_batches(connection, ctx)
        decisions.take(connection, ctx)
        print_now = learning.fingerprint(connection, ctx)
        names = {"street": ctx.street_code, "fingerprint": print_now}
        if connection.scalar(_SQL["known"], names) != print_now:
            _take_back(connection, ctx)
            connection.execute(_SQL["note"], names)
        waiting = connection.scalars(_SQL["waiting"], names).all()
    return _read_again(ctx, waiting) if waiting else 0


def _take_back(connection: Connection, ctx: Context) -> None:
    """Drop the batches in which an address means something else now, as far as their bytes can still be read."""
    changed = sorted(_changed(connection, ctx))
    found = connection.execute(_SQL["deliveries"], {"batches": changed}).all()
    readable = [delivery.delivery_id for delivery in found if _opens(ctx, delivery)]
    persons = [c for c in ctx.district.contracts.values() if c.subject == "person"]
    names: dict[str, Any] = {
        "street": ctx.street_code,
        "batches": changed,
        "deliveries": readable,
        "datasets": [c.dataset for c in persons],
        "names": [c.role("name") or "" for c in persons],
        "phones": [c.role("phone") or "" for c in persons],
        "period_datasets": [c.dataset for c in persons if c.grain == "period"],
    }
    if readable:
        for step in ("take_back", "make_said", "forget_evidence", "postdate_evidence", "drop_batches"):
            connection.execute(_SQL[step], names)


def _opens(ctx: Context, delivery: Any) -> bool:
    """Whether its bytes are still there: a batch whose bytes are gone stays as it is."""
    try:
        landing.open_delivery(ctx, delivery)
    except CourtyardError as error:
        log.warning("%s", error)
        return False
    return True


def _changed(connection: Connection, ctx: Context) -> set[str]:
    """The batches with a row that would come in now, or come to another place."""
    gazetteer, ring = learning.gazetteer(connection, ctx), ctx.keys
    asked = {"street": ctx.street_code, "changed": sorted(ctx.district.history.changed)}
    found = set()
    for batch_id, sheet, row_no, sealed, period in connection.execute(_SQL["set_aside"], asked):
        address = ring.open(sealed, places.subject(batch_id, sheet, row_no))
        if gazetteer.resolve(address, Period.parse(period).last_day).courtyard_code:
            found.add(batch_id)
    for contract in ctx.district.contracts.values():
        column = contract.role("address") or contract.role("courtyard_name")
        if column:
            rows = connection.execute(_SQL["in_doubt"], {**asked, "dataset": contract.dataset, "address": column})
            found |= _moved(gazetteer, rows)
    return found


def _moved(gazetteer: Gazetteer, rows: Iterable[Any]) -> set[str]:
    """Of (batch, address, place, period) the batches with an address that leads to another place now."""
    found = set()
    for batch_id, address, *place, period in rows:
        now = gazetteer.resolve(address, Period.parse(period).last_day)
        if now.courtyard_code and [*now[:4]] != place:
            found.add(batch_id)
    return found


def _read_again(ctx: Context, deliveries: list[str]) -> int:
    """Parse and validate what was taken back, as this run's; it goes on from here like everything else."""
    from courtyard import validation  # the checks are slow to import, and there is seldom anything to read again
    from courtyard.parsing import stage

    stage.parse_again(ctx, deliveries)
    periods = [str(part) for kind in _KINDS for part in ctx.period.parts(kind)]
    names = {"street": ctx.street_code, "quarter": str(ctx.period), "periods": periods}
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        again = connection.execute(_SQL["put_back"], names).rowcount
    validation.validate(ctx)
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        connection.execute(_SQL["done"], names)
    log.info("地址登记或人工决定有变，%d 个批次重新读取。", again)
    return again
