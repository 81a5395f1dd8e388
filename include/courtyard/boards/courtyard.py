"""A courtyard's page: its archive of a quarter with history and trend, and what is open in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import Response

from courtyard.boards import answering, courtyard_reading, guard, map_reading, map_seen, menu
from courtyard.boards.map_drawing import Sheet
from courtyard.boards.map_reading import Place
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.cases import overview
from courtyard.context import Context
from courtyard.district.models import Courtyard
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI
from courtyard.warehouse import dossier

AROUND_METRES = 220  # that the small map shows to each side
ASSUMED_WIDTH = 420


def mount(app: FastAPI) -> None:
    @app.get("/courtyard/{code}")
    def show(
        request: Request, code: str, quarter: str = "", known: str = "", who: Who = guard.allowed(menu.MAP)
    ) -> Response:
        ctx = guard.context(request)
        courtyard = ctx.district.courtyard_by_code.get(code)
        if courtyard is None:
            raise Refused(404, "没有这个院落。", "请从一张图进入，或检查院落编码。")
        is_open = map_seen.sees_unit_of(ctx.district, who, code)
        known_on = _day(known)
        if known_on and not is_open:
            guard.forbid(request, "更正前的档案只对街道和本社区开放。")
        with ctx.engine("publisher").connect() as connection:
            values = _archive(connection, ctx, who, courtyard, (quarter, known_on))
            if is_open:
                values |= _open(connection, ctx, courtyard, guard.now(request))
        day = guard.today(request)
        values["history"] = courtyard_reading.history(ctx.district, courtyard)
        values["posts"] = courtyard_reading.posts(ctx.district, courtyard, day)
        values["span"] = ctx.district.history.span(code)
        values["names"] = ctx.district.courtyard_by_code
        values |= {"courtyard": courtyard, "address": ctx.district.standard_address(courtyard), "is_open": is_open}
        values |= _locator(ctx, courtyard, day)
        return answering.page(request, "courtyard.html", known=known_on, **values)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Refused(400, "没有这一天。", "请写成 2026-04-15 这样的日期。") from None


def _archive(
    connection: Connection, ctx: Context, who: Who, courtyard: Courtyard, asked: tuple[str, date | None]
) -> dict[str, Any]:
    """The archive as a user may see it; `found` is None where there is none at all."""
    versions = courtyard_reading.versions(connection, courtyard.code)
    quarters = sorted({one["period"] for one in versions if one["is_current"]})
    quarter, known = map_reading.chosen(quarters, asked[0]), asked[1]
    if quarter is None:
        return {"quarter": None, "quarters": [], "found": None}
    district, is_open = ctx.district, map_seen.sees_unit_of(ctx.district, who, courtyard.code)
    try:
        found = dossier.read(connection, district, courtyard, quarter, known)
    except CourtyardError as error:  # nothing was known of the quarter on that day
        raise Refused(404, error.message, error.remedy) from None
    marks = None if is_open else _marks(map_reading.figures(connection, ctx, quarter), ctx, courtyard.code)
    shown = courtyard_reading.indicators(district, found["indicators"], is_open=is_open)
    open_tags = map_seen.open_tags(district)
    return {
        "quarter": quarter,
        "quarters": quarters,
        "found": {key: found[key] for key in ("name", "community", "grid", "recorded_at")},
        "modules": courtyard_reading.modules(district, found, marks),
        "responses": courtyard_reading.responses(district, found["response"], is_open=is_open),
        "event_figures": courtyard_reading.EVENT_FIGURES,
        "tags": [tag for tag in found["tags"] if is_open or tag["tag"] in open_tags],
        "unjudged": [tag for tag in found["unjudged"] if is_open or tag["tag"] in open_tags],
        "indicators": shown,
        "signed": courtyard_reading.signed,
        "dash": courtyard_reading.number_or_dash,
        "charts": courtyard_reading.trends(district, versions, shown, is_open=is_open),
        "corrections": courtyard_reading.corrections(district, versions, quarter) if is_open else [],
    }


def _marks(places: list[Place], ctx: Context, code: str) -> dict[str, Any]:
    """The mark of each key group of a courtyard."""
    names = [f"key_groups.{group.group}" for group in ctx.district.key_groups]
    return {name: found.get(code) for name, found in map_seen.marked(ctx.district, places, names).items()}


def _open(connection: Connection, ctx: Context, courtyard: Courtyard, at: Any) -> dict[str, Any]:
    """What is open now: cases and other matters."""
    return {
        "cases": overview.listing(connection, ctx, at, courtyard=courtyard.code),
        "items": courtyard_reading.items(connection, ctx, courtyard, at.astimezone(SHANGHAI).date()),
    }


def _locator(ctx: Context, courtyard: Courtyard, day: date) -> dict[str, Any]:
    """The small map: the courtyard among its neighbours of the day."""
    sheet = Sheet(ctx.district)
    here = sheet.shape(courtyard.code)
    codes = {courtyard.code, *(c.code for c in ctx.district.courtyards_on(day))}
    near = [shape for shape in map(sheet.shape, codes) if _is_near(shape.x - here.x, shape.y - here.y)]
    frame = (here.x - AROUND_METRES, here.y - AROUND_METRES * 0.6, AROUND_METRES * 2, AROUND_METRES * 1.2)
    return {
        "spot": here,
        "near": sorted((shape for shape in near if shape.code != courtyard.code), key=lambda shape: shape.code),
        "frame": [round(number, 1) for number in frame],
        "unit": round(frame[2] / ASSUMED_WIDTH, 2),
        "roads": sheet.roads(),
    }


def _is_near(x: float, y: float) -> bool:
    return abs(x) < AROUND_METRES * 1.2 and abs(y) < AROUND_METRES
