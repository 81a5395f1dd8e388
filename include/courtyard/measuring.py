"""What stands now, as gauges for a monitoring system: names of sources and counts, never a person or a unit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from courtyard.cases import overview
from courtyard.context import Context
from courtyard.district.models import District
from courtyard.reports import signing
from courtyard.watching import lateness

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
    found |= {f"source.{source}.late_hours": hours for source, hours in late_hours(ctx.district, landed, at).items()}
    found |= {f"reports.{name}": count for name, count in connection.execute(_REPORTS, where).mappings().one().items()}
    unsigned = [p for p in signing.latest(connection, ctx) if p.state != "signed"]
    cases = overview.counts(connection, ctx, at)
    return found | {
        "reports.unsigned": len(unsigned),
        "cases.open": cases["open"],
        "cases.overdue": cases["overdue"],
    }


def late_hours(district: District, landed: set[tuple[str, str]], at: datetime) -> dict[str, int]:
    """For how many hours the newest period that is due has been missing, by source; 0 where it has come or is in time.

    Late is what the watch calls late (`rules/watch.yaml`). Sources whose deliveries keep coming, or that nobody is asked
    for, are never late and have no entry.
    """
    found: dict[str, int] = {}
    for spec in district.sources.values():
        if lateness.keeps_coming(spec) or not lateness.is_asked(spec):
            continue
        newest = next(iter(lateness.due(district, spec, at)), None)
        is_missing = newest is not None and (spec.source, str(newest.period)) not in landed
        found[spec.source] = int((at - newest.late_at) / timedelta(hours=1)) if newest and is_missing else 0
    return found
