"""The residents' service as one application: pages, status links, GeoReport, health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI, Request
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from courtyard.district.models import District
from courtyard.district.posts import Posts
from courtyard.district.working_time import Span
from courtyard.intake import answering, form_pages, georeport, status_pages
from courtyard.intake.guard import Guard
from courtyard.intake.limits import Limits, Repeats
from courtyard.intake.links import Links
from courtyard.intake.refusal import Refused
from courtyard.period import SHANGHAI
from courtyard.privacy.keys import KeyRing

_SECONDS = {"minutes": 60, "hours": 3600, "days": 86_400, "working_hours": 3600, "working_days": 86_400}
_DATABASE_SECONDS = 5  # after which it is worth trying again
_HTTP = {404: "没有这个页面。", 405: "不能这样访问。", 400: "提交的内容无法读取。"}


def app(
    engine: Engine,
    keys: KeyRing,
    district: District,
    *,
    pipeline_key: str = "",
    base_url: str = "",
    clock: Callable[[], datetime] = lambda: datetime.now(SHANGHAI),
) -> FastAPI:
    """The application. `engine` is of the role `courtyard_intake`, `keys` of `privacy.keys.load_intake`.

    `pipeline_key` is what the pipeline shows when it fetches; with '' nobody may. `base_url` is what phones
    open the service by, for links that it shows; the request's own where it is ''. `clock` gives aware moments.
    """
    service = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    street_code = district.office.street_code
    spam = Span.parse(district.cases.spam.repeat_within)
    state = service.state
    state.engine, state.keys, state.district = engine, keys, district
    state.pipeline_key, state.base_url, state.clock = pipeline_key, base_url, clock
    state.limits = Limits(district.cases.limits)
    state.repeats = Repeats(spam.count * _SECONDS[spam.unit])
    state.posts = Posts(district)
    state.links = Links(engine, keys, street_code)
    photo_bytes = district.cases.limits.photo_megabytes * 2**20
    service.add_middleware(Guard, photo_bytes=photo_bytes, failed=answering.refusal)
    _handle_errors(service)
    _mount_assets_and_health(service)
    form_pages.mount(service)
    status_pages.mount(service)
    georeport.mount(service)
    return service


def _handle_errors(service: FastAPI) -> None:
    @service.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        return answering.refusal(request, error)

    @service.exception_handler(HTTPException)
    def unknown(request: Request, error: HTTPException) -> Response:
        message = _HTTP.get(error.status_code, "无法处理这个请求。")
        return answering.refusal(request, Refused(error.status_code, message))

    @service.exception_handler(PoolTimeout)
    @service.exception_handler(DBAPIError)
    def database_away(request: Request, error: DBAPIError | PoolTimeout) -> Response:
        if isinstance(error, DBAPIError) and not _is_away(error):
            raise error
        remedy = "您写的内容还在手机里，稍后会自动再发；也可以过几分钟再提交。"
        return answering.refusal(request, Refused(503, "系统正在维护。", remedy, retry_after=_DATABASE_SECONDS))


def _is_away(error: DBAPIError) -> bool:
    """Whether the database cannot be reached, as against a statement that it refuses."""
    return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")


def _mount_assets_and_health(service: FastAPI) -> None:
    @service.get("/assets/{name}")
    def asset(name: str) -> Response:
        return answering.asset(name)

    @service.get("/robots.txt")
    def robots() -> Response:
        return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")

    @service.get("/healthz")
    def healthz(request: Request) -> Response:
        try:
            with request.app.state.engine.connect() as connection:
                connection.execute(text("SELECT 1 FROM intake.report LIMIT 1"))
        except (DBAPIError, PoolTimeout):
            return JSONResponse({"status": "database away"}, 503)
        return JSONResponse({"status": "ok"})
