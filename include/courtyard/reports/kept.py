"""Contents made in one run: a form is set against other forms and against its last period."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from courtyard.reports.content import Content

EACH = 2  # of every report: this period and the last

Key = tuple[str, datetime]
"""A period, and as known when."""


class Kept:
    """The contents that were asked for last, a few of each report.

    `facts_of` says which form made the transaction's temporary table `facts` last.
    """

    facts_of: tuple[object, ...] | None = None

    def __init__(self) -> None:
        self._contents: dict[str, OrderedDict[Key, Content]] = {}

    def get(self, report: str, key: Key, make: Callable[[], Content]) -> Content:
        """A report's content, made only when it is not kept."""
        kept = self._contents.setdefault(report, OrderedDict())
        if key not in kept:
            kept[key] = make()
        kept.move_to_end(key)
        while len(kept) > EACH:
            kept.popitem(last=False)
        return kept[key]
