"""How far long work has come, as lines in a log; and libraries that say too much."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
EVERY_SECONDS = 15.0
# What they say at INFO is addresses (a robot's holds its key), hosts and phases that nobody acts on.
_NOISY = (
    "httpx",
    "httpcore",
    "asyncssh",
    "paramiko",
    "alembic",
    "sqlalchemy",
    "great_expectations",
    "splink",
    "asyncio",
    "PIL",
)


def quiet_libraries() -> None:
    """Let libraries report warnings only."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))


class Progress:
    """Says every quarter of a minute how much of the work is done: `解析：已完成 120／400 份`. Short work says nothing."""

    def __init__(self, log: logging.Logger, title: str, total: int, unit: str) -> None:
        self.log, self.title, self.total, self.unit = log, title, total, unit
        self.done, self.said_at = 0, time.monotonic()

    def step(self, more: int = 1) -> None:
        """So much more is done."""
        self.done += more
        if time.monotonic() - self.said_at >= EVERY_SECONDS:
            self.said_at = time.monotonic()
            self.log.info("%s：已完成 %d／%d %s", self.title, self.done, self.total, self.unit)

    def of(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items, each counted once the next one is asked for."""
        for item in items:
            yield item
            self.step()
