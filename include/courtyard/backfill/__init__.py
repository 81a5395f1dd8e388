"""Backfills: which quarters are meant, what running them again would do, and the ways to do it.

Nothing here imports much before it is called: the pages and the command line import this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from courtyard.context import Context
from courtyard.period import Period

if TYPE_CHECKING:
    from courtyard.backfill.planned import Plan


def plan(ctx: Context, quarters: Sequence[Period], at: datetime, *, compose: bool = True) -> Plan:
    """What running these quarters again would do, in the order given; see `planning.plan`. Writes and fetches nothing."""
    from courtyard.backfill import planning

    return planning.plan(ctx, quarters, at, compose=compose)
