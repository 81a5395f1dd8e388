"""The ledger of what was sent to whom: entered once, confirmed once, retried until then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from courtyard.store.tables import sending

_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'deliver', :object)")
_SENT = text("""
SELECT report, period, revision, recipient, channel, state, basis, view, attempts, sent_at, confirmed_at, error
  FROM mart.report_delivery WHERE street_code = :street ORDER BY period, report, revision, recipient, channel
""")


@dataclass(frozen=True)
class Sending:
    """One publication for one recipient by one channel; see table `publish.sending`."""

    street_code: str
    report: str
    period: str
    revision: int
    recipient: str
    channel: str
    target: str
    basis: str
    view: str
    files: dict[str, str]
    queued_at: datetime


def enter(connection: Connection, entries: list[Sending]) -> None:
    """Enter what is to be sent; what was entered before stays as it is."""
    if entries:
        connection.execute(upsert(sending).on_conflict_do_nothing(), [vars(entry) for entry in entries])


def unconfirmed(connection: Connection, street_code: str) -> list[Row]:
    """What is still to be sent, oldest first."""
    columns = sending.c
    query = select(sending).where(columns.street_code == street_code, columns.confirmed_at.is_(None))
    return list(connection.execute(query.order_by(columns.queued_at, columns.period, columns.report)))


def claim(connection: Connection, row: Row) -> bool:
    """Lock one unconfirmed entry for this transaction; False when another sender has it or has sent it."""
    query = select(text("1")).select_from(sending).where(*_key(row), sending.c.confirmed_at.is_(None))
    return connection.execute(query.with_for_update(skip_locked=True)).first() is not None


def confirm(connection: Connection, row: Row, at: datetime, actor: str, files: dict[str, str]) -> None:
    """It arrived, with these files: the ledger and the audit log in one transaction."""
    values = {"sent_at": at, "confirmed_at": at, "attempts": sending.c.attempts + 1, "error": ""}
    connection.execute(update(sending).where(*_key(row)).values(**values, files=files))
    place = f"{row.period}/{row.report}/r{row.revision} {row.recipient} {row.channel}"
    connection.execute(_AUDIT, {"at": at, "actor": actor, "object": place})


def fail(connection: Connection, row: Row, error: str, *, tried: bool = True) -> None:
    """It did not arrive, or was not even tried because its channel is down."""
    values = {"attempts": sending.c.attempts + int(tried), "error": error}
    connection.execute(update(sending).where(*_key(row), sending.c.confirmed_at.is_(None)).values(values))


def sent(connection: Connection, street_code: str) -> list[dict[str, Any]]:
    """Every entry as `mart.report_delivery` shows it."""
    return [dict(row) for row in connection.execute(_SENT, {"street": street_code}).mappings()]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(column == getattr(row, column.name) for column in sending.primary_key)
