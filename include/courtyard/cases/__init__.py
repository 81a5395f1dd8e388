"""Cases: what residents report and departments ask, on a ladder with clocks, until it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context


def advance(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Let every deadline that has passed happen; see `cases.advancing.advance`."""
    from courtyard.cases import advancing

    return advancing.advance(ctx, at=at)
