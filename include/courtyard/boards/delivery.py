"""来件: what was delivered, what became of its rows, and the receipts of it."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import FileResponse, Response

from courtyard.boards import answering, asked, guard, menu
from courtyard.boards import delivery_reading as reading
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.submissions.advice import CHANNELS, KINDS
from courtyard.submissions.outcome import TITLES

BATCH_STATES = {
    "parsed": "已读取",
    "validated": "已校验",
    "linked": "已识别人与地址",
    "merged": "已入库",
    "held": "暂挂",
    "rejected": "退回",
    "superseded": "已被替代",
}
FETCHED = {"failed": "没有取到", "absent": "没有数据"}


def mount(app: FastAPI) -> None:
    """The list of deliveries, a delivery, and the files of its receipts."""

    @app.get("/deliveries")
    def listed(
        request: Request,
        source: str = "",
        period: str = "",
        state: str = "",
        page: int = 1,
        who: Who = guard.allowed(menu.DELIVERIES),
    ) -> Response:
        return _list(request, who, _asked(source, period, state, page))

    @app.get("/deliveries/{delivery_id}")
    def shown(request: Request, delivery_id: str, who: Who = guard.allowed(menu.DELIVERIES)) -> Response:
        return _show(request, who, delivery_id)

    @app.get("/deliveries/{delivery_id}/receipts/{receipt_id}/{name}")
    def receipt_file(
        request: Request,
        delivery_id: str,
        receipt_id: int,
        name: str,
        who: Who = guard.allowed(menu.DELIVERIES, "street", "community"),
    ) -> Response:
        return _receipt_file(request, who, delivery_id, (receipt_id, name))


def _asked(source: str, period: str, state: str, page: int) -> reading.Asked:
    if state and state not in reading.STATES:
        raise Refused(404, "没有这种状态。", "请从列表上方选择状态。")
    within = asked.period(period) if period else None
    return reading.Asked(source or None, within, state or None, min(max(page, 1), 10_000))


def _list(request: Request, who: Who, wanted: reading.Asked) -> Response:
    ctx = guard.context(request)
    seen = reading.scope(who, ctx.district)
    if wanted.source and wanted.source not in seen.sources:
        if wanted.source in ctx.district.sources:
            guard.forbid(request, "这个来源不对您的账号开放。")
        raise Refused(404, "没有这个来源。", "请从列表上方选择来源。")
    with ctx.engine("publisher").connect() as connection:
        rows, found = reading.listing(connection, ctx, seen, wanted)
        missing = reading.not_landed(connection, ctx, seen, wanted)
    return answering.page(
        request,
        "deliveries.html",
        rows=rows,
        found=found,
        missing=missing,
        fetched=FETCHED,
        asked=wanted,
        pages=-(-found // reading.PAGE_ROWS),
        states=reading.STATES,
        sources={name: ctx.district.sources[name].title for name in seen.sources},
        units=ctx.district.unit_by_code,
        query=lambda page: urlencode(_query(wanted, page)),
    )


def _query(wanted: reading.Asked, page: int) -> dict[str, str]:
    given = {"source": wanted.source, "period": wanted.period, "state": wanted.state, "page": page}
    return {name: str(value) for name, value in given.items() if value}


def _show(request: Request, who: Who, delivery_id: str) -> Response:
    ctx = guard.context(request)
    with ctx.engine("publisher").connect() as connection:
        delivery = _seen(request, connection, ctx, who, delivery_id)
        batches = reading.batches(connection, delivery_id)
        values: dict[str, Any] = {
            "problems": reading.problems(connection, delivery_id),
            "arrivals": reading.arrivals(connection, ctx, delivery_id),
            "reports": reading.reports(connection, ctx, who, delivery, {b["dataset"] for b in batches}),
        }
    source = ctx.district.sources.get(delivery["source"])
    contracts = ctx.district.contracts
    return answering.page(
        request,
        "delivery.html",
        delivery=delivery,
        source=source,
        unit=ctx.district.unit_by_code.get(delivery["unit_code"] or ""),
        batches=batches,
        states=reading.STATES,
        batch_states=BATCH_STATES,
        titles={name: contract.title for name, contract in contracts.items()},
        headers={c.name: c.header for contract in contracts.values() for c in contract.columns},
        channels=CHANNELS,
        kinds=KINDS,
        outcomes=TITLES,
        sees_receipts=who.role in ("street", "community"),
        **values,
    )


def _seen(request: Request, connection: Connection, ctx: Context, who: Who, delivery_id: str) -> Any:
    """The delivery, where this user may see it."""
    delivery = reading.one(connection, ctx, delivery_id)
    if delivery is None:
        raise Refused(404, "没有这份来件。", "请从来件列表进入。")
    if not reading.scope(who, ctx.district).holds(delivery):
        guard.forbid(request, "这份来件不对您的账号开放。")
    return delivery


def _receipt_file(request: Request, who: Who, delivery_id: str, wanted: tuple[int, str]) -> Response:
    """A file of a receipt holds what the unit wrote: who takes it is written to the audit log."""
    ctx = guard.context(request)
    receipt_id, name = wanted
    with ctx.engine("publisher").connect() as connection:
        _seen(request, connection, ctx, who, delivery_id)
        arrivals = reading.arrivals(connection, ctx, delivery_id)
    arrival = next((one for one in arrivals if one["receipt_id"] == receipt_id and name in one["files"]), None)
    folder = reading.receipt_folder(ctx, arrival) if arrival else None
    if folder is None:
        raise Refused(404, "没有这个文件。", "请从来件的页面进入。")
    guard.audit(request, "receipt_file", f"{delivery_id}/{receipt_id}/{name}")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(folder / name, media_type=media_type, filename=name, headers={"Cache-Control": "no-store"})
