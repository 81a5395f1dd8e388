"""What the tests of the watch share: an office with the real pack, its rows, and its mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from post_office import PostOffice
from sqlalchemy import text

from courtyard.context import Context
from courtyard.period import SHANGHAI
from courtyard.store.tables import metadata
from courtyard.watching import alerting
from courtyard.watching.cause import Cause
from courtyard.watching.failing import Failure

PACK = Path(__file__).resolve().parents[2] / "include/districts/shaocheng"
STREET = "510105005"
NOON = datetime(2026, 10, 8, 12, 0, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)


@dataclass
class Office:
    ctx: Context
    post: PostOffice
    connections: dict[str, Any] = field(default_factory=dict)

    def alert(self, *causes: Cause, at: datetime = NOON) -> int:
        return alerting.alert(self.ctx, causes, at=at)["told"]

    def well(self, task: Failure, at: datetime = NOON) -> int:
        return alerting.recovered(self.ctx, task, at=at)["over"]

    def compare(self, *causes: Cause, kinds: tuple[str, ...] = ("missing", "overdue"), at: datetime = NOON) -> dict:
        return alerting.compare(self.ctx, causes, kinds, at=at)

    def mails(self) -> list[tuple[str, str]]:
        """Subject and body of what arrived, and then the mailbox is empty."""
        found = [(mail["subject"], mail.get_body().get_content().strip()) for mail in self.post.told()]
        self.post.empty()
        return sorted(found)

    def rows(self, query: str, **values: Any) -> list[tuple]:
        with self.ctx.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def insert(self, table: str, *rows: dict[str, Any], role: str = "pipeline") -> None:
        """Rows of the test's own."""
        with self.ctx.engine(role).begin() as connection:
            for row in rows:
                connection.execute(metadata.tables[table].insert().values(row))

    def insert_as_publisher(self, table: str, *rows: dict[str, Any]) -> None:
        self.insert(table, *rows, role="publisher")
