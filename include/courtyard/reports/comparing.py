"""Two published revisions beside each other, whichever they are; every look is written to the audit log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping, text

from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.reports import causes, changes, editions
from courtyard.reports.changes import KINDS, Entry
from courtyard.reports.job import Job

_PUBLISHED = text("""
SELECT revision, content_hash, as_known_at, folder, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period ORDER BY revision
""")
_AUDIT = text("INSERT INTO audit.event (actor, action, object) VALUES (:actor, 'compare', :object)")


def compare(ctx: Context, report: str, period: str, old: int | None, new: int | None) -> dict[str, Any]:
    """See `courtyard.reports.compare`."""
    spec = ctx.district.reports.get(report)
    if spec is None:
        raise UsageError(f"没有报表“{report}”。", f"可选：{'、'.join(ctx.district.reports)}。")
    with ctx.engine("publisher").begin() as connection:
        job = Job(ctx, spec, Period.parse(period), connection)
        first, second = _pair(job, old, new)
        if second["revision"] == first["revision"] + 1:
            entries = changes.kept(job, second["revision"])
        else:
            entries = changes.between(job, editions.published(job, first), editions.published(job, second))
        words = causes.described(connection, ctx.district, {c for entry in entries for c in entry.causes})
        connection.execute(_AUDIT, {"actor": ctx.holder, "object": f"{first['folder']} {second['folder']}"})
    return {
        "report": report,
        "title": spec.title,
        "period": str(job.period),
        "old": first["revision"],
        "new": second["revision"],
        "count": len(entries),
        "changes": [_shown(entry, words) for entry in entries],
    }


def _pair(job: Job, old: int | None, new: int | None) -> tuple[RowMapping, RowMapping]:
    known = {row["revision"]: row for row in job.connection.execute(_PUBLISHED, job.where).mappings()}
    if not known:
        raise UsageError(f"{job.spec.title} {job.period} 没有发布过。", "请先运行该季度，或改正期别。")
    new = new if new is not None else max(known)
    old = old if old is not None else new - 1
    if old not in known or new not in known or old >= new:
        only = f"已发布第 1 至 {max(known)} 版" if len(known) > 1 else "只发布过第 1 版"
        raise UsageError(f"{job.spec.title} {job.period} {only}。", "--from 写较早的版次，--to 写较晚的版次。")
    return known[old], known[new]


def _shown(entry: Entry, words: dict[causes.Cause, str]) -> dict[str, Any]:
    change = entry.change
    return {
        "kind": KINDS[change.kind],
        "cell": change.cell,
        "old_cell": change.old_cell,
        "column": change.header,
        "label": change.label,
        "before": str(change.before) if isinstance(change.before, Decimal) else change.before,
        "after": str(change.after) if isinstance(change.after, Decimal) else change.after,
        "cause": changes.reasons(entry, words),
    }
