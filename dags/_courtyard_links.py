"""Where the results of a task are seen: it says so itself, as it begins, and `plugins/courtyard_links.py` shows it.

A task leaves the paths of pages under one XCom key, so a link is right for what the task really works on: its quarter,
a mapped task's own source, one report among many.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import _courtyard_schedule as schedule
from courtyard.period import Period

KEY = "courtyard_links"
DELIVERIES, RECEIPTS, QUALITY, RUNS = "来件", "回执", "质量报告", "运行记录"
BOARD, REPORTS, CASES = "季度看板", "报表", "工单"


def leave(ti: Any, step: str, period: str, part: str | None = None) -> None:
    """Leave the links of a step with a task instance."""
    ti.xcom_push(key=KEY, value=links_of(step, period, part))


def leave_reports(ti: Any, asked: list[dict[str, Any]]) -> None:
    """Leave a link to the one report that a question is about, else to all of them, and to the newest one's quarter."""
    about = sorted({(_quarter(each["period"]), each["report"], each["period"]) for each in asked})
    quarter, report, period = about[-1]
    page = f"/reports/{report}/{period}" if len(about) == 1 else "/reports"
    ti.xcom_push(key=KEY, value={REPORTS: page, BOARD: f"/quarter/{quarter}"})


def links_of(step: str, period: str, part: str | None = None) -> dict[str, str]:
    """Title -> path of the pages that show what a step does: a stage or an action of the library."""
    quarter = _quarter(period)
    board, runs = {BOARD: f"/quarter/{quarter}"}, {RUNS: f"/runs/{quarter}"}
    came = {DELIVERIES: _deliveries(period, part)}
    match step:
        case "open":
            return {**runs, **board}
        case "fetch" | "collect" | "parse" | "admit" | "link" | "merge":
            return came
        case "validate":
            return {QUALITY: f"/quality/{quarter}", **came}
        case "receipt" | "take_in":
            return {RECEIPTS: _deliveries(quarter, _submitted()), **board}
        case "cases" | "reports_wait" | "take_in_reports":
            return {CASES: "/cases"}
        case "publish":
            return {REPORTS: "/reports", **runs, **board}
        case "report" | "deliver" | "questions" | "ask" | "answer":
            return {REPORTS: "/reports", **board}
        case _:
            return board


def _quarter(period: str) -> Period:
    return Period.of("quarter", Period.parse(period).last_day)


def _deliveries(period: Any, source: str | None) -> str:
    asked = {"source": source, "period": str(period)}
    return "/deliveries?" + urlencode({name: value for name, value in asked.items() if value})


def _submitted() -> str | None:
    """The source that units hand in, where there is just one; receipts are given for what they hand in."""
    found = [source.source for source in schedule.sources() if source.is_submitted]
    return found[0] if len(found) == 1 else None
