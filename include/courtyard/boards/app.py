"""The pages as one application, to be mounted where users are already signed in."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import datetime

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from courtyard import stages
from courtyard.boards import (
    answering,
    burden,
    cases,
    courtyard,
    delivery,
    desk,
    guard,
    map,
    menu,
    quality,
    quarter,
    report,
    report_form,
    report_period,
    run,
)
from courtyard.boards.refusal import Refused
from courtyard.context import Context
from courtyard.district import load_district
from courtyard.errors import CourtyardError, HeldError, UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

log = logging.getLogger(__name__)
_DATABASE_SECONDS = 5  # after which it is worth trying again
_HTTP = {
    401: ("您还没有登录，或登录已过期。", "请重新登录后再打开这个页面。"),
    404: ("没有这个页面。", "请从上面的菜单进入。"),
    405: ("不能这样访问。", "请从上面的菜单进入。"),
}


def build(
    settings: Settings,
    signed_in: Callable[..., str],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(SHANGHAI),
) -> FastAPI:
    """The application. `signed_in` is a FastAPI dependency that returns the user's name or raises 401.

    The pack is looked at anew for every request: what an office edits shows at once. `clock` gives aware moments.
    """

    def identified(request: Request, user: str = Depends(signed_in)) -> None:
        guard.identify(request, user)
        guard.same_origin(request)

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(identified)])
    app.state.settings, app.state.clock = settings, clock
    app.state.district = lambda: load_district(settings.district_path)

    def context(quarter: str | None, holder: str) -> Context:
        period = quarter or str(Period.of("quarter", clock().astimezone(SHANGHAI).date()))
        return stages.context(period, holder=holder, settings=settings)

    app.state.context = context

    _handle_errors(app)
    _mount_assets(app)
    for mount in _pages():
        mount(app)
    return app


def _pages() -> tuple[Callable[[FastAPI], None], ...]:
    """What mounts the routes of each page, in the order of the menu."""
    from courtyard.boards import backfill

    return (
        map.mount,
        courtyard.mount,
        quarter.mount,
        report.mount,
        report_period.mount,
        desk.mount,
        cases.mount,
        burden.mount,
        backfill.mount,
        run.mount,
        delivery.mount,
        quality.mount,
        report_form.mount,
    )


def _mount_assets(app: FastAPI) -> None:
    @app.get("/assets/{name}")
    def asset(name: str) -> Response:
        return answering.asset(name)

    @app.get("/")
    def start(request: Request) -> Response:
        return answering.back(request, menu.MAP.path)


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        return answering.refusal(request, error)

    @app.exception_handler(HTTPException)
    @app.exception_handler(StarletteHTTPException)
    def unknown(request: Request, error: StarletteHTTPException) -> Response:
        told = _HTTP.get(error.status_code, ("无法处理这个请求。", "请从上面的菜单重新进入。"))
        return answering.refusal(request, Refused(error.status_code, *told))

    @app.exception_handler(RequestValidationError)
    def wrong(request: Request, error: RequestValidationError) -> Response:
        names = "、".join(sorted({str(part["loc"][-1]) for part in error.errors()}))
        return answering.refusal(request, Refused(400, f"网址或表单中的 {names} 无法读取。", "请改正后再试。"))

    @app.exception_handler(CourtyardError)
    def told(request: Request, error: CourtyardError) -> Response:
        status = 400 if isinstance(error, UsageError) else 409 if isinstance(error, HeldError) else 503
        return answering.refusal(request, Refused(status, error.message, error.remedy))

    @app.exception_handler(PoolTimeout)
    @app.exception_handler(DBAPIError)
    def database_away(request: Request, error: DBAPIError | PoolTimeout) -> Response:
        if isinstance(error, DBAPIError) and not is_away(error):
            log.error("a statement failed: %s", type(error.orig).__name__)  # its message may quote a value
            return answering.refusal(request, Refused(500, "页面没有做出来。", "已记入日志，请告诉管理员。"))
        remedy = "页面会自动再试，也可以稍后刷新。"
        return answering.refusal(request, Refused(503, "数据库正在重启。", remedy, retry_after=_DATABASE_SECONDS))

    app.add_middleware(_NeverATraceback)


class _NeverATraceback:
    """What nobody foresaw is told in one sentence; the log says where it happened, without a value."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            last = next((f for f in reversed(frames) if "/courtyard/" in f.filename), frames[-1])
            log.error("a page failed: %s at %s:%s", type(error).__name__, last.filename, last.lineno)
            told = Refused(500, "页面没有做出来。", "已记入日志，请告诉管理员。")
            await answering.refusal(Request(scope), told)(scope, receive, send)


def is_away(error: DBAPIError) -> bool:
    """Whether the database cannot be reached, as against a statement that it refuses."""
    return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")
