"""Letters of a case to departments (去函): number, file, ledger, event and notices, together or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, text

from courtyard import letters as official
from courtyard import notices
from courtyard.cases import acts, departments, ledger, personal, photos
from courtyard.cases.acting import Action
from courtyard.cases.event import Case
from courtyard.cases.letter_text import Happened, Matter, Terms, request_letter
from courtyard.context import Context
from courtyard.district import posts
from courtyard.district.working_time import Span
from courtyard.errors import UsageError
from courtyard.letters import docx
from courtyard.notices import Notice, outbox
from courtyard.period import SHANGHAI
from courtyard.store.tables import letter as table

KINDS = {"request": "去函", "chase": "催办函", "refusal": "复函"}
_TIMELINE = text("""
SELECT at, kind, level, data FROM cases.event WHERE street_code = :street AND case_no = :case_no ORDER BY seq
""")
_REPORTS = text("SELECT count(*) FROM cases.report WHERE street_code = :street AND case_no = :case_no")


@dataclass(frozen=True)
class Letter:
    """A row of `cases.letter`: see there for the fields. `file` is below outbox/."""

    case_no: str
    letter_no: int
    department: str
    number: str
    kind: str
    file: str
    written_at: datetime
    due_on: date
    request: str = ""
    replied_at: datetime | None = None
    reply_number: str | None = None
    reply: str | None = None
    outcome: str | None = None
    referred_to: str | None = None
    chased: int = 0
    about_no: int | None = None
    next_chase_at: datetime | None = None

    @classmethod
    def of_row(cls, row: RowMapping) -> Letter:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


def write(
    ctx: Context, case_no: str, department: str, *, post: str, at: datetime, request: str, due: Span | None = None
) -> Letter:
    """Write to a department about a case; `due` counts from now, the level's own limit unless given.

    UsageError where the department is not known on the day, has not replied to an earlier letter of the case, where the
    post is not the street's, or where the text would name a reporter.
    """
    day = at.astimezone(SHANGHAI).date()
    _street_post(ctx, post, day)
    addressee = departments.resolve(ctx.district, department, day)
    with ctx.engine().connect() as connection:
        case = ledger.find(connection, ctx.street_code, case_no)
        said = personal.checked(request, personal.reporters(connection, ctx.street_code, case_no))
    within = due or _limit(ctx, case)
    due_on = ctx.district.office.working_time.after(at, within).astimezone(SHANGHAI).date()
    doing = acts.action(ctx, case_no, "written", post=post, at=at, department=addressee.code, request=said,
                        due_on=str(due_on), within=within.title)  # fmt: skip
    acts.act(ctx, doing, written)
    return next(row for row in reversed(listing(ctx, case_no)) if row.department == addressee.code)


def written(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of the action: see `acts.Handler`."""
    case, data = ledger.find(connection, ctx.street_code, doing.case_no), doing.data
    if case.direction == "down":
        raise UsageError(f"{case.case_no}是部门交办的任务，不能就它去函。", "请用 courtyard tasks 办结或退回。")
    before = [row for row in _of_case(connection, ctx, case.case_no) if row.kind == "request"]
    if waiting := next((r for r in before if r.department == data["department"] and not r.replied_at), None):
        raise UsageError(f"已以{waiting.number}去函，对方尚未复函。", "请等复函；到期未复，系统会自动催办。")
    name, number_cause = departments.name_of(ctx.district, data["department"]), f"letter/{doing.action_no}"
    number = number_of(connection, ctx, number_cause, doing.at)
    about = matter(connection, ctx, case)
    event = acts.event_of(doing, letter_no=next_no(connection, ctx, case.case_no), department_name=name, number=number)
    after = acts.happen(connection, ctx, case, event)
    terms = Terms(name, number, _day(doing.at), date.fromisoformat(data["due_on"]), data["within"])
    pictures = photos.of_case(connection, ctx, case.case_no)
    made = request_letter(ctx.district, about, terms, data["request"], pictures)
    row = Letter(case.case_no, event.data["letter_no"], data["department"], number, "request", "", doing.at,
                 terms.due_on, data["request"], next_chase_at=_day_after(terms.due_on))  # fmt: skip
    issue(connection, ctx, row, made, told=f"请按{terms.due_on}的期限跟踪复函。")
    return after


def issue(
    connection: Connection, ctx: Context, row: Letter, made: official.Letter, *, told: str, to_department: bool = True
) -> Letter:
    """Write a letter's file and enter it, with the notices that carry it, in the caller's transaction.

    The street's contacts are told with `told`; the department is sent the letter where its mail address is known.
    """
    name = f"{KINDS[row.kind]}{row.letter_no}_{made.addressed_to.replace('/', '_')}.docx"
    entered = replace(row, file=f"letters/{row.case_no}/{name}")
    body = docx.render(made)
    outbox.put(ctx.settings.outbox, entered.file, body)
    values = {**vars(entered), "street_code": ctx.street_code, "sha256": hashlib.sha256(body).hexdigest()}
    connection.execute(insert(table).values(**values))
    notices.queue(connection, _notices(ctx, entered, made, told, to_department))
    return entered


def listing(ctx: Context, case_no: str | None = None) -> list[Letter]:
    """The letters of a case, or of all cases, in the order in which they were written."""
    with ctx.engine().connect() as connection:
        return _of_case(connection, ctx, case_no)


def find(connection: Connection, ctx: Context, case_no: str, letter_no: int) -> Letter:
    """One letter; UsageError when there is none."""
    for row in _of_case(connection, ctx, case_no):
        if row.letter_no == letter_no:
            return row
    raise UsageError(f"工单{case_no}没有第{letter_no}封函。", "用 courtyard letters list 查看全部去函。")


def matter(connection: Connection, ctx: Context, case: Case) -> Matter:
    """What a letter may say of a case."""
    where = {"street": ctx.street_code, "case_no": case.case_no}
    names = personal.reporters(connection, ctx.street_code, case.case_no)
    courtyard = ctx.district.courtyard_by_code.get(case.courtyard_code or "")
    unit = ctx.district.unit_by_code.get(case.unit_code)
    name = courtyard.name if courtyard else unit.name if unit else ctx.district.office.short_name
    return Matter(
        case_no=case.case_no,
        category=ctx.district.cases.category(case.category).title,
        place=f"{name}（{ctx.district.standard_address(courtyard)}）" if courtyard else name,
        place_name=name,
        opened_at=case.opened_at,
        reports=connection.scalar(_REPORTS, where) or 0,
        timeline=tuple(_happened(row, names) for row in connection.execute(_TIMELINE, where)),
    )


def number_of(connection: Connection, ctx: Context, cause: str, at: datetime) -> str:
    """The 发文字号 of the letter with this cause."""
    return official.number_of(connection, ctx.street_code, ctx.district.office.letter_mark, cause, at)


def next_no(connection: Connection, ctx: Context, case_no: str) -> int:
    """The number within the case that the next letter has."""
    query = select(func.max(table.c.letter_no)).where(
        table.c.street_code == ctx.street_code, table.c.case_no == case_no
    )
    return (connection.scalar(query) or 0) + 1


def _of_case(connection: Connection, ctx: Context, case_no: str | None) -> list[Letter]:
    query = select(table).where(table.c.street_code == ctx.street_code)
    if case_no is not None:
        query = query.where(table.c.case_no == case_no)
    rows = connection.execute(query.order_by(table.c.written_at, table.c.case_no, table.c.letter_no)).mappings()
    return [Letter.of_row(row) for row in rows]


def _happened(row: Any, names: Sequence[str]) -> Happened:
    """A line of the timeline. Only a safety measure is told in the words of the post that took it."""
    data = row.data
    words = personal.hidden(str(data.get("text", "")), names) if row.kind == "measured" else ""
    return Happened(row.at, row.kind, row.level, words, data.get("department_name", ""), data.get("outcome", ""),
                    data.get("why", ""))  # fmt: skip


def _notices(ctx: Context, row: Letter, made: official.Letter, told: str, to_department: bool) -> list[Notice]:
    district, title = ctx.district, KINDS[row.kind]
    cause = f"letter/{row.case_no}/{row.letter_no}"
    contact = next((d.contact for d in district.departments if d.code == row.department), None)
    by_mail = f"已发到{made.addressed_to}登记的邮箱" if contact and to_department else "请按机要或纸质方式送达"
    own = notices.addressed(
        district,
        notices.contacts_of(district, ctx.street_code, _day(row.written_at)),
        cause=cause,
        subject=f"{title}{row.number}（致{made.addressed_to}）",
        body=f"工单{row.case_no}：{made.title}。\n{title}见附件，{by_mail}。{told}",
        queued_at=row.written_at,
    )
    found = [replace(notice, attachments=(row.file,)) for notice in own]
    if contact and to_department:
        body = f"{made.addressed_to}：\n附件是{district.office.name}的函（{row.number}），请于{row.due_on}前复函，并注明本函文号。"
        found.append(Notice(ctx.street_code, cause, "mail", contact, made.title, body, row.written_at, (row.file,)))
    return found


def _street_post(ctx: Context, post: str, day: date) -> None:
    if posts.required(ctx.district, post, day).unit_code != ctx.street_code:
        raise UsageError(
            "只有街道的岗位可以向部门去函。", f"请写{ctx.district.office.preparer}，或街道的“单位编码/岗位”。"
        )


def _limit(ctx: Context, case: Case) -> Span:
    """How long a department has for a case of this urgency."""
    limits = ctx.district.cases.terms_of(case.urgency).levels.get("department")
    return Span.parse(limits.solve) if limits else Span(ctx.district.office.desk.department_days, "working_days")


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _day_after(day: date) -> datetime:
    """The first minute after a day."""
    return datetime.combine(day + timedelta(days=1), time.min, SHANGHAI)
