"""A record of the warehouse as a report: when and where it was told, in what words, and where it stands at its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courtyard.district.case_reports import ReportSource
from courtyard.district.models import Contract

MOST_CHARACTERS = 4_000


@dataclass(frozen=True)
class Report:
    """One report. `status` is None where the street's own service took it: what becomes of it is for its case to say.

    `text` is what the reporter wrote, never to leave the warehouse; `point` is (longitude, latitude) in WGS-84.
    """

    dataset: str
    record_key: str
    reported_at: datetime
    channel: str
    text: str
    kinds: tuple[str, ...]
    courtyard_code: str | None
    address: str | None = None
    point: tuple[float, float] | None = None
    status: str | None = None
    is_closed: bool = False
    closed_at: datetime | None = None
    due_at: datetime | None = None
    duplicate_of: str | None = None
    flags: tuple[str, ...] = ()
    emergency: str | None = None

    @property
    def cause(self) -> str:
        return f"report/{self.dataset}/{self.record_key}"

    @property
    def key(self) -> tuple[str, str]:
        return self.dataset, self.record_key

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Reports that arrive together are taken up in this order, whatever order they arrived in."""
        return self.reported_at, self.dataset, self.record_key


def text_of(source: ReportSource, attrs: Mapping[str, Any]) -> str:
    """The words of a report, one line for each column, as far as rules look at them."""
    return "\n".join(str(attrs[name]) for name in source.texts if attrs.get(name))[:MOST_CHARACTERS]


def of_record(
    source: ReportSource, contract: Contract, record_key: str, attrs: Mapping[str, Any], courtyard_code: str | None
) -> Report:
    """A current record as a report; its moments are aware."""

    def value(column: str | None) -> str | None:
        return str(attrs[column]) if column and attrs.get(column) not in (None, "") else None

    status = status_of(source, attrs)
    lon, lat = value(contract.role("lon")), value(contract.role("lat"))
    return Report(
        dataset=source.dataset,
        record_key=record_key,
        reported_at=_moment(value(source.reported_at)) or _EARLIEST,
        channel=value(source.channel_column) or source.channel,
        text=text_of(source, attrs),
        kinds=tuple(kind for name in source.kinds if (kind := value(name))),
        courtyard_code=courtyard_code,
        address=value(contract.role("address")),
        point=(float(lon), float(lat)) if lon and lat else None,
        status=status,
        is_closed=status in source.closed,
        closed_at=_moment(value(source.closed_at)),
        due_at=_moment(value(source.due_at)),
        duplicate_of=value(source.duplicate_of),
        flags=tuple(flag.strip() for flag in (value(source.flags) or "").split(",") if flag.strip()),
        emergency=value(source.emergency),
    )


def status_of(source: ReportSource, attrs: Mapping[str, Any]) -> str | None:
    """Where a report stands at its source; None where that follows our own case."""
    if source.status is None or (source.channel_column and attrs.get(source.channel_column)):
        return None
    return attrs.get(source.status)


def closed_at(source: ReportSource, attrs: Mapping[str, Any]) -> datetime | None:
    """Since when a report is closed at its source, where it tells."""
    return _moment(attrs.get(source.closed_at or ""))


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


_EARLIEST = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
