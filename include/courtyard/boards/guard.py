"""Who may open a page and do what a page offers: checked for each request, refusals audited."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import text

from courtyard.boards.menu import Page
from courtyard.boards.refusal import Refused
from courtyard.boards.who import TITLES, Who, who_is
from courtyard.context import Context
from courtyard.district.users import Role
from courtyard.period import SHANGHAI

_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, :action, :object)")


def identify(request: Request, user: str) -> Who:
    """The signed-in user as the pack knows it today; kept with the request."""
    state = request.app.state
    found = who_is(state.district(), user, today(request))
    request.state.who = found
    return found


def now(request: Request) -> datetime:
    """The moment of the request, by the application's clock."""
    return request.app.state.clock()


def today(request: Request) -> date:
    return now(request).astimezone(SHANGHAI).date()


def context(request: Request, quarter: str | None = None) -> Context:
    """The library's context for the user of this request; the quarter is today's unless given."""
    return request.app.state.context(quarter, request.state.who.holder)


def allowed(page: Page, *roles: Role) -> Any:
    """The dependency of a route, as in `who: Who = allowed(menu.DESK)`; narrower with `roles`.

    Refused(403), audited, for everybody else.
    """
    may = frozenset(roles) or page.roles

    def check(request: Request) -> Who:
        who: Who = request.state.who
        if who.role not in may:
            forbid(request, f"{page.title}不对{TITLES[who.role]}账号开放。")
        return who

    return Depends(check)


def forbid(request: Request, message: str, remedy: str = "如需查看，请联系街道调整账号的角色。") -> None:
    """Refuse what this user may not see or do, and write it to the audit log."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    audit(request, "forbidden", f"{request.method} {path}")
    raise Refused(403, message, remedy)


def audit(request: Request, action: str, about: str) -> None:
    """Write what the user did, or was refused, to the audit log; `about` is a path or reference, never a value."""
    ctx = context(request)
    with ctx.engine("publisher").begin() as connection:
        named = {"at": now(request), "actor": request.state.who.holder, "action": action, "object": about[:400]}
        connection.execute(_AUDIT, named)


def same_origin(request: Request) -> None:
    """Refuse what another site's page would do in the user's name: browsers say where a form comes from."""
    if request.method in ("GET", "HEAD"):
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_foreign = site not in (None, "same-origin", "none")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        is_foreign = True
    if is_foreign:
        forbid(request, "这个请求来自别的网站，没有执行。", "请回到本系统的页面再操作。")
