"""Which module speaks which transport of `sources/*.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from courtyard.connection import Connection
from courtyard.district.models import SourceSpec
from courtyard.period import Period
from courtyard.sources import files, georeport, mail, rest, sftp, sql
from courtyard.sources.fetched import Fetched, Refused

Fetch = Callable[[SourceSpec, Connection, Period, str], Iterator[Fetched | Refused]]


@dataclass(frozen=True)
class Transport:
    """`fetch(spec, connection, period, street_code)` yields what the source holds for one period.

    Nothing yielded means that the source has nothing for the period; SourceError that it cannot be
    known. `collects`: deliveries of one period arrive one by one, so every run looks again. `asks`: there is
    somebody to ask; what the office decides itself is handed in. `settles`: how long after a period's end it is
    asked for once more, since what was written in its last second may be there only then.
    """

    fetch: Fetch
    collects: bool = False
    asks: bool = True
    settles: timedelta = timedelta()


TRANSPORTS: dict[str, Transport] = {
    "sql": Transport(sql.fetch),
    "rest": Transport(rest.fetch),
    "georeport": Transport(georeport.fetch, settles=timedelta(hours=1)),
    "sftp": Transport(sftp.fetch),
    "files": Transport(files.fetch, collects=True),
    "mail": Transport(mail.fetch, collects=True),
    "desk": Transport(lambda *_: iter(()), asks=False),
}
