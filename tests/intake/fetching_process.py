"""`python -m tests.intake.fetching_process QUARTER BEGUN`: fetch what residents sent, again and again, until killed.

The file BEGUN is made once this process has landed something.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from courtyard import landing, stages
from courtyard.context import Context
from courtyard.errors import CourtyardError
from courtyard.landing import ledger

SOURCES = ("resident_reports", "resident_photos")


def context(quarter: str, **more: object) -> Context:
    """A run whose reports come from the own service alone, not from the stand-in beside it."""
    ctx = stages.context(quarter, holder="test", **more)
    _, own = ctx.district.sources["resident_reports"].ways
    sources = {**ctx.district.sources, "resident_reports": own.model_copy(update={"channels": ()})}
    return replace(ctx, district=ctx.district.model_copy(update={"sources": sources}))


def fetch(ctx: Context) -> None:
    for source in SOURCES:
        landing.fetch(ctx, source)


def landed(ctx: Context) -> int:
    """How many deliveries there are, whatever became of the run that landed them."""
    with ctx.engine().connect() as connection:
        return len(ledger.deliveries(connection, ctx.street_code, ctx.period))


if __name__ == "__main__":
    asked = context(sys.argv[1])
    before = landed(asked)
    while True:
        try:
            fetch(asked)
        except CourtyardError as error:
            print(error, flush=True)
        if landed(asked) > before:
            Path(sys.argv[2]).touch()
        time.sleep(0.05)
