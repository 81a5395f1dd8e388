"""`python -m tests.intake.fetching_process QUARTER`: fetch what residents sent, again and again, until killed."""

from __future__ import annotations

import sys
import time

from courtyard import landing, stages
from courtyard.context import Context
from courtyard.errors import CourtyardError

SOURCES = ("resident_reports", "resident_photos")


def context(quarter: str, **more: object) -> Context:
    """A run whose reports come from the own service alone, not from the stand-in beside it."""
    ctx = stages.context(quarter, holder="test", **more)
    _, own = ctx.district.sources["resident_reports"].ways
    ctx.district.sources["resident_reports"] = own.model_copy(update={"channels": ()})
    return ctx


def fetch(ctx: Context) -> None:
    for source in SOURCES:
        landing.fetch(ctx, source)


if __name__ == "__main__":
    asked = context(sys.argv[1])
    while True:
        try:
            fetch(asked)
        except CourtyardError as error:
            print(error, flush=True)
        time.sleep(0.05)
