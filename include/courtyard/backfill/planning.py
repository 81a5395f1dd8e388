"""The dry run of a backfill: read, compared, and forgotten. No lease is taken, so it works while runs go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from courtyard.backfill import deliveries, forms, permits, telling
from courtyard.backfill.planned import Delivery, Form, Plan, Step
from courtyard.context import Context
from courtyard.period import Period

_DECIDED = "有核实台的决定还没有算进这些季度，可能影响任何一张报表。"
_BULLETIN = "报表有变动的季度，季度简报也会出新版。"


def plan(ctx: Context, quarters: Sequence[Period], at: datetime, *, compose: bool = True) -> Plan:
    """What running these quarters in this order would use, change and have to tell.

    With `compose` every form is made from the warehouse as it is and compared, which takes about as long as publishing;
    without it only what waiting deliveries could move is told. One transaction of the publisher, rolled back.
    """
    with ctx.engine("publisher").connect() as connection:
        steps = tuple(_step(connection, ctx, quarter, at) for quarter in quarters)
        used = tuple(d for step in steps for d in step.standing("used"))
        made = []
        for step in steps:
            if step.verdict.may_run:
                found = forms.of(connection, ctx, Period.quarter(step.quarter), used, compose=compose)
                step = replace(step, forms=found)
            made.append(step)
        later = tuple(forms.later(connection, ctx, quarters, used)) if quarters else ()
        moving = [*(form for step in made for form in step.forms), *later]
        told = telling.of(connection, ctx, moving, used, at)
        connection.rollback()
    return Plan(at, tuple(made), later, told, compose, _notes(used, moving))


def _step(connection: Connection, ctx: Context, quarter: Period, at: datetime) -> Step:
    verdict = permits.verdict(connection, ctx, quarter, at)
    if not verdict.may_run:
        return Step(str(quarter), quarter.title, verdict)
    return Step(
        quarter=str(quarter),
        title=quarter.title,
        verdict=verdict,
        deliveries=deliveries.of(connection, ctx, quarter),
        asked=tuple(deliveries.asked(connection, ctx, quarter)),
        seconds=permits.lasted(connection, ctx, quarter),
    )


def _notes(used: Sequence[Delivery], moving: Sequence[Form]) -> tuple[str, ...]:
    notes = []
    if any("decisions" in delivery.datasets for delivery in used):
        notes.append(_DECIDED)
    if any(form.moves for form in moving):
        notes.append(_BULLETIN)
    return tuple(notes)
