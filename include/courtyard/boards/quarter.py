"""季度看板: what came, what is missing, what is held and what went out, a quarter at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from courtyard.boards import answering, guard, menu, quarter_asked, quarter_reading, report
from courtyard.boards.quarter_reading import Board, Line
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.period import Period
from courtyard.reports.progress import Stage
from courtyard.submissions.collection import SHEETS
from courtyard.warehouse.arrivals import TITLES

# What can be chosen in the filter: key, words. Sheets by their state, feeds and reports by theirs.
_STATES: dict[str, dict[str, str]] = {
    "网格": {**SHEETS, "late": quarter_reading.LATE},
    "来源": {f"feed-{key}": title for key, title in TITLES.items()},
    "报表": {**{f"report-{stage.name.lower()}": stage.value for stage in Stage}, "report-overdue": "已逾期"},
}


def mount(app: FastAPI) -> None:
    @app.get("/quarter")
    def newest(request: Request, who: Who = guard.allowed(menu.QUARTER)) -> Response:
        office = request.app.state.district().office
        return _shown(request, who, quarter_asked.newest(office, guard.today(request)))

    @app.get("/quarter/{quarter}")
    def quarter(request: Request, quarter: str, who: Who = guard.allowed(menu.QUARTER)) -> Response:
        office = request.app.state.district().office
        return _shown(request, who, quarter_asked.asked(office, quarter, guard.today(request)))


def _shown(request: Request, who: Who, quarter: Period) -> Response:
    community, state = request.query_params.get("community", ""), request.query_params.get("status", "")
    states = {key for titles in _STATES.values() for key in titles}
    if state and state not in states:
        raise Refused(400, "没有这个状态。", "请从筛选框里选。")
    ctx, day = guard.context(request, str(quarter)), guard.today(request)
    with ctx.engine("publisher").connect() as connection:
        found = quarter_reading.board(connection, ctx, who, day)
    if community and community not in {one.code for one in found.communities}:
        raise Refused(404, "没有这个社区。", "请从筛选框里选。")
    shown = _filtered(found, community, state)
    chosen = {"community": community, "status": state}
    return answering.page(
        request, "quarter.html", board=found, chosen=chosen, states=_STATES, marks=_calendar(found, day), today=day,
        names=report.names(ctx), sheet_titles=_STATES["网格"], feed_titles=TITLES, stages=Stage, **shown,
    )  # fmt: skip


def _filtered(board: Board, community: str, state: str) -> dict[str, Any]:
    """The parts of the board that a filter leaves; a part without a line of the chosen state is None."""
    kind = (
        "feed" if state.startswith("feed-") else "report" if state.startswith("report-") else "sheet" if state else ""
    )
    of_sheets = kind in ("", "sheet")
    is_whole = not community or kind in ("feed", "report")
    sheets = [
        pair
        for pair in board.sheets
        if (not community or pair[1].about.community_code == community)
        and (not state or state in (pair[1].about.state, "late" if pair[1].about.is_late else ""))
    ]
    communities = [one for one in board.communities if not community or one.code == community]
    return {
        "communities": communities if of_sheets and board.communities else None,
        "sheets": sheets,
        "feeds": _of_state(board.feeds, state, "feed") if is_whole and kind in ("", "feed") else None,
        "reports": _of_state(board.reports, state, "report") if is_whole and kind in ("", "report") else None,
    }


def _of_state(lines: list[Line] | None, state: str, kind: str) -> list[Line] | None:
    if lines is None or not state:
        return lines
    wanted = state.removeprefix(f"{kind}-")
    if wanted == "overdue":
        return [line for line in lines if line.about.is_overdue]
    return [line for line in lines if wanted == _name(line)]


def _name(line: Line) -> str:
    about = line.about
    return about.stage.name.lower() if hasattr(about, "stage") else about.state


def _calendar(board: Board, day: date) -> list[dict[str, Any]]:
    """The quarter's days in order, today among them."""
    cycle, quarter = board.cycle, board.quarter
    marks = [
        (quarter.start, "季度开始"),
        (cycle.issued_on, "下发采集表"),
        (quarter.last_day, "季度最后一天"),
        (cycle.due_on, "网格报送截止"),
        (cycle.frozen_on, "冻结，此后为更正"),
    ]
    if board.lock.state == "closed" and board.lock.since:
        marks.append((board.lock.since, "关闭，不再收"))
    found = [{"on": on, "title": title, "is_past": on < day, "is_today": False} for on, title in marks]
    found.append({"on": day, "title": "今天", "is_past": False, "is_today": True})
    return sorted(found, key=lambda mark: (mark["on"], not mark["is_past"]))
