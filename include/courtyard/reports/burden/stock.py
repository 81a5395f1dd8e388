"""Counting what was published before there was a count: each form is made again as it was known then."""

from __future__ import annotations

from sqlalchemy import text

from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports.burden import counting
from courtyard.reports.job import Job

_UNCOUNTED = text("""
SELECT report, period, revision, as_known_at, content_hash, manifest -> 'notes' AS notes FROM publish.publication p
 WHERE street_code = :street AND report = ANY(:reports)
   AND NOT EXISTS (SELECT FROM publish.cell_count c
                    WHERE (c.street_code, c.report, c.period, c.revision)
                        = (p.street_code, p.report, p.period, p.revision))
 ORDER BY report, period, revision
""")


def take(ctx: Context) -> tuple[int, int]:
    """Count every publication that has no counts; returns how many were counted and how many cannot be made again.

    The latter are those whose form or SQL has changed since: what they asked for cannot be told any more.
    """
    counted = changed = 0
    with ctx.engine("publisher").begin() as connection:
        where = {"street": ctx.street_code, "reports": list(ctx.district.reports)}
        for row in connection.execute(_UNCOUNTED, where).all():
            job = Job(ctx, ctx.district.reports[row.report], Period.parse(row.period), connection)
            made = job.content(row.as_known_at, notes=row.notes)
            if made.content_hash != row.content_hash:
                changed += 1
                continue
            counting.record(connection, ctx, job.where, row.revision, counting.count(ctx.district, job.spec, made))
            counted += 1
    return counted, changed
