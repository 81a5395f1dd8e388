"""The ledger of notices: what is to be told, what was told, what was tried."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from courtyard.notices.notice import Notice
from courtyard.store.tables import notice

MAX_ATTEMPTS = 5  # refusals of one address; a server that is down uses up none
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'notify', :object)")


def queue(connection: Connection, notices: Iterable[Notice]) -> int:
    """Enter notices in the caller's transaction; returns how many were new.

    What was queued before for the same cause, channel and address stays as it is.
    """
    rows = [{**vars(entry), "attachments": list(entry.attachments)} for entry in notices]
    if not rows:
        return 0
    entered = upsert(notice).on_conflict_do_nothing().returning(notice.c.cause)
    return len(connection.execute(entered, rows).all())


def unsent(connection: Connection, street_code: str) -> list[Row]:
    """What is still to be sent, oldest first; without what was given up."""
    query = _of(street_code).where(notice.c.sent_at.is_(None), notice.c.attempts < MAX_ATTEMPTS)
    return list(connection.execute(query))


def all_of(connection: Connection, street_code: str) -> list[Row]:
    """Every notice, oldest first."""
    return list(connection.execute(_of(street_code)))


def state(row: Row) -> str:
    """sent, waiting or given_up."""
    if row.sent_at is not None:
        return "sent"
    return "given_up" if row.attempts >= MAX_ATTEMPTS else "waiting"


def claim(connection: Connection, row: Row) -> bool:
    """Lock one unsent notice for this transaction; False when another sender has it or has sent it."""
    query = select(text("1")).select_from(notice).where(*_key(row), notice.c.sent_at.is_(None))
    return connection.execute(query.with_for_update(skip_locked=True)).first() is not None


def mark_sent(connection: Connection, row: Row, at: datetime, actor: str) -> None:
    """It went out: the ledger and the audit log in one transaction."""
    connection.execute(update(notice).where(*_key(row)).values(sent_at=at, attempts=notice.c.attempts + 1, error=""))
    connection.execute(_AUDIT, {"at": at, "actor": actor, "object": f"{row.channel} {row.cause}"})


def mark_failed(connection: Connection, row: Row, error: str, *, counts: bool) -> None:
    """It did not go out; `counts` when the address itself was refused."""
    attempts = notice.c.attempts + (1 if counts else 0)
    connection.execute(update(notice).where(*_key(row)).values(attempts=attempts, error=error))


def _of(street_code: str) -> Any:
    columns = notice.c
    return (
        select(notice)
        .where(columns.street_code == street_code)
        .order_by(columns.queued_at, columns.cause, columns.channel, columns.address)
    )


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(column == getattr(row, column.name) for column in notice.primary_key)
