"""May a quarter be run, why not, and who is at it now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, text

from courtyard import runnable
from courtyard.backfill.planned import Verdict
from courtyard.context import Asked, Context
from courtyard.errors import UsageError
from courtyard.period import Period

_BUSY = text("""
SELECT holder FROM warehouse.lease
 WHERE street_code = :street AND quarter = :quarter AND expires_at > clock_timestamp()
""")
_LASTED = text("""
SELECT extract(epoch FROM ended_at - opened_at) AS seconds FROM mart.quarter_run
 WHERE street_code = :street AND outcome IN ('done', 'held') AND opened_at IS NOT NULL AND ended_at IS NOT NULL
 ORDER BY quarter = :quarter DESC, ended_at DESC LIMIT 1
""")


def verdict(connection: Connection, ctx: Context, quarter: Period, at: datetime) -> Verdict:
    """Whether a backfill of the quarter would be let in at that moment: what the run itself asks first."""
    asked = Asked("backfill", reason="计划")
    try:
        runnable.check(replace(ctx, period=quarter, asked=asked), at)
    except UsageError as error:
        return Verdict(False, error.message, error.remedy)
    busy = connection.scalar(_BUSY, {"street": ctx.street_code, "quarter": str(quarter)})
    return Verdict(busy_with=busy or "")


def required(ctx: Context, quarters: tuple[Period, ...], at: datetime) -> None:
    """UsageError for the first quarter that may not be run, in one line with a remedy."""
    with ctx.engine().connect() as connection:
        for quarter in quarters:
            found = verdict(connection, ctx, quarter, at)
            if not found.may_run:
                raise UsageError(found.why, found.remedy)


def lasted(connection: Connection, ctx: Context, quarter: Period) -> float | None:
    """How long the quarter's last run took, else the last run of any quarter; None when none is known."""
    seconds = connection.scalar(_LASTED, {"street": ctx.street_code, "quarter": str(quarter)})
    return None if seconds is None else float(seconds)
