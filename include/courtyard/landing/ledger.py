"""The ledger of landing: deliveries, receipts and what was asked of each source for each period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from courtyard.errors import SourceError
from courtyard.period import Kind, Period
from courtyard.store.tables import delivery, receipt
from courtyard.store.tables import fetch as fetch_table

LOCK_SECONDS = 600
_RECORD_FETCH = text("""
INSERT INTO landing.fetch AS known (street_code, source, period, status, reason, at)
VALUES (:street, :source, :period, :status, :reason, :at)
ON CONFLICT (street_code, source, period) DO UPDATE
   SET reason = excluded.reason,
       status = CASE WHEN known.status = 'landed' THEN known.status ELSE excluded.status END,
       at = CASE WHEN known.status = 'landed' AND excluded.status <> 'landed' THEN known.at ELSE excluded.at END
""")
_KINDS: tuple[Kind, ...] = ("week", "month", "quarter", "half", "year")


@dataclass(frozen=True)
class Arrival:
    """Bytes that came, a row of `landing.receipt`; `sent_at` is None where the channel tells no time."""

    delivery_id: str
    name: str
    period: str
    received_at: datetime
    sent_at: datetime | None
    channel: str


@contextmanager
def source_lock(engine: Engine, street_code: str, source: str) -> Iterator[None]:
    """One fetch of a source at a time, across processes; a second one waits, then sees what landed."""
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        try:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
                {"name": f"landing/{street_code}/{source}"},
            )
        except OperationalError:
            raise SourceError(f"来源 {source} 一直被另一进程占用。", "请等它结束后再取。") from None
        yield


def deliveries(connection: Connection, street_code: str, quarter: Period, source: str | None = None) -> list[Row]:
    """The `landing.delivery` rows whose period ends in the quarter, in order of arrival."""
    periods = [str(part) for kind in _KINDS for part in quarter.parts(kind)]
    query = select(delivery).where(delivery.c.street_code == street_code, delivery.c.period.in_(periods))
    if source is not None:
        query = query.where(delivery.c.source == source)
    return list(connection.execute(query.order_by(delivery.c.seq)))


def find(connection: Connection, named: tuple[str, str], sha256: str, period: str | None = None) -> Row | None:
    """The delivery of a (street, source) that holds these bytes: the first one, or the one of a period."""
    ours = (delivery.c.street_code == named[0], delivery.c.source == named[1])
    query = select(delivery).where(*ours, delivery.c.sha256 == sha256)
    if period is not None:
        query = query.where(delivery.c.period == period)
    return connection.execute(query.order_by(delivery.c.seq).limit(1)).first()


def is_anothers(connection: Connection, named: tuple[str, str], sha256: str) -> bool:
    """Whether another street of this warehouse was given the same bytes by its source of this name."""
    theirs = (delivery.c.street_code != named[0], delivery.c.source == named[1], delivery.c.sha256 == sha256)
    return bool(connection.scalar(select(exists().where(*theirs))))


def names(connection: Connection, street_code: str, source: str, period: str) -> list[str]:
    """Every name under which bytes came from a source for a period, in order of arrival."""
    query = (
        select(receipt.c.name)
        .join(delivery, delivery.c.delivery_id == receipt.c.delivery_id)
        .where(delivery.c.street_code == street_code, delivery.c.source == source, receipt.c.period == period)
    )
    return list(connection.scalars(query.order_by(receipt.c.receipt_id)))


def named(connection: Connection, street_code: str, source: str, name: str) -> Row | None:
    """The delivery that came under this name, last if more than once; equal bytes under two names are one delivery."""
    query = (
        select(delivery)
        .join(receipt, delivery.c.delivery_id == receipt.c.delivery_id)
        .where(delivery.c.street_code == street_code, delivery.c.source == source, receipt.c.name == name)
    )
    return connection.execute(query.order_by(receipt.c.receipt_id.desc()).limit(1)).first()


def fetches(connection: Connection, street_code: str, source: str) -> dict[str, Row]:
    """What was asked of a source so far: period -> its `landing.fetch` row."""
    query = select(fetch_table).where(fetch_table.c.street_code == street_code, fetch_table.c.source == source)
    return {row.period: row for row in connection.execute(query)}


def record_delivery(connection: Connection, row: Mapping[str, Any], channel: str = "") -> bool:
    """Enter sealed bytes and their first receipt; False and nothing done when the ledger has the bytes."""
    entered = connection.execute(
        upsert(delivery).values(dict(row)).on_conflict_do_nothing().returning(delivery.c.delivery_id)
    ).first()
    if entered:
        sent_at = row["version_at"] if row["version_at"] != row["received_at"] else None
        arrival = Arrival(row["delivery_id"], row["name"], row["period"], row["received_at"], sent_at, channel)
        record_receipt(connection, arrival)
    return entered is not None


def record_receipt(connection: Connection, arrival: Arrival) -> None:
    """The bytes came (again)."""
    connection.execute(insert(receipt).values(asdict(arrival)))


def has_receipt(connection: Connection, arrival: Arrival) -> bool:
    """Whether this arrival is known: the bytes, under this name, for this period, let go of at that time."""
    known = (getattr(receipt.c, name).is_not_distinct_from(value) for name, value in asdict(arrival).items()
             if name in ("delivery_id", "name", "period", "sent_at"))  # fmt: skip
    return bool(connection.scalar(select(exists().where(*known))))


def record_fetch(
    connection: Connection, street_code: str, source: str, period: str, *, status: str, reason: str, at: datetime
) -> None:
    """What became of asking a source for a period.

    A period that landed stays landed, with its time: a later failure or an empty answer takes back
    nothing and only leaves its reason.
    """
    values = {"street": street_code, "source": source, "period": period, "status": status, "reason": reason, "at": at}
    connection.execute(_RECORD_FETCH, values)
