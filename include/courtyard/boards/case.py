"""One case: both clocks, what was reported, everything that happened, its letters, and what its post may do now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import Depends, FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import Response

from courtyard.boards import answering, case_forms, forms, guard, menu
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.cases import acting, departments, ledger, letters, machine, overview, task_lists, telling
from courtyard.cases.event import Case
from courtyard.cases.letter_text import OUTCOMES
from courtyard.context import Context
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

_HUNDRED = 100
_WORDS = ("text", "reason", "request", "where", "department", "level", "category", "satisfaction", "into")


def mount(app: FastAPI) -> None:
    """Add the page of a case, and the doing of each thing that it offers."""

    @app.get("/cases/{case_no}")
    def one(request: Request, case_no: str, done: str = "", who: Who = guard.allowed(menu.CASES)) -> Response:
        return _page(request, who, case_no, done=done)

    @app.post("/cases/{case_no}/{kind}")
    def do(
        request: Request,
        case_no: str,
        kind: str,
        typed: forms.Typed = Depends(forms.typed),
        who: Who = guard.allowed(menu.CASES),
    ) -> Response:
        return _do(request, who, case_no, kind, typed)


def is_for(who: Who, ctx: Context, unit_code: str, courtyard_code: str | None) -> bool:
    """Whether a case is this user's to see: the street's all, a community's what it has or what is about its courtyards."""
    if who.role == "street" or who.sees_unit(unit_code):
        return True
    is_known = courtyard_code in ctx.district.courtyard_by_code
    return is_known and ctx.district.community_of(courtyard_code).code == who.unit_code


def clocks(one: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Both clocks of a case as words and as the share of the time that is used, in percent."""
    due_at, level = one["level_due_at"], None
    if due_at:
        level = _share(one["step_since"], at, due_at)
    elif one["is_overdue"] and one["status"] in ("held", "waiting", "handling"):
        level = _HUNDRED
    is_running = one["status"] in ("held", "waiting", "handling")
    whole = _share(one["opened_at"], at, one["total_due_at"]) if is_running else None
    said = telling.whole_left(one, at) if is_running else telling.total(one)
    return {"level_share": level, "level_said": telling.left(one), "total_share": whole, "total_said": said}


def _share(since: datetime, at: datetime, until: datetime) -> int:
    whole = (until - since).total_seconds()
    return min(_HUNDRED, max(0, round(_HUNDRED * (at - since).total_seconds() / whole))) if whole > 0 else _HUNDRED


def _found(request: Request, who: Who, connection: Connection, ctx: Context, case_no: str) -> Case:
    """The case; Refused where there is none, 403 where it is not this user's."""
    try:
        case = ledger.find(connection, ctx.street_code, case_no)
    except UsageError:
        raise Refused(404, f"没有工单{case_no[:24]}。", "请从工单列表进入。") from None
    if not is_for(who, ctx, case.unit_code, case.courtyard_code):
        guard.forbid(request, "这件工单不在您的单位。", "请由负责的单位或街道办理。")
    return case


def _page(
    request: Request, who: Who, case_no: str, *, done: str = "", kind: str = "", typed: forms.Typed | None = None,
    problem: tuple[int, str, str] | None = None,
) -> Response:  # fmt: skip
    """The page of a case, its reading audited; after a `problem` with what was typed into the form of a `kind`."""
    ctx, at = guard.context(request), guard.now(request)
    with ctx.engine().begin() as connection:
        case = _found(request, who, connection, ctx, case_no)
        shown = overview.show(connection, ctx, case_no, at)
        near = _near(connection, ctx, who, case)
    sent, steps = letters.listing(ctx, case_no), _steps(ctx, shown)
    post = _post(who, ctx)
    return answering.page(
        request,
        "case.html",
        problem[0] if problem else 200,
        case={**shown, **clocks(shown, at)},
        reports=[{**r, "channel_title": telling.CHANNELS.get(r["channel"], r["channel"])} for r in shown["reports"]],
        steps=steps,
        measures=[step for step in steps if step["kind"] == "measured"],
        letters=[_letter(ctx, row, at) for row in sent],
        task=task_lists.tree(ctx, case_no) if case.direction == "down" else [],
        forms=case_forms.offered(ctx, case, post, at, sent) if post else [],
        suggestions=_suggestions(ctx, who, at, near),
        typed=typed or {},
        kind=kind,
        problem=problem,
        done=machine.TITLES.get(done, ""),
    )


def _post(who: Who, ctx: Context) -> str | None:
    return who.acting(ctx.district) if who.post else None


def _steps(ctx: Context, shown: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything that happened, each with the time used by then: of its step, and since the first minute."""
    began: dict[int, datetime] = {}
    found = []
    for event in shown["events"]:
        since = began.setdefault(event["step_no"], event["at"])
        unit = ctx.district.unit_by_code.get(event["unit_code"])
        level = _minutes(since, event["at"])
        found.append(
            {
                **event,
                "unit": unit.name if unit else event["unit_code"],
                "whose": telling.whose(event["post"]),
                "said": telling.said(event),
                "is_late": event["kind"] in ("escalated", "overdue", "chased"),
                "level_used": telling.span(level) if level else "",
                "total_used": telling.span(_minutes(shown["opened_at"], event["at"])),
            }
        )
    return found


def _minutes(since: datetime, at: datetime) -> int:
    return max(0, int((at - since).total_seconds() // 60))


def _letter(ctx: Context, row: letters.Letter, at: datetime) -> dict[str, Any]:
    late = (at.astimezone(SHANGHAI).date() - row.due_on).days
    waits = row.kind == "request" and row.replied_at is None
    if not waits:
        state = (
            OUTCOMES.get(row.outcome or "", "已复函") if row.kind == "request" else "—",
            "good" if row.outcome else "",
        )
    else:
        chased = f"，已催{row.chased}次" if row.chased else ""
        state = (f"逾期{late}天未复{chased}", "bad") if late > 0 else (f"待复函{chased}", "warn")
    name = departments.name_of(ctx.district, row.department)
    return {**vars(row), "department_name": name, "kind_title": letters.KINDS[row.kind], "state": state}


def _near(connection: Connection, ctx: Context, who: Who, case: Case) -> list[Case]:
    """Other open cases of the same courtyard, that this one may belong to."""
    if case.courtyard_code is None or not case.is_open:
        return []
    found = ledger.open_in(connection, ctx.street_code, case.courtyard_code)
    return [
        other
        for other in found
        if other.case_no != case.case_no and is_for(who, ctx, other.unit_code, other.courtyard_code)
    ]


def _suggestions(ctx: Context, who: Who, at: datetime, near: list[Case]) -> dict[str, list[tuple[str, str]]]:
    """What the fields of the page's forms suggest: code and name."""
    day, district = at.astimezone(SHANGHAI).date(), ctx.district
    titles = {category.code: category.title for category in district.cases.categories}
    places = [c for c in district.courtyards_on(day) if who.sees_unit(district.community_of(c.code).code)]
    units = [u for kind in ("community", "grid") for u in district.units_valid_on(day, kind)]
    return {
        "units": [(unit.code, unit.name) for unit in units],
        "courtyards": [(courtyard.code, courtyard.name) for courtyard in places],
        "cases": [(other.case_no, titles.get(other.category, other.category)) for other in near],
    }


def _do(request: Request, who: Who, case_no: str, kind: str, typed: forms.Typed) -> Response:
    ctx, at = guard.context(request), guard.now(request)
    with ctx.engine().connect() as connection:
        case = _found(request, who, connection, ctx, case_no)
    seen = int(typed["seen"]) if typed.get("seen", "").isdigit() else -1
    try:
        post = who.acting(ctx.district)
        try:
            case_forms.perform(ctx, case, kind, post=post, at=at, seen=seen, typed=typed)
        except acting.Moved:
            if not _happened(ctx, case, kind, post, seen, typed):
                raise
    except UsageError as error:
        status = 409 if isinstance(error, acting.Moved) else 400
        problem = (status, error.message, error.remedy)
        return _page(request, who, case_no, kind=kind + typed.get("about", ""), typed=typed, problem=problem)
    with ctx.engine().connect() as connection:
        after = ledger.find(connection, ctx.street_code, case_no)
    if not is_for(who, ctx, after.unit_code, after.courtyard_code):
        return answering.back(request, f"/cases?done={case_no}")
    return answering.back(request, f"/cases/{case_no}?done={kind}")


def _happened(ctx: Context, case: Case, kind: str, post: str, seen: int, typed: forms.Typed) -> bool:
    """Whether what moved the case is this very action, sent twice."""
    told = {name: typed[name] for name in _WORDS if typed.get(name)}
    with ctx.engine().connect() as connection:
        since = ledger.events(connection, ctx.street_code, case.case_no)[seen:] if seen > 0 else []
    return any(
        event.kind == kind
        and event.post == post
        and all(event.data.get(name, value) == value for name, value in told.items())
        for event in since
    )
