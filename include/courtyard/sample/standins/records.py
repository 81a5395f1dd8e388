"""A JSON Lines file as the table behind a stand-in's interface, ordered by time."""

from __future__ import annotations

import json
from bisect import bisect_left
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from courtyard.period import SHANGHAI

Record = dict[str, Any]
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


def moment(text: str) -> datetime:
    """A time as interfaces write it; without an offset it is Shanghai's. ValueError when it is none."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


class Records:
    """The records of a file, read again whenever the file changes; a missing file has none.

    A record whose time cannot be read stands where the record before it stands: its system knows
    when it was made, even if it writes it badly.
    """

    def __init__(self, path: Path, time_field: str) -> None:
        self._path = path
        self._time_field = time_field
        self._state: tuple[int, int] | None = None
        self._moments: list[datetime] = []
        self._records: list[Record] = []

    def all(self) -> list[Record]:
        self._refresh()
        return self._records

    def between(self, start: datetime | None, end: datetime | None) -> list[Record]:
        """Records made from start (included) to end (excluded), in order of time."""
        self._refresh()
        first = bisect_left(self._moments, start) if start else 0
        last = bisect_left(self._moments, end) if end else len(self._records)
        return self._records[first:last]

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._state, self._moments, self._records = None, [], []
            return
        state = (found.st_mtime_ns, found.st_size)
        if state == self._state:
            return
        timed: list[tuple[datetime, Record]] = []
        last = _NO_MOMENT
        with self._path.open(encoding="utf-8") as lines:
            for record in map(json.loads, filter(str.strip, lines)):
                with suppress(KeyError, TypeError, ValueError):
                    last = moment(record[self._time_field])
                timed.append((last, record))
        timed.sort(key=lambda entry: entry[0])
        self._moments, self._records = [at for at, _ in timed], [record for _, record in timed]
        self._state = state
