"""One look at everything that is watched: sources, what is stuck, deadlines; told by the ledger of alerts."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import Any

from courtyard.context import Context
from courtyard.district.watch import AlertKind
from courtyard.watching import alerting, deadlines, feeds, holdups
from courtyard.watching.cause import TITLES, Cause

# What the watch sees as a whole; a task that failed is well when it runs again.
KINDS: tuple[AlertKind, ...] = tuple(kind for kind in TITLES if kind != "task")


def look(ctx: Context, at: datetime) -> tuple[list[feeds.State], list[Cause]]:
    """How the sources stand and all that is wrong at a moment; changes nothing."""
    with ctx.engine("publisher").connect() as connection:
        states, causes = feeds.look(connection, ctx, at)
        causes += holdups.look(connection, ctx, at) + deadlines.look(connection, ctx, at)
    return states, causes


def watch(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """Look, keep how the sources stand, and tell what is new or over.

    Returns {sources: counts by state, causes: counts by kind, told, over}.
    """
    states, causes = look(ctx, at)
    with ctx.engine().begin() as connection:
        feeds.keep(connection, ctx, states, at)
    done = alerting.compare(ctx, causes, KINDS, at=at)
    return {
        "sources": dict(Counter(state.state for state in states)),
        "causes": dict(Counter(cause.kind for cause in causes)),
        "told": done["told"],
        "over": done["over"],
    }


def shown(ctx: Context, at: datetime) -> dict[str, Any]:
    """The same look for somebody at the command line, who tells nobody: {sources, causes}."""
    states, causes = look(ctx, at)
    return {"sources": [asdict(state) for state in states], "causes": [asdict(cause) for cause in causes]}
