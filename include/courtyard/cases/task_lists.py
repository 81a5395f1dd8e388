"""Tasks as people look at them: all of them, one with its parts, those of one courtyard, the burden of each department."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from courtyard.cases.event import STATUS_TITLES
from courtyard.cases.tasks import ADMISSIONS
from courtyard.context import Context
from courtyard.errors import UsageError

_STATES = {**STATUS_TITLES, "answered": "已办结", "refused": "已退回"}
_COLUMNS = """
       c.case_no, c.parent_no, c.level, c.unit_code, c.status, c.acknowledged_at, c.answered_at, t.title, t.asked_by, t.basis,
       t.duty, t.admission, t.reason, t.detail, t.due_at, t.courtyards, c.is_supervised OR c.is_total_overdue AS was_late
"""
_ROOTS = text(f"""
SELECT {_COLUMNS}, n.parts, n.parts_done, n.parts_late
  FROM cases.task t
  JOIN cases.case c USING (street_code, case_no)
 CROSS JOIN LATERAL (
    SELECT count(*) AS parts, count(*) FILTER (WHERE p.status IN ('answered', 'closed')) AS parts_done,
           count(*) FILTER (WHERE (p.is_supervised OR p.is_total_overdue) AND p.status IN ('waiting', 'handling')) AS parts_late
      FROM cases.case p
     WHERE p.street_code = c.street_code AND p.parent_no = c.case_no AND p.status <> 'refused') n
 WHERE t.street_code = :street AND c.parent_no IS NULL ORDER BY c.opened_at, c.case_no
""")
_TREE = text(f"""
WITH RECURSIVE part AS (
    SELECT CAST(:case_no AS text) AS case_no, 0 AS depth, CAST(:case_no AS text) AS path
    UNION ALL
    SELECT c.case_no, p.depth + 1, p.path || '/' || c.unit_code || c.case_no
      FROM part p JOIN cases.case c ON c.street_code = :street AND c.parent_no = p.case_no
)
SELECT {_COLUMNS}, p.depth,
       (SELECT coalesce(e.data ->> 'text', e.data ->> 'reason') FROM cases.event e
         WHERE e.street_code = c.street_code AND e.case_no = c.case_no AND e.kind IN ('answered', 'refused')
         ORDER BY e.seq DESC LIMIT 1) AS result
  FROM part p
  JOIN cases.case c ON c.street_code = :street AND c.case_no = p.case_no
  JOIN cases.task t ON t.street_code = c.street_code AND t.case_no = c.case_no
 ORDER BY p.path
""")
_LANDING = text("""
SELECT * FROM mart.task_landing WHERE street_code = :street AND courtyard_code = :courtyard ORDER BY due_at, case_no
""")
_BURDEN = text("SELECT * FROM mart.task_burden WHERE street_code = :street ORDER BY year, tasks DESC, asked_by")


def roots(ctx: Context) -> list[dict[str, Any]]:
    """The tasks of departments, with how many parts (directly below) there are, are done and are late."""
    return _rows(ctx, _ROOTS)


def tree(ctx: Context, case_no: str) -> list[dict[str, Any]]:
    """A task, or a part of it, and all below it, each with its `depth` and its result; UsageError when it is none."""
    if found := _rows(ctx, _TREE, case_no=case_no):
        return found
    raise UsageError(f"没有任务{case_no}。", "用 courtyard tasks list 查看全部任务。")


def landing(ctx: Context, courtyard: str) -> list[dict[str, Any]]:
    """The tasks that land in a courtyard (a code), and who has each of them now; UsageError for an unknown code."""
    if courtyard not in ctx.district.courtyard_by_code:
        raise UsageError(f"没有编码为{courtyard}的院落。", "请对照 courtyards.csv 写16位院落编码。")
    return _rows(ctx, _LANDING, courtyard=courtyard)


def burden(ctx: Context) -> list[dict[str, Any]]:
    """`mart.task_burden`: tasks by department and year."""
    with ctx.engine().connect() as connection:
        return [dict(row) for row in connection.execute(_BURDEN, {"street": ctx.street_code}).mappings()]


def _rows(ctx: Context, query: Any, **bound: str) -> list[dict[str, Any]]:
    with ctx.engine().connect() as connection:
        found = connection.execute(query, {"street": ctx.street_code, **bound}).mappings().all()
    return [{**row, **_titles(ctx, row)} for row in found]


def _titles(ctx: Context, row: Any) -> dict[str, str]:
    unit = ctx.district.unit_by_code.get(row["unit_code"])
    late = "（逾期）" if row["was_late"] and row["status"] in ("waiting", "handling") else ""
    return {
        "unit_name": unit.name if unit else row["unit_code"],
        "state": _STATES[row["status"]] + late,
        "admission_title": ADMISSIONS[row["admission"]],
    }
