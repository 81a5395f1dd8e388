"""报表目录: every report by quarter and recipient with its state, and what a report is."""

from __future__ import annotations

from datetime import date

from fastapi import FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import Response

from courtyard.boards import answering, guard, menu, quarter_asked, quarter_reading, report_access
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.period import Period
from courtyard.reports import progress
from courtyard.reports.burden import ledger
from courtyard.reports.catalogue import building, showing
from courtyard.reports.progress import Stage, Standing

_OVERDUE = "overdue"


def mount(app: FastAPI) -> None:
    @app.get("/reports")
    def catalogue(request: Request, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _catalogue(request, who)

    @app.get("/reports/{report}")
    def one(request: Request, report: str, who: Who = guard.allowed(menu.REPORTS)) -> Response:
        return _report(request, who, report)


def _catalogue(request: Request, who: Who) -> Response:
    ctx, day = guard.context(request), guard.today(request)
    quarters = quarter_asked.all_until(ctx.district.office, day)
    chosen = {key: request.query_params.get(key, "") for key in ("quarter", "recipient", "status")}
    chosen["quarter"] = chosen["quarter"] or str(quarter_asked.newest(ctx.district.office, day))
    if chosen["status"] and chosen["status"] not in {_OVERDUE, *(stage.name.lower() for stage in Stage)}:
        raise Refused(400, "没有这个状态。", "请从筛选框里选。")
    is_all = chosen["quarter"] == "all"
    shown = quarters if is_all else [quarter_asked.asked(ctx.district.office, chosen["quarter"], day)]
    with ctx.engine("publisher").connect() as connection:
        standings = told(connection, ctx, who, (day, shown))
    found = [one for one in standings if _is_chosen(one, chosen)]
    return answering.page(
        request, "report_list.html", lines=quarter_reading.report_lines(found), chosen=chosen, quarters=quarters,
        counts=[(stage, sum(one.stage is stage for one in standings)) for stage in Stage],
        overdue=sum(one.is_overdue for one in standings), stages=Stage, names=names(ctx),
        recipients=sorted({one.entry.recipient for one in standings}),
    )  # fmt: skip


def _is_chosen(one: Standing, chosen: dict[str, str]) -> bool:
    if chosen["recipient"] and one.entry.recipient != chosen["recipient"]:
        return False
    if chosen["status"] == _OVERDUE:
        return one.is_overdue
    return not chosen["status"] or one.stage.name.lower() == chosen["status"]


def told(connection: Connection, ctx: Context, who: Who, asked: tuple[date, list[Period]]) -> list[Standing]:
    """Of the reports of some quarters, as they stand on a day, those of which this user is told."""
    return [
        one
        for one in progress.standings(connection, ctx, *asked)
        if report_access.is_told(ctx, who, one.entry.report, one.entry.recipient)
    ]


def names(ctx: Context) -> dict[str, str]:
    """The departments by the codes under which the ledger of sendings knows them."""
    return {recipient.recipient: recipient.name for recipient in ctx.district.recipients.recipients}


def _report(request: Request, who: Who, report: str) -> Response:
    ctx, day = guard.context(request), guard.today(request)
    spec = report_access.known(request, ctx, who, report)
    quarters = quarter_asked.all_until(ctx.district.office, day)
    with ctx.engine("publisher").connect() as connection:
        found = [one for one in told(connection, ctx, who, (day, quarters)) if one.entry.report == report]
        admitted = {admission.fingerprint: admission for admission in ledger.admissions(connection, ctx)}
    found.sort(key=lambda one: one.entry.period.start, reverse=True)
    return answering.page(
        request, "report.html", spec=spec, access=report_access.to(ctx, who, report, spec.recipient),
        newest=next((one.entry for one in found if one.entry.latest), None), frequency=showing.FREQUENCIES[spec.frequency],
        frequencies=showing.FREQUENCIES, lines=quarter_reading.report_lines(found), names=names(ctx),
        recipients=ctx.district.recipients.of(spec), views=report_access.VIEWS,
        **building.about(ctx, spec, admitted),
    )  # fmt: skip
