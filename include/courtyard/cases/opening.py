"""Reports become cases: where, what, how urgent; a new case, or one more report of an open one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from courtyard.context import Context


def take_up(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Open cases for reports that were merged and belong to none yet, or join them to open ones; {"opened", "joined"}."""
    return {"opened": 0, "joined": 0}
