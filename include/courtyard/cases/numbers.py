"""The number of a case: the day it was opened and a keyed digest of what opened it, the same after a rebuild."""

from __future__ import annotations

from datetime import datetime

from courtyard.context import Context
from courtyard.period import SHANGHAI

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 5


def case_no(ctx: Context, opened_at: datetime, dataset: str, record_key: str) -> str:
    """Such as 261126-7K2QM."""
    digest = int(ctx.keys.token(f"case|{dataset}|{record_key}"), 16)
    letters = "".join(_DIGITS[digest >> 5 * place & 31] for place in range(LENGTH))
    return f"{opened_at.astimezone(SHANGHAI):%y%m%d}-{letters}"
