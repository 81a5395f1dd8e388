"""A task on its way down, by post: street, community, grid, courtyard; and its results on their way up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from courtyard.cases import acting, acts, ledger, numbering, personal, tasks
from courtyard.cases.acting import Action
from courtyard.cases.clock import CLOCK
from courtyard.cases.event import Case, Event
from courtyard.context import Context
from courtyard.district import posts
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

BELOW = {"street": "community", "community": "grid", "grid": "courtyard"}
_WHY = {"not_acknowledged": "未按时签收", "not_solved": "未按时办结", "total": "已过任务期限"}
_TASK = text("SELECT * FROM cases.task WHERE street_code = :street AND case_no = :case_no")
_CHILDREN = text("""
SELECT c.case_no, c.status, c.unit_code, t.courtyards
  FROM cases.case c JOIN cases.task t USING (street_code, case_no)
 WHERE c.street_code = :street AND c.parent_no = :case_no ORDER BY c.case_no
""")
_READY = text("""
SELECT p.case_no, count(*) AS children
  FROM cases.case p
  JOIN cases.case c ON c.street_code = p.street_code AND c.parent_no = p.case_no
 WHERE p.street_code = :street AND p.direction = 'down' AND p.status IN ('waiting', 'handling')
   AND (CAST(:parent AS text) IS NULL OR p.case_no = :parent)
 GROUP BY p.case_no
HAVING bool_and(c.status IN ('answered', 'closed')) ORDER BY p.case_no
""")
_LATE = text("""
SELECT c.parent_no, c.case_no, c.unit_code, e.seq, e.data ->> 'why' AS why
  FROM cases.case c
  JOIN cases.event e ON e.street_code = c.street_code AND e.case_no = c.case_no AND e.kind = 'overdue'
 WHERE c.street_code = :street AND c.direction = 'down' AND c.parent_no IS NOT NULL
   AND NOT EXISTS (SELECT FROM cases.event n
                    WHERE n.street_code = c.street_code AND n.case_no = c.parent_no
                      AND n.cause = 'child/' || c.case_no || '/' || e.seq)
 ORDER BY c.parent_no, c.case_no, e.seq
""")


def acknowledge(ctx: Context, case_no: str, *, post: str, at: datetime) -> Case:
    """A unit says that it has its part of a task; UsageError for a post that is neither its own nor above it."""
    _authorised(ctx, case_no, post, at)
    return acts.act(ctx, acts.action(ctx, case_no, "acknowledged", post=post, at=at), acts.plain)


def hand_down(ctx: Context, case_no: str, *, post: str, at: datetime) -> list[str]:
    """Give a task to every unit below that has courtyards in it and has no part yet; the numbers of their cases.

    UsageError where the unit is the lowest one, or where all have their part.
    """
    case, task = _authorised(ctx, case_no, post, at)
    kind = ctx.district.unit_by_code[case.unit_code].kind
    if kind not in BELOW:
        raise UsageError(f"{case_no}已经落到院落，不能再往下交办。", "请办理后用 courtyard tasks done 报结果。")
    with ctx.engine().connect() as connection:
        had = {
            code
            for child in _children(connection, ctx, case_no)
            if child.status != "refused"
            for code in child.courtyards
        }
    parts = _parts(ctx, BELOW[kind], [code for code in task["courtyards"] if code not in had])
    if not parts:
        raise UsageError(f"{case_no}的院落都已交办下去。", "用 courtyard tasks show 查看各单位进度。")
    # `children` by unit or courtyard: what a rebuild needs to make the same cases again.
    doing = acts.action(ctx, case_no, "handed_down", post=post, at=at, to=BELOW[kind], children=parts)
    acts.act(ctx, doing, handed_down)
    return [_child_no(ctx, doing, place) for place in parts]


def handed_down(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of the action: whoever hands down has acknowledged; then one case a unit."""
    case = ledger.find(connection, ctx.street_code, doing.case_no)
    if case.status == "waiting":
        case = acts.happen(connection, ctx, case, Event("acknowledged", doing.at, doing.post, f"{doing.cause}/ack"))
    task = dict(connection.execute(_TASK, _where(ctx, case.case_no)).mappings().one())
    numbers_of = {place: _child_no(ctx, doing, place) for place in doing.data["children"]}
    told = {"to": doing.data["to"], "children": list(numbers_of.values())}
    case = acts.happen(connection, ctx, case, Event(doing.kind, doing.at, doing.post, doing.cause, None, told))
    for place, courtyards in doing.data["children"].items():
        said = {**task, "due_at": task["due_at"].isoformat(), "courtyards": courtyards}
        where = {"parent_no": case.case_no, **_receiver(ctx, doing.data["to"], place)}
        tasks.open_task(connection, ctx, doing, numbers_of[place], where, said)
    return case


def done(ctx: Context, case_no: str, *, result: str, post: str, at: datetime) -> Case:
    """The result of a unit's part. With the last one the task above is answered too.

    UsageError while units below have not finished.
    """
    _authorised(ctx, case_no, post, at)
    said = personal.checked(result)
    with ctx.engine().connect() as connection:
        waiting = [c for c in _children(connection, ctx, case_no) if c.status in ("held", "waiting", "handling")]
    if waiting:
        names = "、".join(_name(ctx, child.unit_code) for child in waiting[:5])
        raise UsageError(f"还有{len(waiting)}个单位没有办结：{names}。", "请催办；都办结后本级自动办结。")
    return acts.act(ctx, acts.action(ctx, case_no, "answered", post=post, at=at, text=said, outcome="done"), answered)


def answered(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of an answer, of a task and of any other case."""
    case = acts.plain(connection, ctx, doing)
    if case.direction == "down" and case.parent_no:
        _settle(connection, ctx, doing.at, case.parent_no)
    return case


def refuse(
    ctx: Context, case_no: str, *, reason: str, where: str, post: str, at: datetime, letter: bool = False
) -> Case:
    """A unit, or the street, refuses a task or its part: why, and where next; the unit above sees it.

    `letter` drafts a 复函 to the department, of a whole task only.
    """
    case, _ = _authorised(ctx, case_no, post, at)
    if letter and case.parent_no:
        raise UsageError("只有街道可以函复部门。", f"请退回任务，由街道就{_root(ctx, case)}函复。")
    if not where.strip():
        raise UsageError("没有写应由谁办理。", "请用 --where 写明应转交哪里。")
    doing = acts.action(ctx, case_no, "refused", post=post, at=at, reason=personal.checked(reason), where=where.strip(),
                        letter=letter)  # fmt: skip
    return acts.act(ctx, doing, refused)


def refused(connection: Connection, ctx: Context, doing: Action) -> Case:
    """The handler of a refusal, of a task and of any other case."""
    case = acts.plain(connection, ctx, doing)
    if case.direction == "up":
        return case
    task = dict(connection.execute(_TASK, _where(ctx, case.case_no)).mappings().one())
    if case.parent_no:
        above = ledger.find(connection, ctx.street_code, case.parent_no)
        tasks.tell(connection, ctx, above.unit_code, doing.at, f"task_refused/{case.case_no}", f"任务被退回：{task['title']}",
              f"{_name(ctx, case.unit_code)}退回了任务{case.case_no}，请改派或自行办理。")  # fmt: skip
    return tasks.answer_with_letter(connection, ctx, case, doing, task) if doing.data.get("letter") else case


def settle(ctx: Context, *, at: datetime) -> dict[str, Any]:
    """By the clock: tasks whose parts are all done are answered, parts that are late are noted above; {"settled", "late"}.

    Running it again changes nothing.
    """
    with ledger.street_lock(ctx.engine(), ctx.street_code) as connection:
        return {"settled": _settle(connection, ctx, at), "late": _note_late(connection, ctx, at)}


def _settle(connection: Connection, ctx: Context, at: datetime, parent: str | None = None) -> int:
    """Answer what is ready, from below to the top, of one task above or of all; how many."""
    count = 0
    while ready := connection.execute(_READY, {"street": ctx.street_code, "parent": parent}).all():
        for row in ready:
            case = _answer_above(connection, ctx, at, row.case_no, row.children)
            count += 1
        if parent and not (parent := case.parent_no):
            break
    return count


def _answer_above(connection: Connection, ctx: Context, at: datetime, case_no: str, children: int) -> Case:
    """A task whose parts are all done is done; at the top the street is told to reply."""
    case = ledger.find(connection, ctx.street_code, case_no)
    data = {"text": f"下级{children}个单位均已办结", "outcome": "done", "children": children}
    # A task that was sent back and done again is answered again: seq tells one time from the other.
    event = Event("answered", at, CLOCK, f"children/{case.step_no}/{case.last_seq}", None, data)
    case = acts.happen(connection, ctx, case, event)
    if not case.parent_no:
        tasks.tell(connection, ctx, ctx.street_code, at, f"task_done/{case.case_no}/{case.last_seq}", f"任务已办结：{case_no}",
              f"任务{case_no}的{children}个单位均已办结，请核实后回复交办部门。")  # fmt: skip
    return case


def _note_late(connection: Connection, ctx: Context, at: datetime) -> int:
    late = connection.execute(_LATE, {"street": ctx.street_code}).all()
    for row in late:
        case = ledger.find(connection, ctx.street_code, row.parent_no)
        said = f"{_name(ctx, row.unit_code)}{_WHY.get(row.why, '逾期')}（{row.case_no}）"
        cause = f"child/{row.case_no}/{row.seq}"
        event = Event("noted", at, CLOCK, cause, None, {"text": said, "child": row.case_no, "why": row.why})
        acts.happen(connection, ctx, case, event)
        tasks.tell(
            connection,
            ctx,
            case.unit_code,
            at,
            f"task_late/{cause}",
            f"下级任务逾期：{row.case_no}",
            f"{said}，请督促办理。",
        )
    return len(late)


def _parts(ctx: Context, to: str, courtyards: list[str]) -> dict[str, list[str]]:
    """The units of a kind with the courtyards that are theirs; of courtyards, each by itself."""
    found: dict[str, list[str]] = {}
    for code in courtyards:
        match to:
            case "community":
                place = ctx.district.community_of(code).code
            case "grid":
                place = ctx.district.grid_of(code).code
            case _:
                place = code
        found.setdefault(place, []).append(code)
    return found


def _receiver(ctx: Context, to: str, place: str) -> dict[str, str]:
    """The level and the unit that receives: of a courtyard its micro-grid, for which the grid answers while it has no post."""
    if to == "courtyard":
        return {"level": "courtyard", "unit_code": ctx.district.courtyard_by_code[place].micro_grid_code}
    return {"level": "community" if to == "community" else "courtyard", "unit_code": place}


def _child_no(ctx: Context, doing: Action, place: str) -> str:
    return numbering.stem(ctx.keys, f"{acting.DATASET}|{doing.action_no}/{place}", doing.at)


def _authorised(ctx: Context, case_no: str, post: str, at: datetime) -> tuple[Case, dict[str, Any]]:
    """The task, once the post is that of its unit or of one above."""
    with ctx.engine().connect() as connection:
        case = ledger.find(connection, ctx.street_code, case_no)
        task = connection.execute(_TASK, _where(ctx, case_no)).mappings().one_or_none()
    if task is None:
        raise UsageError(f"{case_no}不是部门交办的任务。", "居民上报的工单请用 courtyard cases 办理。")
    acting = posts.required(ctx.district, post, at.astimezone(SHANGHAI).date())
    if acting.unit_code not in tasks.line(ctx, case.unit_code):
        raise UsageError(f"{post}不能办理{_name(ctx, case.unit_code)}的任务。", "请由该单位或其上级的岗位办理。")
    return case, dict(task)


def _children(connection: Connection, ctx: Context, case_no: str) -> list[Any]:
    return list(connection.execute(_CHILDREN, _where(ctx, case_no)))


def _root(ctx: Context, case: Case) -> str:
    with ctx.engine().connect() as connection:
        while case.parent_no:
            case = ledger.find(connection, ctx.street_code, case.parent_no)
    return case.case_no


def _name(ctx: Context, unit_code: str) -> str:
    unit = ctx.district.unit_by_code.get(unit_code)
    return unit.name if unit else unit_code


def _where(ctx: Context, case_no: str) -> dict[str, str]:
    return {"street": ctx.street_code, "case_no": case_no}
