"""Replies of departments (复函): entered by a post, told to the reporters as a step without the department's words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from courtyard import notices
from courtyard.cases import acts, departments, ledger, letters, machine, personal
from courtyard.cases.acting import Action
from courtyard.cases.event import Case, Event
from courtyard.cases.letter_text import OUTCOMES
from courtyard.cases.letters import Letter
from courtyard.context import Context
from courtyard.district import posts
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI
from courtyard.store.tables import letter as table


def reply(
    ctx: Context, case_no: str, letter_no: int, *, number: str, outcome: str, text: str, post: str, at: datetime,
    where: str = "",
) -> Letter:  # fmt: skip
    """Enter a department's reply. `outcome` is done, accepted or refused; a refusal says `where` the matter belongs.

    After a refusal the case waits at the street again: its post has to act. UsageError for a letter that has a reply, or
    that asks for none.
    """
    posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    if outcome not in OUTCOMES:
        raise UsageError(f"没有“{outcome}”这种结果。", f"请写{'、'.join(f'{k}（{v}）' for k, v in OUTCOMES.items())}。")
    if outcome == "refused" and not where.strip():
        raise UsageError(
            "没有写应由哪个单位办理。", "对方不予受理时，请用 --where 写明应转交哪里；不明确就写“由街道研究”。"
        )
    said = personal.checked(text)
    doing = acts.action(ctx, case_no, "replied", post=post, at=at, letter_no=letter_no, reply_number=number.strip(),
                        outcome=outcome, reply=said, where=where.strip())  # fmt: skip
    acts.act(ctx, doing, replied)
    with ctx.engine().connect() as connection:
        return letters.find(connection, ctx, case_no, letter_no)


def replied(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of the action: see `acts.Handler`. The reply's words stay with the letter and out of the event."""
    case, data = ledger.find(connection, ctx.street_code, doing.case_no), doing.data
    row = letters.find(connection, ctx, case.case_no, data["letter_no"])
    if row.kind != "request":
        raise UsageError(f"{row.number}是{letters.KINDS[row.kind]}，不登记复函。", "请写去函的序号。")
    if row.replied_at:
        raise UsageError(f"{row.number}已登记复函。", "用 courtyard letters show 查看。")
    name = departments.name_of(ctx.district, row.department)
    told = {"letter_no": row.letter_no, "department": row.department, "department_name": name}
    told |= {"outcome": data["outcome"], "number": row.number}
    if data["outcome"] == "refused":
        told["where"] = data["where"]
    case = acts.happen(connection, ctx, case, Event(doing.kind, doing.at, doing.post, doing.cause, None, told))
    connection.execute(
        update(table)
        .where(table.c.street_code == ctx.street_code)
        .where(table.c.case_no == case.case_no, table.c.letter_no == row.letter_no)
        .values(
            replied_at=doing.at,
            reply_number=data["reply_number"] or None,
            reply=data["reply"],
            outcome=data["outcome"],
            referred_to=data["where"] or None,
            next_chase_at=None,
        )
    )
    if data["outcome"] == "refused":
        case = _back_to_street(connection, ctx, case, doing, name)
    _tell(connection, ctx, case, doing, row)
    return case


def _back_to_street(connection: Connection, ctx: Context, case: Case, doing: Action, name: str) -> Case:
    """A new step at the street with a clock of its own, unless the case is no longer worked on."""
    if case.status not in machine.ALLOWED["handed_back"]:
        return case
    reason = f"{name}复函不予受理，建议：{doing.data['where']}"
    data = {"reason": reason, "where": doing.data["where"], "level": "street", "unit_code": ctx.street_code}
    event = Event("handed_back", doing.at, doing.post, f"{doing.cause}/back", None, data)
    return acts.happen(connection, ctx, case, event)


def _tell(connection: Connection, ctx: Context, case: Case, doing: Action, row: Letter) -> None:
    """The street's contacts: what came, and what is to be done next."""
    day = doing.at.astimezone(SHANGHAI).date()
    name, outcome = departments.name_of(ctx.district, row.department), doing.data["outcome"]
    next_step: dict[str, Any] = {
        "done": "请核实后答复反映人。",
        "accepted": "对方正在办理，请跟踪结果，办完后答复反映人。",
        "refused": f"对方不予受理，建议：{doing.data['where']}。请街道另行去函或研究办理，并告知反映人。",
    }
    notices.queue(
        connection,
        notices.addressed(
            ctx.district,
            notices.contacts_of(ctx.district, ctx.street_code, day),
            cause=f"reply/{case.case_no}/{row.letter_no}",
            subject=f"收到复函：{name}（{row.number}）",
            body=f"工单{case.case_no}：{name}{OUTCOMES[outcome]}。{next_step[outcome]}",
            queued_at=doing.at,
        ),
    )
