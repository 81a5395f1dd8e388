"""Why a report may be spam. It is stored all the same: a person decides."""

from __future__ import annotations

from courtyard.district.cases import Spam

TRAPPED, REPEATED = "trap", "repeated"


def of(spam: Spam, description: str, repeats: int, is_trapped: bool) -> list[str]:
    """The reasons, none for an honest report.

    `repeats` is how often the same text came over the same link before; `is_trapped` that a field was filled which no
    person sees.
    """
    trapped = [TRAPPED] if is_trapped else []
    repeated = [REPEATED] if repeats >= spam.most_repeats else []
    return [*trapped, *spam.reasons_in(description), *repeated]
