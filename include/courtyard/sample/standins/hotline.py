"""The 12345 hotline's interface: a bearer token, pages with a total, and a limit on the rate."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Query
from fastapi.responses import JSONResponse

from courtyard.sample.standins.records import Records, moment

PAGES_PER_REFUSAL = 25
FIRST_REFUSED = 3


class _Limit:
    """Answers "too many" to the first asking of one page in every 25, in the order of asking."""

    def __init__(self) -> None:
        self._asked: set[tuple[object, ...]] = set()

    def refuses(self, *page: object) -> bool:
        if page in self._asked:
            return False
        self._asked.add(page)
        return len(self._asked) % PAGES_PER_REFUSAL == FIRST_REFUSED


def app(orders: Path, token: str) -> FastAPI:
    """Serve the orders of a JSON Lines file (`streetCode`, `createdAt`, …) to who knows the token."""
    records = Records(orders, "createdAt")
    limit = _Limit()
    service = FastAPI(title="12345 hotline (stand-in)")

    @service.get("/api/v1/orders")
    async def orders_of(
        street_code: Annotated[str, Query(alias="streetCode")],
        start: Annotated[str, Query(alias="from")],
        end: Annotated[str, Query(alias="to")],
        page: Annotated[int, Query(ge=1)] = 1,
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=500)] = 100,
        authorization: Annotated[str, Header()] = "",
    ) -> JSONResponse:
        """Orders of a street created from `from` (included) to `to` (excluded)."""
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise HTTPException(401, "unknown token")
        if limit.refuses(street_code, start, end, page, page_size):
            return JSONResponse({"error": "too many requests"}, 429, {"Retry-After": "1"})
        try:
            found = records.between(moment(start), moment(end))
        except ValueError:
            raise HTTPException(400, "from and to are ISO 8601 times") from None
        found = [order for order in found if order.get("streetCode", street_code) == street_code]
        data = found[(page - 1) * page_size : page * page_size]
        return JSONResponse({"total": len(found), "page": page, "data": data})

    return service
