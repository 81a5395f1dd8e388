"""One published revision as it is recorded: found by report, period and number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.district.models import ReportSpec
from courtyard.errors import UsageError
from courtyard.period import Period

_FIND = text("""
SELECT revision, as_known_at, folder, rows, manifest FROM publish.publication
 WHERE street_code = :street AND report = :report AND period = :period
   AND (CAST(:revision AS int) IS NULL OR revision = :revision)
 ORDER BY revision DESC LIMIT 1
""")


@dataclass(frozen=True)
class Published:
    """A row of `publish.publication`; `rows` are those of the form's body."""

    report: str
    period: Period
    revision: int
    as_known_at: datetime
    folder: str
    rows: int
    manifest: dict[str, Any]

    def path(self, ctx: Context, name: str) -> Path:
        """Where one of its files lies."""
        return ctx.settings.published / self.folder / name


def find(connection: Connection, ctx: Context, spec: ReportSpec, period: Period, revision: int | None) -> Published:
    """A revision of a report, the newest unless given; UsageError when there is none."""
    found = look_for(connection, ctx, spec.report, period, revision)
    if found is None:
        wanted = f"第 {revision} 版" if revision else ""
        raise UsageError(f"{spec.title} {period} {wanted}没有发布过。", "请先运行该季度，或改正期别。")
    return found


def look_for(
    connection: Connection, ctx: Context, report: str, period: Period, revision: int | None = None
) -> Published | None:
    """A revision of whatever was published under this name, the pack's reports and the bulletin alike; None for none."""
    where = {"street": ctx.street_code, "report": report, "period": str(period), "revision": revision}
    row = connection.execute(_FIND, where).one_or_none()
    return Published(report, period, **row._mapping) if row else None
