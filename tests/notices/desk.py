"""What the tests of notices share: a desk that queues and sends, a notice with little in it, robots that answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from courtyard import notices
from courtyard.connection import Connection
from courtyard.context import Context
from courtyard.notices import Notice

STREET = "510105005"
NOON = datetime(2026, 10, 2, 4, 0, tzinfo=UTC)


@dataclass
class Robots:
    """Answers every POST with `answer(number)`: an errcode, or an HTTP status above 99; keeps what came."""

    port: int
    answer: Callable[[int], int] = lambda number: 0
    asked: list[tuple[str, dict[str, str], dict]] = field(default_factory=list)


@dataclass
class Desk:
    ctx: Context
    connections: dict[str, Connection]

    def queue(self, *queued: Notice) -> int:
        with self.ctx.engine().begin() as connection:
            return notices.queue(connection, queued)

    def send(self, at: datetime = NOON) -> dict:
        return notices.send(self.ctx, at=at)

    def rows(self) -> list[tuple]:
        query = "SELECT address, sent_at IS NOT NULL, attempts, error FROM notices.notice ORDER BY address, cause"
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def told(
    address: str = "grid-1@shaocheng.example", cause: str = "reminder/2026Q3/1/due-3", **changes: object
) -> Notice:
    values = {"channel": "mail", "subject": "提醒", "body": "请报送。", "queued_at": NOON, **changes}
    return Notice(STREET, cause, address=address, **values)
