"""The warehouse: bitemporal records, disagreements between sources, and each courtyard's archive.

The functions here import what they need when they are called: a DAG file may import this package.
"""

from __future__ import annotations

from typing import Any

from courtyard.context import Context


def merge(ctx: Context) -> dict[str, int]:
    """Merge the quarter's linked batches; see `courtyard.warehouse.merging.merge`."""
    from courtyard.warehouse import merging

    return merging.merge(ctx)


def archive(ctx: Context) -> dict[str, Any]:
    """Bring the courtyards' archive of the quarter up to date; see `courtyard.warehouse.archiving.archive`."""
    from courtyard.warehouse import archiving

    return archiving.archive(ctx)
