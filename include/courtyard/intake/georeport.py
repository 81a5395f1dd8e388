"""Open311 GeoReport v2 below `/georeport/v2`, in JSON and XML: what docs/georeport.md writes down field by field.

Errors are raised as `Refused` and answered in the form of the path by `answering.refusal`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from courtyard.intake import clients, georeport_answers, georeport_pull, georeport_sent, ledger, receiving
from courtyard.intake.georeport_search import Search, found, of_ids
from courtyard.intake.georeport_xml import document
from courtyard.intake.refusal import Refused

BASE = "/georeport/v2"
MEDIA = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
NOTICE = "已收到，将由社区联系处理。"


def mount(app: FastAPI) -> None:
    """Add the routes. `app.state` is `receiving.Service` with `clock` and `pipeline_key`."""
    router = APIRouter(prefix=BASE)
    _offer_services(router)
    _offer_requests(router)
    _take_requests(router)
    georeport_pull.mount(router)

    @router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def unknown(rest: str) -> Response:
        raise Refused(404, "没有这个地址。")

    app.include_router(router)


def answer(kind: str, value: Any, form: str, status: int = 200) -> Response:
    """A value in the asked form; `kind` names the XML document."""
    if form == "json":
        return JSONResponse(value, status, media_type=MEDIA["json"])
    return Response(document(kind, value), status, media_type=MEDIA["xml"])


def _form(request: Request, form: str) -> str:
    """The form that a path asks for; the jurisdiction, where one is named, must be this street's."""
    if form not in MEDIA:
        raise Refused(404, "只提供 json 和 xml 两种格式。")
    asked = request.query_params.get("jurisdiction_id")
    georeport_sent.check_jurisdiction(request.app.state, asked)
    return form


def _offer_services(router: APIRouter) -> None:
    @router.get("/discovery.{form}")
    def discovery(request: Request, form: str) -> Response:
        base = str(request.base_url).rstrip("/") + BASE
        office = request.app.state.district.office
        return answer("discovery", georeport_answers.discovery(base, office), _form(request, form))

    @router.get("/services.{form}")
    def services(request: Request, form: str) -> Response:
        rules = request.app.state.district.cases
        return answer("services", georeport_answers.services(rules), _form(request, form))

    @router.get("/services/{code}.{form}")
    def definition(request: Request, code: str, form: str) -> Response:
        form = _form(request, form)
        category = georeport_sent.category(request.app.state.district.cases, code)
        return answer("service_definition", georeport_answers.definition(category), form)


def _offer_requests(router: APIRouter) -> None:
    @router.get("/requests.{form}")
    def search(request: Request, form: str) -> Response:
        if "after" in request.query_params:
            return georeport_pull.requests(request, form)
        form, state = _form(request, form), request.app.state
        wanted = Search.read(request.query_params, state.clock())
        with state.engine.connect() as connection:
            rows = found(connection, state, wanted)
            client = clients.of_key(connection, state, wanted.api_key)
        return answer("requests", [georeport_answers.request(state, row, client) for row in rows], form)

    @router.get("/requests/{request_id}.{form}")
    def one(request: Request, request_id: str, form: str) -> Response:
        form, state = _form(request, form), request.app.state
        with state.engine.connect() as connection:
            rows = of_ids(connection, state, [request_id])
            client = clients.of_key(connection, state, request.query_params.get("api_key", ""))
        if not rows:
            raise Refused(404, "没有这个编号的上报（service_request_id）。")
        return answer("requests", [georeport_answers.request(state, row, client) for row in rows], form)

    @router.get("/tokens/{token}.{form}")
    def token(request: Request, token: str, form: str) -> Response:
        form, state = _form(request, form), request.app.state
        with state.engine.connect() as connection:
            stored = ledger.by_token(connection, state.keys, token)
        if stored is None:
            raise Refused(404, "没有这个凭证（token）。")
        return answer("tokens", [{"service_request_id": stored.report_id, "token": token}], form)


def _take_requests(router: APIRouter) -> None:
    @router.post("/requests.{form}")
    async def report(request: Request, form: str) -> Response:
        form = _form(request, form)
        sent = await georeport_sent.read(request)
        return await run_in_threadpool(_taken, request.app.state, sent, form)


def _taken(state: Any, sent: georeport_sent.Sent, form: str) -> Response:
    georeport_sent.check_jurisdiction(state, sent.fields.get("jurisdiction_id"))
    with state.engine.connect() as connection:
        client = clients.of_key(connection, state, sent.fields.get("api_key", ""))
    if client is None:
        raise Refused(403, "缺少 api_key，或它不正确。", "请向街道申请接口密钥。")
    accepted = receiving.receive(state, georeport_sent.incoming(state, sent, client, state.clock()))
    alarm = accepted.emergency
    told = {
        "service_request_id": accepted.report_id,
        "service_notice": alarm.advice if alarm else NOTICE,
        "account_id": sent.fields.get("account_id") or None,
    }
    return answer("posted", [told], form, 201 if accepted.is_new else 200)
