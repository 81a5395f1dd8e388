"""The quarterly cycle of the grids: workbooks issued, collected, receipted, chased and locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context


def admit(ctx: Context) -> dict[str, Any]:
    """Decide what each submission of the quarter's collection is; see `submissions.admitting.admit`."""
    from courtyard.submissions import admitting

    return admitting.admit(ctx)


def issue(ctx: Context, *, at: datetime, units: Sequence[str] | None = None) -> dict[str, Any]:
    """Write a workbook for every grid of the quarter, or for `units` alone; see `submissions.issuing.issue`."""
    from courtyard.submissions import issuing

    return issuing.issue(ctx, at=at, units=units)


def receipt(ctx: Context) -> dict[str, Any]:
    """Write the receipts of the quarter's submissions; see `submissions.receipts.receipt`."""
    from courtyard.submissions import receipts

    return receipts.receipt(ctx)


def remind(ctx: Context, *, on: date, dry_run: bool = False) -> dict[str, Any]:
    """Queue what units that owe are told on a day; see `submissions.reminding.remind`."""
    from courtyard.submissions import reminding

    return reminding.remind(ctx, on=on, dry_run=dry_run)


def is_waiting(ctx: Context) -> bool:
    """Whether something was handed in for the quarter that has no receipt yet."""
    from courtyard.submissions import status

    with ctx.engine().connect() as connection:
        return status.is_waiting(connection, ctx)
