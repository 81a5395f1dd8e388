"""What the pipeline fetches with its key: full rows behind a cursor, replies, photos. An extension of GeoReport v2."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from starlette.responses import JSONResponse, Response

from courtyard.intake import ledger, photos
from courtyard.intake.georeport_search import moment
from courtyard.intake.ledger import Stored
from courtyard.intake.refusal import Refused
from courtyard.period import SHANGHAI

MOST = 1000
_LAST = {
    "report": text("SELECT coalesce(max(seq), 0) FROM intake.report"),
    "reply": text("SELECT coalesce(max(seq), 0) FROM intake.reply"),
}
_PHOTOS = text("""
SELECT photo_id FROM intake.report
 WHERE street_code = :street AND requested_at >= :start AND requested_at < :end AND photo_id IS NOT NULL ORDER BY seq
""")


def mount(router: APIRouter) -> None:
    """Add replies and photos; `requests` serves `requests.json` where it is asked with `after`."""

    @router.get("/replies.json")
    def replies(request: Request) -> Response:
        return _listed(request, "reply", _replies)

    @router.get("/photos.json")
    def photo_ids(request: Request) -> Response:
        state = _allowed(request)
        start, end = _window(request.query_params)
        values = {"street": state.district.office.street_code, "start": start, "end": end}
        with state.engine.connect() as connection:
            return JSONResponse(list(connection.scalars(_PHOTOS, values)))

    @router.get("/photos/{photo_id}.jpg")
    def photo(request: Request, photo_id: str) -> Response:
        state = _allowed(request)
        with state.engine.connect() as connection:
            found = photos.read(connection, state.keys, state.district.office.street_code, photo_id)
        if found is None:
            raise Refused(404, "没有这张照片。")
        return Response(found, media_type="image/jpeg")


def requests(request: Request, form: str) -> Response:
    """Reports behind `after`, each once and in the order of their `seq`."""
    if form != "json":
        raise Refused(404, "after 只用于 json。")
    return _listed(request, "report", _reports)


def _listed(
    request: Request,
    table: str,
    rows: Callable[[Connection, Any, int, datetime, datetime, int], list[dict[str, Any]]],
) -> Response:
    state, asked = _allowed(request), request.query_params
    start, end = _window(asked)
    after, size = _count(asked, "after", 0), min(_count(asked, "page_size", MOST) or MOST, MOST)
    with state.engine.begin() as connection:
        if after > connection.scalar(_LAST[table]):
            # Numbers would be given a second time, and what bears them would never be fetched.
            raise Refused(409, "已取到的顺序号比库里最后的还大，数据库可能恢复自旧备份。")
        try:
            found = rows(connection, state, after, start, end, size)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != "55P03":
                raise
            raise Refused(503, "有报送正在写入，请稍后再取。", retry_after=1) from None
    return JSONResponse(found)


def _reports(
    connection: Connection, state: Any, after: int, start: datetime, end: datetime, size: int
) -> list[dict[str, Any]]:
    street, keys = state.district.office.street_code, state.keys
    titles = {one.code: one.title for one in state.district.cases.categories}
    found = ledger.after(connection, keys, street, after, start, end, size)
    return [_report(stored, titles) for stored in found]


def _report(stored: Stored, titles: Mapping[str, str]) -> dict[str, Any]:
    """All columns of the dataset `resident_reports`. Its status is always open: what became of it the cases say."""
    row, content = stored.row, stored.content
    at = _moment(row["requested_at"])
    return {
        "seq": row["seq"],
        "service_request_id": row["report_id"],
        "status": "open",
        "service_code": row["service_code"],
        "service_name": titles.get(row["service_code"], ""),
        "description": _described(content),
        "address": content.get("address") or None,
        "address_id": row["courtyard_code"] or "",
        "lat": _degrees(row["lat"]),
        "long": _degrees(row["lon"]),
        "given_lat": _degrees(row["given_lat"]),
        "given_long": _degrees(row["given_lon"]),
        "requested_datetime": at,
        "updated_datetime": at,
        "channel": row["channel"],
        "reporter_name": content.get("name") or None,
        "phone": content.get("phone") or None,
        "photo_id": row["photo_id"],
        "flags": ",".join(row["flags"]) or None,
        "emergency": row["emergency"],
    }


def _described(content: Mapping[str, Any]) -> str:
    """The resident's words, and below them what was answered to the attributes of the service."""
    answers = json.loads(content["attributes"]) if content.get("attributes") else {}
    return "\n".join([content["description"], *(f"{asked}：{'、'.join(told)}" for asked, told in answers.items())])


def _replies(
    connection: Connection, state: Any, after: int, start: datetime, end: datetime, size: int
) -> list[dict[str, Any]]:
    street, keys = state.district.office.street_code, state.keys
    return [
        {
            "seq": row["seq"],
            "reply_id": row["reply_id"],
            "service_request_id": row["report_id"],
            "kind": row["kind"],
            "text": content.get("text") or None,
            "rating": content.get("rating"),
            "replied_at": _moment(row["replied_at"]),
        }
        for row, content in ledger.replies_after(connection, keys, street, after, start, end, size)
    ]


def _allowed(request: Request) -> Any:
    """The application's state; Refused (403) without the pipeline's key, as a bearer token or a basic password."""
    state = request.app.state
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeError):
            given = ""
    if not state.pipeline_key or not hmac.compare_digest(given.strip().encode(), state.pipeline_key.encode()):
        raise Refused(403, "缺少取数密钥，或它不正确。")
    return state


def _window(asked: Mapping[str, str]) -> tuple[datetime, datetime]:
    start, end = moment(asked, "start_date"), moment(asked, "end_date")
    if start is None or end is None:
        raise Refused(400, "缺少 start_date 或 end_date。")
    return start, end


def _count(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    written = asked.get(name, "")
    if not written:
        return otherwise
    if not (written.isascii() and written.isdigit() and len(written) <= 18):
        raise Refused(400, f"{name} 须是整数。")
    return int(written)


def _degrees(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat()
