"""What a submission is, decided from what it says of itself and what came before; pure, without a database.

First each paper by itself: whose it is and of which quarter (`unit_of`, `period_of`). Then the papers of one
unit and quarter together (`roles`): the order in which they arrived plays no part, the sender's version does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Literal, NamedTuple

from courtyard.district.models import Unit
from courtyard.period import SHANGHAI, Period

Kind = Literal["first", "correction", "duplicate", "misdirected"]
COUNTED: tuple[Kind, ...] = ("first", "correction")


class Refusal(NamedTuple):
    """Why a submission is not taken: a code of `WORDINGS`, and what fills its text."""

    code: str
    detail: str = ""


@dataclass(frozen=True)
class Issue:
    """What the issued workbook says of itself; genuine when its signature is ours."""

    unit_code: str
    period: Period
    is_genuine: bool


@dataclass(frozen=True)
class Paper:
    """One receipt of a submitted source: when and for which collection it came, and what the file states.

    `named_unit` stands in the file's name, `written_units` (grid or community) and `written_periods` in its
    sheets. `unreadable` is the parser's reason when nothing in the file could be read.
    """

    receipt_id: int
    delivery_id: str
    channel: str
    arrived_for: Period
    sent_at: datetime
    received_at: datetime
    version_at: datetime
    content_hash: str
    named_unit: str | None = None
    written_units: frozenset[str] = frozenset()
    written_periods: frozenset[Period] = frozenset()
    issue: Issue | None = None
    is_correction: bool = False
    unreadable: Refusal | None = None

    @property
    def sent_on(self) -> date:
        return self.sent_at.astimezone(SHANGHAI).date()


def unit_of(paper: Paper) -> str | Refusal | None:
    """The unit's code: the issue's, else the written one, else the file name's; None where nobody says.

    A written community (the first digits of its grids' codes) agrees with each of its grids.
    """
    if paper.issue and not paper.issue.is_genuine:
        return Refusal("submission.bad_signature")
    said = {*paper.written_units, paper.named_unit, paper.issue.unit_code if paper.issue else None} - {None}
    longest = max(sorted(filter(None, said)), key=len, default=None)
    if longest and any(not longest.startswith(code) for code in said if code):
        return Refusal("submission.wrong_unit")
    return longest


def registered(unit_code: str | None, period: Period, units: Iterable[Unit]) -> Refusal | None:
    """Whether the unit is a grid that existed in the quarter."""
    known = (u for u in units if u.code == unit_code and u.kind == "grid")
    if any(u.valid_from < period.end and (u.valid_to is None or period.start < u.valid_to) for u in known):
        return None
    return Refusal("submission.unknown_unit", period.title)


def period_of(paper: Paper, first: Period) -> Period | Refusal:
    """The quarter it speaks of: the issue's, else the written one, else the one it came for.

    A later quarter than the one collected, one before the district's first, or two at once are refused.
    """
    stated = {paper.issue.period} if paper.issue else set(paper.written_periods) or {paper.arrived_for}
    if len(stated) > 1 or not first <= min(stated) <= paper.arrived_for:
        return Refusal("submission.wrong_period", "、".join(p.title for p in sorted(stated)))
    return stated.pop()


@dataclass(frozen=True)
class Entry:
    """A paper of one unit and quarter, as far as the others' roles depend on it.

    `is_merged`: its rows are in the warehouse already.
    """

    receipt_id: int
    delivery_id: str
    unit_code: str
    period: Period
    arrived_for: Period
    version_at: datetime
    content_hash: str
    is_readable: bool = True
    is_merged: bool = False

    @property
    def order(self) -> tuple[datetime, str, int]:
        """The sender's version decides, as it does when rows are merged; equal bytes stand side by side."""
        return self.version_at, self.delivery_id, self.receipt_id


class Role(NamedTuple):
    """What a paper is among those of its unit and quarter; `related` is the receipt it corrects or repeats."""

    kind: Kind
    related: int | None = None


def is_last_quarters(paper: Paper, unit_code: str, period: Period, known: Sequence[Entry]) -> bool:
    """Whether it is a file of an earlier collection handed in again.

    That is: the same bytes came in an earlier collection, or it states a quarter that the unit has settled
    in an earlier collection without saying that it corrects it.
    """
    earlier = [e for e in known if e.arrived_for < paper.arrived_for]
    if any(e.delivery_id == paper.delivery_id for e in earlier):
        return True
    settled = any(e.is_readable and (e.unit_code, e.period) == (unit_code, period) for e in earlier)
    return period < paper.arrived_for and settled and not paper.is_correction


def roles(entries: Iterable[Entry]) -> Mapping[int, Role]:
    """Each receipt's role: the first, a correction of the one before it, or a duplicate of it.

    Of equal neighbours the one in the warehouse counts, else the earliest. An unreadable one takes no
    other's place.
    """
    ordered = sorted(entries, key=lambda e: e.order)
    readable = (e for e in ordered if e.is_readable)
    found: dict[int, Role] = {}
    counted: list[Entry] = []
    for _, equal in groupby(readable, key=lambda e: e.content_hash):
        run = list(equal)
        counts = min(run, key=lambda e: (not e.is_merged, e.order))
        found |= {e.receipt_id: Role("duplicate", counts.receipt_id) for e in run}
        found[counts.receipt_id] = Role("correction", counted[-1].receipt_id) if counted else Role("first")
        counted.append(counts)
    for entry in (e for e in ordered if not e.is_readable):
        before = [e.receipt_id for e in counted if e.order < entry.order]
        found[entry.receipt_id] = Role("correction", before[-1]) if before else Role("first")
    return found


def entry_of(paper: Paper, unit_code: str, period: Period) -> Entry:
    """A new paper among those of its unit and quarter."""
    return Entry(
        paper.receipt_id,
        paper.delivery_id,
        unit_code,
        period,
        paper.arrived_for,
        paper.version_at,
        paper.content_hash,
        is_readable=paper.unreadable is None,
    )


def with_entry(known: Sequence[Entry], paper: Paper, unit_code: str, period: Period) -> list[Entry]:
    """The entries with a new paper's; same bytes that are in the warehouse are there for it too."""
    merged = any(e.delivery_id == paper.delivery_id and e.is_merged for e in known)
    return [*known, replace(entry_of(paper, unit_code, period), is_merged=merged)]
