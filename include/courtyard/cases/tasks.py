"""Tasks downward: what a department asks of the street, checked against the duty list before anybody below hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert

from courtyard import notices
from courtyard.cases import acting, acts, departments, ledger, letters, machine, numbering, personal
from courtyard.cases.acting import Action
from courtyard.cases.event import Case, Event
from courtyard.cases.letter_text import Terms, refusal_letter
from courtyard.cases.rules import Rules
from courtyard.context import Context
from courtyard.district import duties, posts
from courtyard.district.models import District
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.privacy import written
from courtyard.store.tables import task as table

Verdict = Literal["allowed", "unlisted", "refused"]
ADMISSIONS = {"allowed": "准入", "knowingly": "知情准入", "refused": "退回"}
_REFUSED_TO = "请按职责分工由该部门自行办理"


@dataclass(frozen=True)
class Asked:
    """What a department asks: `courtyards` are codes, in the order of the pack; `basis` the document it refers to."""

    asked_by: str
    title: str
    basis: str
    due_on: date
    courtyards: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True)
class Checked:
    """What the duty list says of a task. `basis` and `reason` tell it in Chinese."""

    verdict: Verdict
    duty: str
    reason: str


@dataclass(frozen=True)
class Decision:
    """How a post takes a task that is not simply allowed: `knowingly` with a reason, or refused with one.

    `letter` drafts a 复函 to the department of a refused one.
    """

    knowingly: bool = False
    refuse: bool = False
    reason: str = ""
    letter: bool = False


def places(ctx: Context, courtyards: Iterable[str], communities: Iterable[str], day: date) -> tuple[str, ...]:
    """The courtyards of these codes and of these communities (code or name) that exist on a day; UsageError for others."""
    district, wanted = ctx.district, set()
    there = district.courtyards_on(day)
    for code in courtyards:
        if code not in {courtyard.code for courtyard in there}:
            raise UsageError(f"{day}没有编码为{code}的院落。", "请对照 courtyards.csv 写16位院落编码。")
        wanted.add(code)
    units = {name: unit.code for unit in district.units_valid_on(day, "community") for name in (unit.code, unit.name)}
    for name in communities:
        if name not in units:
            raise UsageError(f"没有社区{name}。", "请写 units.csv 中的社区名称或编码。")
        wanted |= {c.code for c in there if district.community_of(c.code).code == units[name]}
    if not wanted:
        raise UsageError("没有写任务落在哪里。", "请用 --courtyards 或 --communities 写明院落或社区。")
    return tuple(courtyard.code for courtyard in there if courtyard.code in wanted)


def check(district: District, asked: Asked) -> Checked:
    """A task against the negative list and the duty list; changes nothing."""
    if found := duties.refused(district, [asked.title, asked.detail]):
        duty = found[0][0]
        return Checked("refused", duty.matter, f"属于负面清单“{duty.matter}”（{duty.basis}）")
    listed = duties.allowed(district, asked.title)
    if listed is None:
        return Checked("unlisted", "", "权责清单中没有对应事项")
    if asked.asked_by not in listed.owners:
        return Checked("unlisted", "", f"权责清单“{listed.matter}”的主管部门是{listed.owner}，不是{asked.asked_by}")
    return Checked("allowed", listed.matter, f"权责清单“{listed.matter}”（{listed.basis}）")


def add(ctx: Context, asked: Asked, *, post: str, at: datetime, decision: Decision | None = None) -> Case:
    """Take a task, or refuse it: a case of direction down at the street, recorded either way.

    UsageError where it is not on the duty list and no post admits it knowingly, with a reason, or refuses it.
    """
    posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    asked = _checked(ctx, asked, at)
    found, decided = check(ctx.district, asked), decision or Decision()
    admission = _admission(found, decided)
    reason = "；".join(filter(None, (found.reason, written.reason(decided.reason))))
    doing = acts.action(
        ctx, "", "task", post=post, at=at, asked_by=asked.asked_by, title=asked.title, basis=asked.basis,
        due_at=_closing_time(ctx, asked.due_on).isoformat(), courtyards=list(asked.courtyards), detail=asked.detail,
        duty=found.duty if admission != "knowingly" else "", admission=admission, reason=reason,
        letter=decided.letter and admission == "refused",
    )  # fmt: skip
    doing = replace(doing, case_no=numbering.stem(ctx.keys, f"{acting.DATASET}|{doing.action_no}", doing.at))
    return acts.act(ctx, doing, given)


def given(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of the action: the case of a task, refused at once where it was."""
    where = {"level": "street", "unit_code": ctx.street_code}
    case = open_task(connection, ctx, doing, doing.case_no, where, doing.data)
    if doing.data["admission"] != "refused":
        return case
    data = {"reason": doing.data["reason"], "where": _REFUSED_TO}
    case = acts.happen(connection, ctx, case, Event("refused", doing.at, doing.post, f"{doing.cause}/no", None, data))
    return answer_with_letter(connection, ctx, case, doing, doing.data) if doing.data["letter"] else case


def open_task(
    connection: Connection, ctx: Context, doing: Action, case_no: str, where: dict[str, Any], said: dict[str, Any]
) -> Case:
    """The case and the row of a task, or of a part of it. `where`: level, unit_code, parent_no."""
    rules, courtyards = Rules.of(ctx.district), said["courtyards"]
    data = {
        "direction": "down",
        "category": rules.cases.fallback,
        "urgency": "normal",
        "confidence": 1,
        "silent": True,
        **where,
    }
    data |= {"courtyard_code": courtyards[0] if len(courtyards) == 1 else None}
    data |= {"due_at": said["due_at"], "total_due_at": said["due_at"]}
    event = Event("opened", doing.at, doing.post, doing.cause, None, data)
    case = machine.opened(rules, case_no=case_no, event=event)
    ledger.append(connection, ctx.street_code, [(event, case)])
    names = ("title", "asked_by", "basis", "detail", "admission", "reason", "courtyards")
    values = {name: said[name] for name in names}
    due = {"due_at": datetime.fromisoformat(said["due_at"]), "duty": said["duty"] or None, "post": doing.post}
    connection.execute(insert(table).values(street_code=ctx.street_code, case_no=case_no, **values, **due))
    until = f"{case.total_due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    body = f"任务{case_no}：{said['title']}（{said['asked_by']}，依据{said['basis']}），涉及{len(courtyards)}个院落，请于{until}前办结并报结果。"
    if said["admission"] != "refused":  # `silent` keeps it from being told twice, without its title
        tell(connection, ctx, case.unit_code, doing.at, f"task/{case_no}", f"交办任务：{said['title']}", body)
    return case


def line(ctx: Context, unit_code: str) -> Iterator[str]:
    """A unit and those above it."""
    unit = ctx.district.unit_by_code.get(unit_code)
    while unit:
        yield unit.code
        unit = ctx.district.unit_by_code.get(unit.parent_code or "")


def tell(
    connection: Connection, ctx: Context, unit_code: str, at: datetime, cause: str, subject: str, body: str
) -> None:
    """Queue a notice to a unit, or to the first one above it that can be told."""
    day = at.astimezone(SHANGHAI).date()
    for code in line(ctx, unit_code):
        if contacts := notices.contacts_of(ctx.district, code, day):
            made = notices.addressed(ctx.district, contacts, cause=cause, subject=subject, body=body, queued_at=at)
            notices.queue(connection, made)
            return


def answer_with_letter(connection: Connection, ctx: Context, case: Case, doing: Action, said: dict[str, Any]) -> Case:
    """A 复函 that refuses the task, for the street to send; noted with the case."""
    code = next((d.code for d in ctx.district.departments if said["asked_by"] in d.names), said["asked_by"])
    number = letters.number_of(connection, ctx, f"letter/{doing.action_no}", doing.at)
    letter_no, on = letters.next_no(connection, ctx, case.case_no), doing.at.astimezone(SHANGHAI).date()
    terms = Terms(said["asked_by"], number, on, on)
    made = refusal_letter(ctx.district, terms, said["title"], said["basis"], doing.data["reason"])
    row = letters.Letter(case.case_no, letter_no, code, number, "refusal", "", doing.at, on)
    letters.issue(connection, ctx, row, made, told="请核阅后发出。", to_department=False)
    data = {"letter_no": letter_no, "number": number, "text": f"已拟复函{number}"}
    return acts.happen(connection, ctx, case, Event("noted", doing.at, doing.post, f"{doing.cause}/letter", None, data))


def _checked(ctx: Context, asked: Asked, at: datetime) -> Asked:
    """With the department's full name; UsageError for what is missing, names a person or is late already."""
    for what, said in (("--title", asked.title), ("--basis", asked.basis), ("--from", asked.asked_by)):
        if not said.strip():
            raise UsageError(f"没有写{what}。", "请写明任务、依据和交办部门。")
    personal.checked(f"{asked.title}。{asked.detail}")
    day = at.astimezone(SHANGHAI).date()
    if asked.due_on <= day:
        raise UsageError(f"期限{asked.due_on}不在今天（{day}）之后。", "请与交办部门商定期限。")
    try:
        name = departments.resolve(ctx.district, asked.asked_by, day).name
    except UsageError:
        name = asked.asked_by.strip()  # a committee or an office that no letter goes to
    return replace(asked, asked_by=name)


def _admission(found: Checked, decided: Decision) -> str:
    if decided.refuse and decided.knowingly:
        raise UsageError("不能既知情准入又退回。", "请只选一个。")
    if found.verdict == "refused":
        if decided.knowingly:
            raise UsageError(f"不能准入：{found.reason}。", "负面清单上的任务一律退回；可加 --letter 拟一份复函。")
        return "refused"
    if decided.refuse or decided.knowingly:
        if not decided.reason.strip():
            raise UsageError("没有写理由。", "请用 --reason 写明为什么准入或退回。")
        if decided.refuse:
            return "refused"
    if found.verdict == "allowed":
        return "allowed"
    if not decided.knowingly:
        raise UsageError(
            f"不能直接接收：{found.reason}。", "请加 --knowingly 和 --reason 知情准入，或加 --refuse 退回。"
        )
    return "knowingly"


def _closing_time(ctx: Context, day: date) -> datetime:
    """When the office closes on a day."""
    return datetime.combine(day, ctx.district.office.calendar.hours[-1].times[1], SHANGHAI)
