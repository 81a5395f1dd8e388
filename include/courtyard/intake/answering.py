"""What the service answers with: pages from the templates of this package, JSON for its own script, refusals in both."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from courtyard.intake.refusal import Refused
from courtyard.pages import Pages
from courtyard.period import SHANGHAI

GEOREPORT = "/georeport/"


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template of this package."""
    state = request.app.state
    given = {"street": state.district.office.short_name, "cases": state.district.cases, "asset": _PAGES.address}
    return HTMLResponse(_PAGES.render(name, **given, **values), status)


def wants_json(request: Request) -> bool:
    """Whether the page's own script (or a mini-program) asks, not a browser's window."""
    return "application/json" in request.headers.get("accept", "")


def refusal(request: Request, refused: Refused) -> Response:
    """A refusal in the form its sender reads: GeoReport's errors, JSON, or a page."""
    if request.url.path.startswith(GEOREPORT):
        answer = _georeport_error(request, refused)
    elif wants_json(request):
        answer = JSONResponse({"error": refused.message, "remedy": refused.remedy}, refused.status)
    else:
        answer = page(request, "refused.html", refused.status, refused=refused)
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def asset(name: str) -> Response:
    """A style sheet or script of this package."""
    if (found := _PAGES.asset(name, "public")) is None:
        raise HTTPException(404)
    return found


def moment(at: datetime | None) -> str:
    """A moment as a resident reads it: 11月26日 18:05."""
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _georeport_error(request: Request, refused: Refused) -> Response:
    told = f"{refused.message}{refused.remedy}"
    if request.url.path.endswith(".xml"):
        error = f"<error><code>{refused.status}</code><description>{escape(told)}</description></error>"
        body = f'<?xml version="1.0" encoding="utf-8"?><errors>{error}</errors>'
        return Response(body, refused.status, media_type="text/xml; charset=utf-8")
    return JSONResponse([{"code": refused.status, "description": told}], refused.status)


_PAGES = Pages(Path(__file__).with_name("templates"), moment=moment)
