"""`rules/watch.yaml`: what is unusual enough to alert somebody, whom, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from courtyard.district.frozen import Frozen
from courtyard.district.working_time import SpanText

if TYPE_CHECKING:
    from courtyard.district.pack import Pack

AlertKind = Literal[
    "task", "source", "missing", "idle", "silent", "volume", "held", "quarantine", "residual", "follow_on", "notice",
    "letter", "deadline", "overdue",
]  # fmt: skip


class AlertRules(Frozen):
    """How often one cause is told, and to which units by kind; the street unless named.

    A cause that goes on is told again after `repeat_after`, but for kinds in `told_once`. One that comes back within `settled_after` of being well is
    told only once it has lasted that long: what fails and works in turns is no stream of messages.
    """

    repeat_after: SpanText
    settled_after: SpanText
    told_once: tuple[AlertKind, ...] = ()
    receivers: dict[AlertKind, tuple[str, ...]] = Field({})


class Lateness(Frozen):
    """When a delivery that its source's calendar promises counts as missing, and a feed that keeps coming as idle."""

    late_after: SpanText
    idle_after: SpanText
    reason: str


class Silence(Frozen):
    """When residents are silent for unusually long: `times` their longest pause of `history_days`, `least_hours` at least.

    With fewer than `least_reports` in that time nothing is judged.
    """

    times: float = Field(ge=1)
    least_hours: int = Field(ge=1)
    history_days: int = Field(ge=7, le=400)
    least_reports: int = Field(ge=2)
    reason: str


class Bounds(Frozen):
    """How far the rows of a delivery may be from the median of the periods before it.

    The widest of three allowances counts: a `share` of the median, `spread` robust standard deviations (1.4826 x the
    median distance to the median), and `least_rows`. With fewer than `least_history` periods to go by, `first_share`
    takes the place of both shares; with none nothing is judged.
    """

    share: float = Field(gt=0, le=10)
    spread: float = Field(ge=0, le=20)
    least_rows: int = Field(ge=0)
    first_share: float = Field(gt=0, le=10)
    history: int = Field(ge=2, le=24)
    least_history: int = Field(ge=2, le=24)
    reason: str


class Share(Frozen):
    """The share of a batch's rows that may be quarantined; batches with fewer than `least_rows` rows are not judged."""

    share: float = Field(gt=0, le=1)
    least_rows: int = Field(ge=1)
    reason: str


class Waits(Frozen):
    """How long something may wait until somebody is told: rows on their way, and runs that a correction asks for."""

    rows: SpanText
    runs: SpanText
    reason: str


class DeadlineRules(Frozen):
    """So many working days before a form is due it is told what it waits for; after it for so many working days."""

    before: int = Field(ge=0, le=30)
    after: int = Field(ge=0, le=250)
    reason: str


class SourceWatch(Frozen):
    """What is different for one source; `reason` says why. What is left out is as for all."""

    late_after: SpanText | None = None
    share: float | None = Field(None, gt=0, le=10)
    least_rows: int | None = Field(None, ge=0)
    quarantined: float | None = Field(None, gt=0, le=1)
    reason: str


class WatchRules(Frozen):
    """The whole file. `volume` is for what a department delivers, `units` for what one grid hands in."""

    alerts: AlertRules
    freshness: Lateness
    silence: Silence
    volume: Bounds
    units: Bounds
    quarantine: Share
    waits: Waits
    deadlines: DeadlineRules
    sources: dict[str, SourceWatch] = Field({})

    def bounds(self, source: str, by_unit: bool) -> Bounds:
        """The bounds for the rows of a source's deliveries."""
        own = self.sources.get(source)
        changed = {key: value for key in ("share", "least_rows") if own and (value := getattr(own, key)) is not None}
        return (self.units if by_unit else self.volume).model_copy(update=changed)

    def late_after(self, source: str) -> str:
        own = self.sources.get(source)
        return (own.late_after if own else None) or self.freshness.late_after

    def quarantined(self, source: str) -> float:
        own = self.sources.get(source)
        return (own.quarantined if own else None) or self.quarantine.share


def problems_of(pack: Pack) -> Iterator[str]:
    """Sources and units that the file names and the pack does not have."""
    document, value = pack.watch.document, pack.watch.value
    for source in sorted(value.sources.keys() - pack.sources.keys()):
        yield document.problem(("sources", source), f"there is no source '{source}'", "Add it or correct it.")
    units = {unit.code for unit in pack.units.value} | {pack.office.value.street_code}
    for kind, codes in value.alerts.receivers.items():
        for index, code in enumerate(codes):
            if code not in units:
                loc = ("alerts", "receivers", kind, index)
                yield document.problem(loc, f"there is no unit '{code}'", "Add it to units.csv or correct it.")
