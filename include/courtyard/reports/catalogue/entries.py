"""What the catalogue shows: one entry a report and period, with the revisions that were published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from courtyard.district.models import ReportSpec
from courtyard.period import Period


class Status(Enum):
    """Where a report of a period stands; the value is what people read. PUBLISHED is what nobody has to sign."""

    SIGNED = "已签发"
    WAIVED = "免签发"
    PUBLISHED = "已发布"
    WAITING = "待签发"
    RETURNED = "退回"
    HELD = "暂缓"
    NOT_MADE = "未办理"
    NOT_DUE = "未到期"

    @property
    def css(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Change:
    """What became different from the revision before: how many cells or rows of which column, and why."""

    kind: str
    column: str
    cells: int
    cause: str


@dataclass(frozen=True)
class Sending:
    """One recipient of a revision: by which way, what became of it, and when."""

    recipient: str
    channel: str
    state: str
    at: datetime | None


@dataclass(frozen=True)
class Check:
    """A reconciliation before release: what was compared, and how it came out."""

    title: str
    state: str
    reason: str


@dataclass(frozen=True)
class Progress:
    """How far a revision has come on its way out: sign-off, then delivery."""

    status: Status
    reason: str = ""
    signed_by: str = ""
    signed_at: datetime | None = None
    sendings: tuple[Sending, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """What a report rests on: one dataset of one period, how many deliveries, the last of them."""

    dataset: str
    source: str
    period: str
    deliveries: int
    received_at: datetime | None


@dataclass(frozen=True)
class Cells:
    """What the form asked for: cells, those that the archive filled, those left for a person."""

    asked: int
    filled: int
    by_hand: int


@dataclass(frozen=True)
class Revision:
    """One publication. `files` are names in `folder`, which lies below published/."""

    number: int
    as_known_at: datetime
    folder: str
    files: tuple[str, ...]
    rows: int
    notes: tuple[str, ...]
    content_hash: str
    progress: Progress
    checks: tuple[Check, ...] = ()
    changes: tuple[Change, ...] = ()
    cells: Cells | None = None


@dataclass(frozen=True)
class Entry:
    """A report of a period. `spec` is None for what the pack does not know (any more); `revisions` are newest first."""

    report: str
    title: str
    recipient: str
    period: Period
    as_of: date
    status: Status
    reason: str
    spec: ReportSpec | None
    revisions: tuple[Revision, ...] = ()
    arrivals: tuple[Arrival, ...] = ()

    @property
    def latest(self) -> Revision | None:
        return self.revisions[0] if self.revisions else None

    @property
    def quarter(self) -> Period:
        """The quarter in which it is counted."""
        return Period.of("quarter", self.as_of)

    @property
    def page(self) -> str:
        """Its page, seen from the catalogue's folder; what was never published has none."""
        return f"publications/{self.period}/{self.report}.html"
