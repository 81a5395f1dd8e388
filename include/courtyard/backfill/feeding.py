"""Which forms rest on a delivery: by the datasets that a report reads, and the days of which it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from courtyard.backfill.planned import Delivery
from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.period import Period


def fed_by(ctx: Context, spec: ReportSpec, period: Period, waiting: Iterable[Delivery]) -> tuple[str, ...]:
    """The ids of the waiting deliveries that may move a form.

    A form may read all of a register or of events that began by its 统计截止日; of monthly or quarterly figures only
    those of its own time, or of the year where its `looks_back` says so.
    """
    as_of = spec.as_of(period)
    found = []
    for delivery in waiting:
        spoken = Period.parse(delivery.period)
        for dataset in set(delivery.datasets) & set(spec.rests_on):
            if spoken.start <= as_of and _since(ctx, spec, period, dataset) < spoken.end:
                found.append(delivery.delivery_id)
                break
    return tuple(found)


def _since(ctx: Context, spec: ReportSpec, period: Period, dataset: str) -> date:
    """The first day of a dataset that a form reads: its own time for monthly figures, all of it for anything else."""
    if ctx.district.contracts[dataset].grain != "period" or spec.looks_back == "ever":
        return date.min
    return period.start.replace(month=1, day=1) if spec.looks_back == "year" else period.start
