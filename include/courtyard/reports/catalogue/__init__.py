"""The catalogue: a static site of all reports, read from what is recorded of them. It holds no personal data."""

from __future__ import annotations

from pathlib import Path

from courtyard.context import Context


def build(ctx: Context) -> Path:
    """Bring `published/catalogue/` up to date and return its first page; pages that say the same stay untouched.

    Raises HeldError where the disk refuses.
    """
    from courtyard.reports.catalogue import building

    return building.build(ctx)
