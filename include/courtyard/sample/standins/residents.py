"""The residents' report service: an Open311 GeoReport v2 server (wiki.open311.org/GeoReport_v2).

JSON only. `page` and `page_size` follow the common extension; without them at most 1,000 requests
are answered, as the specification says.
"""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from courtyard.period import SHANGHAI
from courtyard.sample.standins.records import Record, Records, moment

MAX_BODY_BYTES = 64 * 1024
DEFAULT_PAGE_SIZE = 1000
_FIELDS = ("service_code", "description", "lat", "long", "address_string", "address_id")


def app(requests: Path, posted: Path, api_key: str) -> FastAPI:
    """Serve the requests of a JSON Lines file and take new ones, with the key, into a file of their own."""
    sources = (Records(requests, "requested_datetime"), Records(posted, "requested_datetime"))
    service = FastAPI(title="Resident reports (stand-in)")
    _offer_services(service, sources)
    _offer_requests(service, sources)
    _take_requests(service, sources[1], posted, api_key)
    return service


def _offer_services(service: FastAPI, sources: tuple[Records, ...]) -> None:
    @service.get("/discovery.json")
    async def discovery(request: Request) -> JSONResponse:
        return JSONResponse(_discovery(str(request.base_url)))

    @service.get("/services.json")
    async def services() -> JSONResponse:
        return JSONResponse(_services(sources))

    @service.get("/services/{code}.json")
    async def definition(code: str) -> JSONResponse:
        if code not in {entry["service_code"] for entry in _services(sources)}:
            return _error(404, "service_code was not found")
        return JSONResponse({"service_code": code, "attributes": []})


def _offer_requests(service: FastAPI, sources: tuple[Records, ...]) -> None:
    @service.get("/requests.json")
    async def search(
        service_request_id: str = "",
        service_code: str = "",
        status: str = "",
        start_date: str = "",
        end_date: str = "",
        page: Annotated[int, Query(ge=1)] = 1,
        page_size: Annotated[int, Query(ge=1, le=DEFAULT_PAGE_SIZE)] = DEFAULT_PAGE_SIZE,
    ) -> JSONResponse:
        try:
            start, end = (moment(text) if text else None for text in (start_date, end_date))
        except ValueError:
            return _error(400, "start_date and end_date are W3C times with an offset")
        wanted = {
            "service_request_id": set(filter(None, service_request_id.split(","))),
            "service_code": set(filter(None, service_code.split(","))),
            "status": set(filter(None, status.split(","))),
        }
        found = [r for source in sources for r in source.between(start, end) if _matches(r, wanted)]
        return JSONResponse(found[(page - 1) * page_size : page * page_size])

    @service.get("/requests/{request_id}.json")
    async def one(request_id: str) -> JSONResponse:
        found = [r for source in sources for r in source.all() if r.get("service_request_id") == request_id]
        return JSONResponse(found[:1]) if found else _error(404, "service_request_id was not found")


def _take_requests(service: FastAPI, taken: Records, posted: Path, api_key: str) -> None:
    @service.post("/requests.json")
    async def report(request: Request) -> JSONResponse:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return _error(413, "the report is too long")
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        if not hmac.compare_digest(form.get("api_key", "").encode(), api_key.encode()):
            return _error(403, "api_key was not valid")
        if not form.get("service_code") or not {"lat", "address_string", "address_id"} & set(form):
            return _error(400, "service_code and a place are needed")
        number = f"P{len(taken.all()) + 1:06d}"
        _append(posted, _new_request(number, form, datetime.now(SHANGHAI)))
        return JSONResponse([{"service_request_id": number, "service_notice": "已收到，将由社区联系处理。"}], 201)


def _discovery(base: str) -> Record:
    endpoint = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": base.rstrip("/"),
        "changeset": "2026-07-01T00:00:00+08:00",
        "type": "test",
        "formats": ["application/json"],
    }
    return {"changeset": endpoint["changeset"], "contact": "", "key_service": "", "endpoints": [endpoint]}


def _services(sources: tuple[Records, ...]) -> list[Record]:
    """Every kind of request that was ever made."""
    names = {r["service_code"]: r.get("service_name", "") for s in sources for r in s.all() if "service_code" in r}
    plain = {"description": "", "metadata": False, "type": "realtime", "keywords": "", "group": ""}
    return [{"service_code": code, "service_name": name, **plain} for code, name in sorted(names.items())]


def _matches(record: Record, wanted: dict[str, set[str]]) -> bool:
    return all(not values or record.get(name) in values for name, values in wanted.items())


def _new_request(number: str, form: dict[str, str], at: datetime) -> Record:
    values = {("address" if k == "address_string" else k): form[k] for k in _FIELDS if k in form}
    now = at.isoformat(timespec="seconds")
    return {
        "service_request_id": number,
        "status": "open",
        **values,
        "requested_datetime": now,
        "updated_datetime": now,
    }


def _append(path: Path, record: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _error(status: int, description: str) -> JSONResponse:
    """GeoReport v2 answers errors as a list."""
    return JSONResponse([{"code": status, "description": description}], status)
