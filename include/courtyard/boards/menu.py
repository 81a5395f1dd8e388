"""The pages, in the order of the menu, and which role may open which."""

from __future__ import annotations

from dataclasses import dataclass

from courtyard.district.users import Role

EVERYBODY: frozenset[Role] = frozenset({"street", "community", "department", "viewer"})


@dataclass(frozen=True)
class Page:
    """One entry of the menu; pages below its path belong to it and may narrow its roles further."""

    name: str
    path: str
    title: str
    roles: frozenset[Role] = EVERYBODY


MAP = Page("map", "/map", "一张图")
QUARTER = Page("quarter", "/quarter", "季度看板")
REPORTS = Page("reports", "/reports", "报表目录")
DESK = Page("desk", "/desk", "核实台", frozenset({"street", "community", "department"}))
CASES = Page("cases", "/cases", "工单", frozenset({"street", "community"}))
BURDEN = Page("burden", "/burden", "减负账")
BACKFILL = Page("backfill", "/backfill", "回填", frozenset({"street"}))
MENU = (MAP, QUARTER, REPORTS, DESK, CASES, BURDEN, BACKFILL)

# Not in the menu: other pages, and Airflow's tasks, lead there.
DELIVERIES = Page("deliveries", "/deliveries", "来件", frozenset({"street", "community", "department"}))
QUALITY = Page("quality", "/quality", "质量报告", frozenset({"street"}))
RUNS = Page("runs", "/runs", "运行记录", frozenset({"street"}))
