"""The runs of a quarter as the quarter board tells them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.period import Period
from courtyard.store import runs

LOST = "中断"
MOST = 20
_CSS = {"done": "good", "held": "warn", "waiting": "warn", "failed": "bad"}


def of(connection: Connection, ctx: Context, quarter: Period) -> list[dict[str, Any]]:
    """The newest runs of a quarter; beside what the ledger tells, `title`, `css` and `waiting`: for whom one waits."""
    return [_told(row) for row in runs.listed(connection, ctx.street_code, str(quarter), MOST)]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    waiting = ""
    if row["outcome"] == "waiting" and row["waits_for"]:
        named = runs.named(row["waits_for"], row["waits_for_kind"], row["waits_for_reason"], row["waits_for_since"])
        waiting = f"等待{named}结束"
    return {
        **row,
        "kind": runs.KINDS[row["kind"]],
        "title": LOST if row["is_lost"] else runs.OUTCOMES[row["outcome"]],
        "css": "bad" if row["is_lost"] else _CSS.get(row["outcome"], ""),
        "waiting": waiting,
    }
