"""Who and where: addresses become courtyards and rooms, rows become persons with ids that stay.

The functions here import what they need when they are called: a DAG file may import this package.
"""

from __future__ import annotations

from typing import Any

from courtyard.context import Context


def link(ctx: Context) -> dict[str, Any]:
    """Link the quarter's validated batches; see `courtyard.identity.persons.link`.

    First, batches whose addresses are understood otherwise now are read again (`reopening.reopen`); `reopened` counts them.
    """
    from courtyard.identity import persons, reopening

    reopened = reopening.reopen(ctx)
    return {**persons.link(ctx), "reopened": reopened}
