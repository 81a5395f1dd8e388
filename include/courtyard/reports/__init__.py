"""Reports: a specification and its SQL become the department's own form, in numbered revisions.

The functions here import what they need when they are called: a DAG file may import this package.
"""

from __future__ import annotations

from typing import Any

from courtyard.context import Context


def publish(ctx: Context) -> dict[str, list[dict[str, Any]]]:
    """Publish every report period that ends in the quarter.

    Returns `published`, `unchanged` (each {report, period, revision, folder}) and `held` (each
    {report, period, reason}). Raises LeaseLost when another run has taken over the quarter.
    """
    from courtyard.reports import publishing

    return publishing.publish(ctx)


def trace(
    ctx: Context, report: str, period: str, cell: str, revision: int | None = None, most: int | None = 1000
) -> dict[str, Any]:
    """Lead a cell of a published form back to the delivered rows it is made of.

    Returns {report, title, period, revision, cell, anchor, kind, column, definition, rule, count, files, rows:
    [{delivery_id, source, name, sheet, row_no, dataset, record, valid_from, recorded_at}]}. `anchor` is the first of
    merged cells, `kind` says in Chinese what the cell is, `rule` names the pack's files, measures, datasets and the
    moment of knowledge. `count` is the number of rows, none but for values of the table; `files` has them by delivery
    and sheet, `rows` the first `most` of them one by one, all for None. Raises UsageError for a report, period or cell
    that was not published.
    """
    from courtyard.reports import tracing

    return tracing.trace(ctx, report, period, cell, revision, most)


def compare(ctx: Context, report: str, period: str, old: int | None = None, new: int | None = None) -> dict[str, Any]:
    """What changed between two published revisions, the last two unless given.

    Returns {report, title, period, old, new, count, changes: [{kind, cell, old_cell, column, label, before, after,
    cause}]}. Values of a roster name persons: the look is audited. UsageError for a revision that was not published.
    """
    from courtyard.reports import comparing

    return comparing.compare(ctx, report, period, old, new)
