"""What stands now, as gauges for a monitoring system: names of sources and counts, never a person or a unit."""

from __future__ import annotations

from datetime import datetime, timedelta

from croniter import croniter
from sqlalchemy import Connection, text

from courtyard.cases import overview
from courtyard.context import Context
from courtyard.district.models import SourceSpec
from courtyard.period import SHANGHAI, Period
from courtyard.reports import signing

NAMES = (
    *(f"rows.{{source}}.{what}" for what in ("landed", "merged", "quarantined", "superseded", "held", "residual")),
    "source.{source}.late_hours",
    *(f"reports.{what}" for what in ("held", "unsigned", "undelivered")),
    *(f"cases.{what}" for what in ("open", "overdue")),
)
"""Every name of `gauges`; there are as many of those with `{source}` as the pack has sources."""
_ROWS = text("""
SELECT source, sum(landed) AS landed, sum(merged) AS merged, sum(quarantined) AS quarantined,
       sum(superseded) AS superseded, sum(held) AS held, sum(residual) AS residual
  FROM mart.ledger WHERE street_code = :street GROUP BY source ORDER BY source
""")
_LANDED = text("""
SELECT source, period FROM landing.fetch WHERE street_code = :street AND status IN ('landed', 'absent')
UNION SELECT source, period FROM landing.delivery WHERE street_code = :street
""")
_REPORTS = text("""
SELECT (SELECT count(*) FROM publish.hold WHERE street_code = :street) AS held,
       (SELECT count(*) FROM mart.report_delivery WHERE street_code = :street AND state = 'waiting') AS undelivered
""")


def gauges(connection: Connection, ctx: Context, at: datetime) -> dict[str, int]:
    """Name, one of `NAMES`, -> value."""
    where = {"street": ctx.street_code}
    found: dict[str, int] = {}
    for row in connection.execute(_ROWS, where).mappings():
        counts = {name: int(count) for name, count in row.items() if name != "source"}
        found |= {f"rows.{row['source']}.{name}": count for name, count in counts.items()}
    landed = {(source, period) for source, period in connection.execute(_LANDED, where)}
    for spec in ctx.district.sources.values():
        if (hours := late_hours(spec, landed, at)) is not None:
            found[f"source.{spec.source}.late_hours"] = hours
    found |= {f"reports.{name}": count for name, count in connection.execute(_REPORTS, where).mappings().one().items()}
    unsigned = [p for p in signing.latest(connection, ctx) if p.state != "signed"]
    cases = overview.counts(connection, ctx, at)
    return found | {
        "reports.unsigned": len(unsigned),
        "cases.open": cases["open"],
        "cases.overdue": cases["overdue"],
    }


def late_hours(spec: SourceSpec, landed: set[tuple[str, str]], at: datetime) -> int | None:
    """For how many hours a source's last finished period has been missing, from the day on which it is fetched.

    0 when it has come or is not due yet; None for a source that is asked for nothing or whose rows keep coming.
    """
    if spec.transport == "desk" or spec.schedule.split()[2] == "*":
        return None
    due = croniter(spec.schedule, at.astimezone(SHANGHAI) + timedelta(seconds=1)).get_prev(datetime)
    expected = Period.of(spec.cadence, due).previous()
    return 0 if (spec.source, str(expected)) in landed else int((at - due) / timedelta(hours=1))
