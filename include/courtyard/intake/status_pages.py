"""The page of one report: where it stands, both clocks, the answer, and what the reporter says to it."""

from __future__ import annotations

import logging
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import Connection, RowMapping, text
from sqlalchemy.exc import ProgrammingError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from courtyard.district.models import District
from courtyard.district.posts import Posts
from courtyard.intake import answering, ledger
from courtyard.intake.form_pages import fields, written
from courtyard.intake.ledger import Stored
from courtyard.intake.receiving import SENT_AS, checked_text
from courtyard.intake.refusal import Refused

log = logging.getLogger("courtyard.intake")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CASE = text("SELECT * FROM intake.case_of(:report_id)")
_STEPS = text("SELECT * FROM intake.steps_of(:report_id) ORDER BY seq")
_REPLIES = text("SELECT kind, replied_at FROM intake.reply WHERE report_id = :report_id ORDER BY seq")
REPLIES = {
    "confirm": "已解决",
    "unsolved": "仍未解决",
    "reopen": "请求重新办理",
    "rating": "评价",
    "more": "补充情况",
}
STATUSES = {
    "held": "正在核实",
    "waiting": "等待签收",
    "handling": "正在办理",
    "answered": "已答复，请您看看",
    "closed": "已办结",
    "joined": "已和同一问题一起办理",
    "refused": "不予受理",
}
# What a step is called on the page; what happens within the office only is left out.
STEPS = {
    "opened": "已受理",
    "joined_by": "又有人反映同一问题",
    "said_more": "收到补充情况",
    "confirmed": "反映人确认已解决",
    "unsolved": "反映人认为仍未解决",
    "reopened": "重新办理",
    "released": "核实后受理",
    "acknowledged": "已签收，开始办理",
    "measured": "先采取安全措施",
    "extended": "延长办理时间",
    "handed_back": "转给负责的单位",
    "raised": "报上一级办理",
    "supervised": "街道督办",
    "written": "已去函有关部门",
    "replied": "部门已回复",
    "answered": "答复",
    "refused": "不予受理",
    "joined": "和同一问题一起办理",
    "followed_up": "已回访",
    "source_closed": "已办结",
    "escalated": "超过时限，自动上报",
    "overdue": "超过时限，已提醒街道",
    "chased": "已催办",
    "lapsed": "期满没有异议，办结",
}


@dataclass(frozen=True)
class Standing:
    """What is known of a report: its case (None before it is one), the steps, the replies that came over this page."""

    case: RowMapping | None
    steps: list[RowMapping]
    replies: list[RowMapping]

    def can(self, kind: str, at: datetime) -> bool:
        """Whether a kind of reply makes sense now."""
        if kind == "more":
            return True
        if self.case is None:
            return False
        status, answered, until = self.case["status"], self.case["answered_at"], self.case["can_reopen_until"]
        if kind in ("confirm", "unsolved"):
            return status == "answered" and not self._said(("confirm", "unsolved"), answered)
        if kind == "reopen":
            is_in_time = until is None or at <= until
            return (
                status in ("closed", "refused") and is_in_time and not self._said(("reopen",), self.case["closed_at"])
            )
        return status == "closed" and not self._said(("rating",), answered)

    def _said(self, kinds: tuple[str, ...], since: datetime | None) -> bool:
        """Whether such a reply came after a moment: the pipeline needs a minute or two to take it up."""
        return any(r["kind"] in kinds and (since is None or r["replied_at"] >= since) for r in self.replies)


def mount(app: FastAPI) -> None:
    """Add the routes of status pages."""

    @app.get("/s/{token}")
    def status(request: Request, token: str) -> Response:
        state = request.app.state
        with state.engine.connect() as connection:
            report = _report(state, connection, token)
            standing = _standing(connection, report)
        return _page(request, token, report, standing)

    @app.post("/s/{token}/reply")
    async def reply(request: Request, token: str) -> Response:
        async with fields(request) as form:
            return await run_in_threadpool(_reply, request, token, form)


def _report(state: Any, connection: Connection, token: str) -> Stored:
    """The report behind a token; Refused (404) for any other, without saying why."""
    found = ledger.by_token(connection, state.keys, token) if _TOKEN.fullmatch(token) else None
    if found is None or found.row["street_code"] != state.district.office.street_code:
        raise Refused(404, "没有找到这个上报。", "请核对网址是否完整。")
    return found


def _standing(connection: Connection, report: Stored) -> Standing:
    """What the database tells; where its view of cases fails, the receipt is shown all the same."""
    wanted = {"report_id": report.report_id}
    replies = list(connection.execute(_REPLIES, wanted).mappings())
    try:
        case = connection.execute(_CASE, wanted).mappings().one_or_none()
        if case is None or case["case_no"] is None:
            return Standing(None, [], replies)
        return Standing(case, list(connection.execute(_STEPS, wanted).mappings()), replies)
    except ProgrammingError as error:
        log.error("The case of a report cannot be told: %s", type(error.orig).__name__)
        return Standing(None, [], replies)


def _page(request: Request, token: str, report: Stored, standing: Standing) -> Response:
    state = request.app.state
    at, district = state.clock(), state.district
    alarm = district.cases.emergency_in(report.content["description"]) if report.row["emergency"] else None
    is_over = standing.case is not None and standing.case["status"] in ("closed", "refused")
    courtyard = district.courtyard_by_code.get(report.row["courtyard_code"] or "")
    return answering.page(
        request,
        "status.html",
        report=report,
        courtyard=courtyard,
        case=standing.case,
        title=STATUSES.get(standing.case["status"], "正在办理") if standing.case else "已收到，正在登记",
        clocks=_clocks(standing.case, report, at),
        receiver=_receiver(state.posts, standing.case, at),
        steps=[(STEPS[step["kind"]], step) for step in reversed(standing.steps) if step["kind"] in STEPS],
        unit=lambda code: _unit(district, code),
        answer=next((s for s in reversed(standing.steps) if s["kind"] in ("answered", "refused") and s["text"]), None),
        replies=[(REPLIES[reply["kind"]], reply["replied_at"]) for reply in standing.replies],
        can={kind: standing.can(kind, at) for kind in REPLIES},
        alarm=alarm if not is_over else None,
        said="said" in request.query_params,
        here=f"{(state.base_url or str(request.base_url)).rstrip('/')}/s/{token}",
        token=token,
        once=secrets.token_hex(16),
    )


def _clocks(case: RowMapping | None, report: Stored, at: datetime) -> list[tuple[str, str, bool]]:
    """(name, time, whether it has run out) of the clocks that run: this level's, and the one from the first minute."""
    if case is None or case["closed_at"] or case["status"] in ("closed", "refused", "joined"):
        return []
    found = []
    names = {"waiting": ("acknowledge_due_at", "最迟签收"), "handling": ("solve_due_at", "这一级最迟办好")}
    column, name = names.get(case["status"], ("", ""))
    if column and case[column]:
        found.append((name, answering.moment(case[column]), at > case[column]))
    if case["total_due_at"]:
        found.append(("总时限", answering.moment(case["total_due_at"]), at > case["total_due_at"]))
    first = case["opened_at"] or report.row["requested_at"]
    return [*found, ("从反映起已过", _passed(at - first), False)]


def _passed(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}天{hours}小时"
    return f"{hours}小时{minutes % 60}分钟" if hours else f"{minutes}分钟"


def _receiver(posts: Posts, case: RowMapping | None, at: datetime) -> str:
    """The level, unit and post that has it: 社区 · 四道街社区（社区工作者）."""
    district = posts.district
    if case is None or case["unit_code"] not in district.unit_by_code:
        return ""
    answering_post = posts.responsible(case["unit_code"], at.date())
    level = district.cases.level(case["level"]).title
    return f"{level} · {_unit(district, case['unit_code'])}（{answering_post.post}）"


def _unit(district: District, code: str | None) -> str:
    unit = district.unit_by_code.get(code or "")
    return unit.name if unit else ""


def _reply(request: Request, token: str, form: FormData) -> Response:
    state = request.app.state
    kind, sent_as = written(form, "kind"), written(form, "sent_as")
    said = checked_text(written(form, "text"), state.district.cases.limits.text_characters, "说明")
    rating = written(form, "rating")
    if kind not in REPLIES or (sent_as and not SENT_AS.fullmatch(sent_as)):
        raise Refused(400, "提交的内容无法读取。", "请刷新页面后再提交。")
    if kind == "rating" and rating not in ("1", "2", "3", "4", "5"):
        raise Refused(400, "请选择1到5分。")
    if kind == "more" and not said:
        raise Refused(400, "请写一下要补充的情况。")
    content = {"text": said, "rating": int(rating) if kind == "rating" else None}
    with state.engine.begin() as connection:
        report = _report(state, connection, token)
        state.limits.take("token", report.report_id)
        ledger.reply(connection, state.keys, report, kind, content, state.clock(), sent_as)
    if answering.wants_json(request):
        return JSONResponse({"kind": kind}, 201)
    return RedirectResponse(f"/s/{token}?said=1", 303)
