"""When a post changes hands: who holds it, what the successor is given, and who is told."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context


def posts(ctx: Context, *, on: date) -> list[dict[str, Any]]:
    """Every post with its holder on a day, vacancies and coming changes; see `handover.holding.listing`."""
    from courtyard.handover import holding

    return holding.listing(ctx.district, on)


def write(ctx: Context, unit: str, *, post: str | None, on: date, at: datetime, out: Path | None) -> dict[str, Any]:
    """Write the successor's pack; see `handover.packing.write`."""
    from courtyard.handover import packing

    return packing.write(ctx, unit, post=post, on=on, at=at, out=out)


def notify(ctx: Context, *, on: date) -> dict[str, Any]:
    """Queue a notice for every change of hands around a day, once; see `handover.notifying.notify`."""
    from courtyard.handover import notifying

    return notifying.notify(ctx, on=on)
