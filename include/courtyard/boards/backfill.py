"""回填: choose quarters, see what running them again would do, give a reason, start it, watch it, cancel it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Form, Request
from starlette.responses import Response

from courtyard import backfill
from courtyard.backfill import choosing, permits, planned, starting, telling
from courtyard.boards import answering, guard, menu
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.period import Period
from courtyard.store import runs
from courtyard.warehouse import follow_on

PATH = menu.BACKFILL.path
RUNS_SHOWN = 30
RELOADED_AFTER = 10  # seconds, while something runs and nobody is writing a reason
_ONGOING = ("waiting", "running")

Starter = Callable[[Request], starting.Backfills | None]


def mount(
    app: FastAPI, starter: Starter = lambda request: starting.signed_in(request.headers, request.cookies)
) -> None:
    """The page's routes; `app.state.backfills` may be set to another way to start backfills."""
    app.state.backfills = starter

    @app.get(PATH)
    def show(
        request: Request,
        first: str = "",
        last: str = "",
        exact: bool = False,
        started: bool = False,
        who: Who = guard.allowed(menu.BACKFILL),
    ) -> Response:
        ctx = guard.context(request)
        wanted = _span(first, last or first) if first else ()
        plan = backfill.plan(ctx, wanted, guard.now(request), compose=exact) if wanted else None
        known, going_on = _known(ctx), _active(request)
        ongoing = [run for run in known if run["outcome"] in _ONGOING and not run["is_lost"]]
        reload = RELOADED_AFTER if plan is None and (ongoing or going_on["active"] or started) else None
        return answering.page(
            request,
            "backfill.html",
            quarters=_quarters(request, ctx),
            first=first,
            last=last or first,
            plan=plan,
            planned=planned,
            label=telling.label,
            orders=starting.orders(wanted, "原因") if wanted else [],
            runs=known,
            ongoing=ongoing,
            due=follow_on.due(ctx),
            kinds=runs.KINDS,
            outcomes=runs.OUTCOMES,
            reload=reload,
            started=started,
            **going_on,
        )

    @app.post(PATH)
    def begin(
        request: Request,
        first: Annotated[str, Form()],
        last: Annotated[str, Form()],
        reason: Annotated[str, Form()] = "",
        backwards: Annotated[bool, Form()] = False,
        who: Who = guard.allowed(menu.BACKFILL),
    ) -> Response:
        ctx, at = guard.context(request), guard.now(request)
        (order,) = starting.orders(_span(first, last), starting.reasoned(reason), backwards=backwards)
        permits.required(ctx, _span(first, last), at)
        _through(request, lambda backfills: starting.start(backfills, order, at))
        guard.audit(request, "backfill", f"{order.first}..{order.last}")
        return answering.back(request, f"{PATH}?started=1")

    @app.post(f"{PATH}/cancel")
    def cancel(request: Request, who: Who = guard.allowed(menu.BACKFILL)) -> Response:
        def end(backfills: starting.Backfills) -> None:
            if active := backfills.active():
                backfills.cancel(active.id)

        _through(request, end)
        guard.audit(request, "cancel backfill", PATH)
        return answering.back(request, PATH)


def _span(first: str, last: str) -> tuple[Period, ...]:
    return choosing.named([f"{first}{choosing.SPAN}{last}"]).quarters


def _quarters(request: Request, ctx: Context) -> list[Period]:
    return choosing.known(ctx.district.office.first_quarter, guard.today(request))


def _known(ctx: Context) -> list[dict[str, Any]]:
    with ctx.engine("publisher").connect() as connection:
        return runs.listed(connection, ctx.street_code, most=RUNS_SHOWN)


def _active(request: Request) -> dict[str, Any]:
    """The backfill that goes on in Airflow; without Airflow the page says how else to run one."""
    found = request.app.state.backfills(request)
    try:
        return {"has_airflow": found is not None, "active": found.active() if found else None, "away": ""}
    except starting.Refused as error:
        return {"has_airflow": True, "active": None, "away": str(error)}


def _through(request: Request, work: Callable[[starting.Backfills], None]) -> None:
    """Do something in Airflow as the signed-in user; Refused with Airflow's own answer."""
    found = request.app.state.backfills(request)
    if found is None:
        raise Refused(409, "这里没有连接 Airflow，不能从页面发起回填。", "请在服务器上运行 courtyard backfill。")
    try:
        work(found)
    except starting.Refused as error:
        if error.status == 403:
            guard.forbid(request, error.message, error.remedy)
        raise Refused(error.status, error.message, error.remedy) from None
