"""The runs of a quarter and what must be run again, as the quarter board tells them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from courtyard.context import Context
from courtyard.period import Period

KINDS = {"scheduled": "定时", "manual": "手动", "backfill": "回填", "follow_on": "续算", "cli": "命令行"}
OUTCOMES = {"running": "运行中", "waiting": "等待", "done": "完成", "held": "有报表暂缓", "failed": "失败"}
LOST = "中断"
_RUNS = text("""
SELECT kind, reason, requested_by, asked_at, opened_at, ended_at, outcome, is_lost, waits_for, waits_for_kind,
       waits_for_reason, waits_for_since
  FROM mart.quarter_run WHERE street_code = :street AND quarter = :quarter ORDER BY asked_at DESC, run_no DESC LIMIT :most
""")
_DUE = text("""
SELECT quarter, because_of, sources, cardinality(delivery_ids) AS deliveries, asked_at
  FROM mart.follow_on WHERE street_code = :street AND is_due ORDER BY quarter, asked_at
""")
MOST = 20


def of(connection: Connection, ctx: Context, quarter: Period) -> list[dict[str, Any]]:
    """The newest runs of a quarter, with `title`, `css` and `waiting` (for whom one waits) to be shown."""
    rows = connection.execute(_RUNS, {"street": ctx.street_code, "quarter": str(quarter), "most": MOST}).mappings()
    return [_told(row) for row in rows]


def due(connection: Connection, ctx: Context) -> list[dict[str, Any]]:
    """Follow-ons still due, of all quarters: {quarter, because_of, sources, deliveries, asked_at}."""
    titles = {source.source: source.title for source in ctx.district.sources.values()}
    rows = connection.execute(_DUE, {"street": ctx.street_code}).mappings()
    return [{**row, "sources": "、".join(titles.get(name, name) for name in row["sources"])} for row in rows]


def _told(row: Any) -> dict[str, Any]:
    outcome = LOST if row["is_lost"] else OUTCOMES[row["outcome"]]
    css = {"done": "good", "held": "warn", "waiting": "warn", "failed": "bad"}.get(row["outcome"], "")
    waiting = ""
    if row["outcome"] == "waiting" and row["waits_for"]:
        kind = KINDS.get(row["waits_for_kind"] or "", "")
        why = f"（{row['waits_for_reason']}）" if row["waits_for_reason"] else ""
        waiting = f"等{kind}运行 {row['waits_for']} 结束{why}"
    return {
        **row,
        "kind": KINDS[row["kind"]],
        "title": outcome,
        "css": "bad" if row["is_lost"] else css,
        "waiting": waiting,
    }
