"""Departments' ledgers behind interfaces: a token, pages with a total, what changed in a span of time."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse

from courtyard.sample.standins.records import Record, Records, moment

MOST_ON_A_PAGE = 200


@dataclass(frozen=True)
class Interface:
    """How one system is asked and answers: its path, the names of its parameters, the shape of a page.

    `time_field` is when a record changed last, `street_field` the street it belongs to; `start` and
    `end` (excluded) bound the time of change.
    """

    path: str
    street: str
    start: str
    end: str
    page: str
    size: str
    time_field: str
    street_field: str
    shape: Callable[[int, list[Record]], dict[str, Any]]


EMERGENCY = Interface(
    path="/api/yhpc/list",
    street="jddm",
    start="kssj",
    end="jssj",
    page="pageNum",
    size="pageSize",
    time_field="gxsj",
    street_field="jddm",
    shape=lambda total, rows: {"code": 200, "msg": "操作成功", "data": {"total": total, "list": rows}},
)
JUSTICE = Interface(
    path="/openapi/disputes",
    street="areaCode",
    start="updatedFrom",
    end="updatedTo",
    page="page",
    size="pageSize",
    time_field="updateTime",
    street_field="areaCode",
    shape=lambda total, rows: {"count": total, "records": rows},
)


def app(interface: Interface, ledger: Path, token: str) -> FastAPI:
    """Serve a JSON Lines file to who knows the token."""
    records = Records(ledger, interface.time_field)
    service = FastAPI(title="A department's ledger (stand-in)")

    @service.get(interface.path)
    async def page_of(request: Request, authorization: Annotated[str, Header()] = "") -> JSONResponse:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "unknown token")
        asked = request.query_params
        try:
            found = records.between(moment(asked[interface.start]), moment(asked[interface.end]))
            number, size = int(asked[interface.page]), int(asked[interface.size])
        except (KeyError, ValueError):
            raise HTTPException(400, "a span of time, a page and its size are needed") from None
        if number < 1 or not 1 <= size <= MOST_ON_A_PAGE:
            raise HTTPException(400, f"a page holds 1 to {MOST_ON_A_PAGE} records")
        found = [record for record in found if record[interface.street_field] == asked.get(interface.street)]
        return JSONResponse(interface.shape(len(found), found[(number - 1) * size : number * size]))

    return service
