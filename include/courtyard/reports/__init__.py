"""Reports: a specification and its SQL become the department's own form, in numbered revisions.

The functions here import what they need when they are called: a DAG file may import this package.
"""

from __future__ import annotations

from typing import Any

from courtyard.context import Context


def publish(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Publish every report period that ends in the quarter, then its bulletin and the catalogue.

    Returns `published`, `unchanged` (each {report, period, revision, folder}) and `held` (each
    {report, period, reason}). Raises LeaseLost when another run has taken over the quarter.
    """
    from courtyard.errors import HeldError
    from courtyard.reports import bulletin, catalogue, publishing

    done = publishing.publish(ctx)
    for name, make in (("bulletin", bulletin.publish), ("catalogue", catalogue.build)):
        try:
            made = make(ctx)
        except HeldError as error:
            done["held"].append({"report": name, "period": str(ctx.period), "reason": str(error)})
        else:
            if isinstance(made, tuple):
                outcome, entry = made
                done[outcome].append(entry)
    return done


def trace(ctx: Context, report: str, period: str, cell: str, revision: int | None = None) -> dict[str, Any]:
    """Lead a cell of a published form back to the delivered rows it is made of.

    Returns {report, title, period, revision, cell, column, definition, count, rows: [{delivery_id,
    source, name, sheet, row_no}]}; `count` is the number of rows. Raises UsageError for a
    report, period or cell that was not published.
    """
    from courtyard.reports import tracing

    return tracing.trace(ctx, report, period, cell, revision)
