"""工单: open cases with both clocks, by level, overdue first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import Response

from courtyard.boards import answering, case, guard, menu
from courtyard.boards.who import Who
from courtyard.cases import overview, telling
from courtyard.cases.event import OPEN, STATUS_TITLES
from courtyard.context import Context

PER_PAGE = 50
FOLLOW_UP = "follow_up"
_STATUSES = {status: STATUS_TITLES[status] for status in STATUS_TITLES if status in OPEN} | {FOLLOW_UP: "待回访"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Filters:
    """Which cases are listed; all of it may stand in an address."""

    level: str = ""
    unit: str = ""
    category: str = ""
    urgency: str = ""
    status: str = ""
    channel: str = ""
    overdue: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filters:
        return cls(**{name: query.get(name, "")[:40] for name in cls.__dataclass_fields__})

    def query(self, **other: str) -> str:
        """As the end of an address, some of it replaced: '' or '?level=street&…'."""
        said = {name: value for name, value in {**asdict(self), **other}.items() if value}
        return f"?{urlencode(said)}" if said else ""

    def fit(self, one: Row) -> bool:
        for name in ("level", "category", "urgency"):
            if getattr(self, name) not in ("", one[name]):
                return False
        if (self.status == FOLLOW_UP and not one["follow_up"]) or self.status not in ("", FOLLOW_UP, one["status"]):
            return False
        is_reported = not self.channel or self.channel in one["channels"]
        return is_reported and one["unit_code"].startswith(self.unit) and (one["is_overdue"] or not self.overdue)


def mount(app: FastAPI) -> None:
    """Add the list, and each case with what can be done."""

    @app.get("/cases")
    def whole(request: Request, page: int = 1, done: str = "", who: Who = guard.allowed(menu.CASES)) -> Response:
        return _list(request, who, Filters.of(request.query_params), page, done)

    case.mount(app)


def _list(request: Request, who: Who, filters: Filters, page: int, done: str) -> Response:
    ctx, at = guard.context(request), guard.now(request)
    with ctx.engine().connect() as connection:
        rows = _rows(connection, ctx, who, at)
    found = [one for one in rows if filters.fit(one)]
    last = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), last)
    units = {one["unit_code"]: one["unit_name"] for one in rows}
    return answering.page(
        request,
        "cases.html",
        rows=[{**one, **case.clocks(one, at)} for one in found[(page - 1) * PER_PAGE : page * PER_PAGE]],
        counts={
            "open": sum(one["status"] in OPEN for one in rows),
            "overdue": sum(one["is_overdue"] for one in rows),
            "held": sum(one["status"] == "held" for one in rows),
            "follow_up": sum(one["follow_up"] for one in rows),
        },
        levels=_by_level(ctx, rows),
        choices={
            "unit": sorted(units.items()),
            "category": _known(rows, "category"),
            "urgency": _known(rows, "urgency"),
            "status": list(_STATUSES.items()),
            "channel": [(code, title) for code, title in telling.CHANNELS.items()],
        },
        titles={"unit": "单位", "category": "类别", "urgency": "缓急", "status": "状态", "channel": "渠道"},
        filters=filters,
        shown=len(found),
        pages=(page, last),
        done=done[:24],
    )


def _rows(connection: Connection, ctx: Context, who: Who, at: datetime) -> list[Row]:
    """The open cases of a user and those to follow up, overdue first, each with its channels."""
    found = overview.listing(connection, ctx, at) + overview.follow_ups(connection, ctx, at)
    own = [one for one in found if case.is_for(who, ctx, one["unit_code"], one["courtyard_code"])]
    channels = overview.channels(connection, ctx, [one["case_no"] for one in own])
    return [{**one, "channels": channels.get(one["case_no"], [])} for one in own]


def _by_level(ctx: Context, rows: list[Row]) -> list[Row]:
    counts, late = Counter(o["level"] for o in rows), Counter(o["level"] for o in rows if o["is_overdue"])
    levels = ctx.district.cases.levels
    return [
        {"code": one.level, "title": one.title, "count": counts[one.level], "late": late[one.level]} for one in levels
    ]


def _known(rows: list[Row], name: str) -> list[tuple[str, str]]:
    return sorted({(one[name], one[f"{name}_title"]) for one in rows}, key=lambda pair: pair[1])
