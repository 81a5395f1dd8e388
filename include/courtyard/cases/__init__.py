"""Cases: what residents report and departments ask, on a ladder with clocks, until it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context


def run(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Take up what was merged (reports, replies of reporters, actions of posts), then let the clocks go on.

    Returns {"opened", "joined", "replied", "acted", "moved", "chased", "settled", "late"}: counts. Running it again changes
    nothing.
    """
    from courtyard.cases import advancing, chasing, handing_down, opening, replying

    taken = opening.take_up(ctx, at=at)
    replied = replying.take_up(ctx, at=at)
    moved = advancing.advance(ctx, at=at)["moved"]
    return {**taken, **replied, "moved": moved, **chasing.chase(ctx, at=at), **handing_down.settle(ctx, at=at)}
