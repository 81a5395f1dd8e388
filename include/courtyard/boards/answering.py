"""Pages from the templates of this package, its assets, and refusals."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from courtyard.boards import menu
from courtyard.boards.refusal import Refused
from courtyard.pages import Pages
from courtyard.period import SHANGHAI

NOT_KNOWN = "—"


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page from a template of this package.

    Templates have `at(path)` for links within the pages, `asset(name)`, `who`, `here` (the menu's entry), `office`,
    and the filters `moment`, `day`, `number` and `period`.
    """
    state, root = request.app.state, request.scope.get("root_path", "")
    who = getattr(request.state, "who", None)
    shown = [entry for entry in menu.MENU if who and who.role in entry.roles]
    here = next((entry for entry in menu.MENU if _below(request, entry)), None)
    given = {"who": who, "menu": shown, "here": here, "office": state.district().office, "at": lambda p: root + p}
    given["asset"] = lambda name: root + _PAGES.address(name)
    body = _PAGES.render(name, **given, **values)
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})


def _below(request: Request, entry: menu.Page) -> bool:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path == entry.path or path.startswith(entry.path + "/")


def back(request: Request, path: str) -> RedirectResponse:
    """To a page after something was done; a page read again does not do it again."""
    return RedirectResponse(request.scope.get("root_path", "") + path, 303)


def refusal(request: Request, refused: Refused) -> Response:
    """A refusal as a page, or as JSON to whoever asks for JSON."""
    if "application/json" in request.headers.get("accept", ""):
        answer: Response = JSONResponse({"error": refused.message, "remedy": refused.remedy}, refused.status)
    else:
        answer = page(request, "refused.html", refused.status, refused=refused)
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    return answer


def asset(name: str) -> Response:
    """A style sheet or script of this package."""
    if (found := _PAGES.asset(name, "private")) is None:
        raise Refused(404, "没有这个文件。")
    return found


def moment(at: datetime | None) -> str:
    """A moment in Asia/Shanghai: 2026-11-26 18:05."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else NOT_KNOWN


def day(on: date | None) -> str:
    return on.isoformat() if on else NOT_KNOWN


def number(value: Any) -> str:
    """12,345; — for what is not known."""
    return NOT_KNOWN if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


_PAGES = Pages(Path(__file__).with_name("templates"), moment=moment, day=day, number=number)
