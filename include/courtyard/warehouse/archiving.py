"""The digital archive of each courtyard for a quarter: its people, key groups and what was reported."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from courtyard.context import Context
from courtyard.district.models import District
from courtyard.identity.persons import anchor
from courtyard.period import Period
from courtyard.store import lease, statements
from courtyard.warehouse import quarters

_SQL = statements.load("courtyard.warehouse", "archive.sql")
POPULATION = (
    "households", "persons", "hukou", "floating", "overseas", "split_residence",
    "age_0_6", "age_7_15", "age_16_59", "age_60_up", "age_80_up", "age_unknown",
)  # fmt: skip


def archive(ctx: Context) -> dict[str, Any]:
    """Bring the archive of the run's quarters in step with what is believed, in one transaction.

    Returns the quarters looked at and how many courtyards changed. Raises LeaseLost when another run
    has taken over the quarter.
    """
    with ctx.engine().begin() as connection:
        lease.check(connection, ctx)
        looked_at = quarters.affected(connection, ctx)
        changed = sum(_archive(connection, ctx, quarter) for quarter in looked_at)
    return {"quarters": [str(quarter) for quarter in looked_at], "changed": changed}


def _archive(connection: Connection, ctx: Context, quarter: Period) -> int:
    """Recorded when the last delivery that speaks of the quarter or an earlier one was received."""
    known = [p for p in connection.scalars(_SQL["periods"], {"street": ctx.street_code}) if _is_by(p, quarter)]
    names = {
        "street": ctx.street_code,
        "anchor": anchor(ctx.district),
        "period": str(quarter),
        "periods": known,
        "day": quarter.last_day,
        "starts": quarter.start_at,
        "ends": quarter.end_at,
        "nobody": json.dumps(dict.fromkeys(POPULATION, 0)),
        **_events(ctx.district),
    }
    names["learned"] = connection.scalar(_SQL["learned"], names)
    if names["learned"] is None:
        return 0
    connection.execute(_SQL["counts"], names)
    for step in ("unchanged", "never_known", "supersede", "gone", "end_gone"):
        connection.execute(_SQL[step], names)
    changed = connection.execute(_SQL["believe"], names).rowcount
    connection.execute(_SQL["drop"])
    return changed


def _is_by(period: str, quarter: Period) -> bool:
    return Period.parse(period).start < quarter.end


def _events(district: District) -> dict[str, list[str]]:
    """The datasets of things that happen in courtyards, and the column that says when."""
    happening = [c for c in district.contracts.values() if c.grain == "event" and c.subject == "courtyard"]
    moments = {c.dataset: next((col.name for col in c.columns if col.type == "datetime"), None) for c in happening}
    known = {dataset: moment for dataset, moment in moments.items() if moment}
    return {"events": list(known), "moments": list(known.values())}
