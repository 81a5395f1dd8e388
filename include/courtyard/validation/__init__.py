"""Contracts become checks; rows that fail wait in quarantine with a reason, batches that look wrong are held.

Great Expectations takes seconds to import, so it comes in only when `validate` has something to judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context


def validate(ctx: Context) -> dict[str, Any]:
    """Judge every parsed batch of the quarter; see `validation.validating.validate`."""
    from courtyard.validation import validating

    return validating.validate(ctx)
