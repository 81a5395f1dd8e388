"""The quarterly bulletin (季度简报): figures, charts and a map in a Word document, published in revisions like a report."""

from __future__ import annotations

from typing import Any

from courtyard.context import Context


def publish(ctx: Context) -> tuple[str, dict[str, Any]] | None:
    """Publish the bulletin of the context's quarter.

    Returns `published` or `unchanged` with {report, period, revision, folder}, or None where the quarter has no
    archive yet or nothing came for it. Raises HeldError where it cannot be written, LeaseLost when another run has taken over the quarter.
    """
    from courtyard.reports.bulletin import issuing

    return issuing.publish(ctx)
