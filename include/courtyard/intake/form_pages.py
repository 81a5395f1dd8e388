"""The form behind a QR code, the one without, and what takes it in."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import JSONResponse, RedirectResponse, Response

from courtyard.district.models import Courtyard, District
from courtyard.intake import answering, receiving
from courtyard.intake.links import Link
from courtyard.intake.receiving import Incoming
from courtyard.intake.refusal import Refused

MOST_FIELDS, MOST_FILES, FIELD_BYTES = 20, 1, 48 * 1024
TRAP = "website"  # hidden from people, filled by programs


def mount(app: FastAPI) -> None:
    """Add the routes of the form."""

    @app.get("/q/{written}")
    def by_code(request: Request, written: str) -> Response:
        link = request.app.state.links.opened("q", written)
        return _form(request, link, f"q/{written}")

    @app.get("/w/{written}")
    def by_grid(request: Request, written: str) -> Response:
        link = request.app.state.links.opened("w", written)
        return _form(request, link, f"w/{written}")

    @app.get("/report")
    def without_code(request: Request) -> Response:
        return _form(request, None, "")

    @app.get("/")
    def start() -> Response:
        return RedirectResponse("/report", 307)

    @app.post("/report")
    async def report(request: Request) -> Response:
        async with fields(request) as form:
            upload = form.get("photo")
            photo = await upload.read() if isinstance(upload, UploadFile) else b""
            return await run_in_threadpool(_take, request, form, photo)


@asynccontextmanager
async def fields(request: Request) -> AsyncIterator[FormData]:
    """The fields of a posted form, within limits; temporary files are gone afterwards."""
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES)
    except (UnicodeError, KeyError, AssertionError):
        raise Refused(400, "提交的内容无法读取。", "请刷新页面后再提交。") from None
    try:
        yield form
    finally:
        await form.close()


def written(form: FormData, name: str) -> str:
    """A text field; '' where it is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _form(request: Request, link: Link | None, code: str) -> Response:
    state = request.app.state
    values: dict[str, Any] = {"code": code, "link": link, "courtyard": None, "courtyards": (), "grid": None}
    if link and link.kind == "q":
        values["courtyard"] = _courtyard(state.district, link.code)
    elif link:
        values["grid"] = state.district.unit_by_code[link.code]
        values["courtyards"] = of_grid(state.district, link.code, state.clock().date())
    alarms = [
        {"call": one.call, "title": one.title, "advice": one.advice, "words": one.words, "unless": one.unless}
        for one in state.district.cases.emergencies
    ]
    return answering.page(request, "form.html", sent_as=secrets.token_hex(16), alarms=alarms, trap=TRAP, **values)


def of_grid(district: District, grid_code: str, day: date) -> list[Courtyard]:
    """The courtyards that a grid looks after on a day, by name."""
    found = [one for one in district.courtyards_on(day) if district.grid_of(one.code).code == grid_code]
    return sorted(found, key=lambda courtyard: (courtyard.road, len(courtyard.door), courtyard.door))


def _courtyard(district: District, code: str) -> Courtyard:
    courtyard = district.courtyard_by_code.get(code)
    if courtyard is None:  # printed for a pack that had it
        raise Refused(410, "这个二维码已停用。", "院落里可能贴了新的；您仍然可以写明地址来反映问题。")
    return courtyard


def _take(request: Request, form: FormData, photo: bytes) -> Response:
    state = request.app.state
    accepted = receiving.receive(state, _incoming(state, form, photo, state.clock()))
    to = f"/s/{accepted.token}"
    if not answering.wants_json(request):
        return RedirectResponse(to, 303)
    alarm = accepted.emergency
    told = {"call": alarm.call, "title": alarm.title, "advice": alarm.advice} if alarm else None
    answer = {"report_id": accepted.report_id, "status_url": to, "emergency": told}
    return JSONResponse(answer, 201 if accepted.is_new else 200)


def _incoming(state: Any, form: FormData, photo: bytes, at: datetime) -> Incoming:
    """What a form says. The address of a linked courtyard is put before what is written of building and room."""
    kind, _, code = written(form, "code").partition("/")
    link = state.links.opened(kind, code) if kind in ("q", "w") else None
    courtyard = None
    if link and link.kind == "q":
        courtyard = _courtyard(state.district, link.code)
    elif link:
        chosen = written(form, "courtyard")
        courtyard = next((one for one in of_grid(state.district, link.code, at.date()) if one.code == chosen), None)
        if courtyard is None:
            raise Refused(400, "请选择院落。")
    name, address = written(form, "name").strip(), written(form, "address").strip()
    if not name:
        raise Refused(400, "请填写姓名。", "写怎么称呼您就可以，例如：王阿姨。")
    if not address:
        raise Refused(400, "请填写地址。", "写到楼栋、单元、房号就可以。")
    return Incoming(
        channel="worker" if link and link.kind == "w" else "page",
        at=at,
        description=written(form, "description"),
        name=name,
        address=_whole(courtyard, address),
        phone=written(form, "phone"),
        service_code=written(form, "category"),
        courtyard_code=courtyard.code if courtyard else None,
        lat=_degrees(written(form, "lat")),
        lon=_degrees(written(form, "lon")),
        coords="gcj02" if written(form, "coords") == "gcj02" else "wgs84",
        photo=photo,
        sent_as=written(form, "sent_as"),
        bucket="link" if link else "open_form",
        bucket_key=f"{link.kind}/{link.code}" if link else "",
        is_trapped=bool(written(form, TRAP)),
    )


def _whole(courtyard: Courtyard | None, address: str) -> str:
    if courtyard is None or courtyard.road in address:
        return address
    return f"{courtyard.road}{courtyard.door}{address}"


def _degrees(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise Refused(400, "位置不正确。", "请重新定位，或不带位置提交。") from None
