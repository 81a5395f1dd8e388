"""Opening a quarter: one workbook for each grid, prefilled with what stood at the end of the quarter before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from courtyard import notices
from courtyard.context import Context
from courtyard.district.models import Unit
from courtyard.errors import CourtyardError, HeldError, UsageError
from courtyard.notices import outbox
from courtyard.period import SHANGHAI, Period
from courtyard.store import tables
from courtyard.submissions import locks, prefill, questions, workbook
from courtyard.submissions.cycle import Cycle
from courtyard.submissions.form import FORM_VERSION, Form
from courtyard.submissions.prefill import Content
from courtyard.submissions.workbook import Issue

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_AUDIT = text("INSERT INTO audit.event (at, actor, action, object) VALUES (:at, :actor, 'issue', :object)")


@dataclass(frozen=True)
class _Job:
    """One run of `issue` on its transaction."""

    ctx: Context
    connection: Connection
    form: Form
    cycle: Cycle
    at: datetime
    before: dict[str, Row]  # the newest issue of each unit

    @property
    def folder(self) -> str:
        """Below outbox/."""
        return f"{self.form.source}/{self.ctx.period}"


def issue(ctx: Context, *, at: datetime, units: Sequence[str] | None = None) -> dict[str, Any]:
    """Write a workbook for every grid that exists on the quarter's last day, or for `units` alone.

    `at` (with a time zone) is when it is issued. A grid whose content is what its newest workbook holds
    gets no other; a changed one gets the next number and its file is replaced, and its contacts are told.
    Returns period, folder, due_on, the codes of units issued, unchanged and restored (their file was
    gone), `none` with those that get none and why, and the sums rows and questions. UsageError for a
    period or unit that cannot be issued, HeldError for a quarter that is not due yet or was closed.
    """
    form, wanted = Form.of(ctx.district), _wanted(ctx, units)
    done: dict[str, Any] = {"issued": [], "unchanged": [], "restored": []}
    sums = {"rows": 0, "questions": 0}
    with ctx.engine().begin() as connection:
        connection.execute(_LOCK, {"name": f"issue/{ctx.street_code}/{ctx.period}"})
        _refuse_locked(connection, ctx, at)
        contents = _contents(connection, ctx, form)
        cycle = Cycle.of(ctx.period, ctx.district.office.grid_cycle)
        job = _Job(ctx, connection, form, cycle, at, _newest(connection, ctx))
        (ctx.settings.outbox / job.folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        for unit in wanted:
            content = contents[unit.code]
            done[_issue_one(job, unit, content)].append(unit.code)
            sums["rows"] += sum(map(len, content.groups.values()))
            sums["questions"] += len(content.questions)
    folder = str(ctx.settings.outbox / job.folder)
    none = _without(ctx) if units is None else []
    return {"period": str(ctx.period), "folder": folder, "due_on": str(cycle.due_on), **done, "none": none, **sums}


def _wanted(ctx: Context, units: Sequence[str] | None) -> list[Unit]:
    """The grids to issue to; UsageError names a period that is no quarter of the system and a unit that is no grid."""
    if ctx.period.kind != "quarter":
        raise UsageError(f"“{ctx.period}”不是季度。", "请写成 2026Q3 这样的季度。")
    first = Period.quarter(ctx.district.office.first_quarter)
    if ctx.period < first:
        raise UsageError(f"{ctx.period.title}在系统启用（{first.title}）之前。", "请选择启用以后的季度。")
    valid = {unit.code: unit for unit in ctx.district.units_valid_on(ctx.period.last_day, "grid")}
    for code in units or ():
        if code not in valid:
            known = ctx.district.unit_by_code.get(code)
            what = (
                f"单位{known.name}（{code}）在{ctx.period.last_day}不是有效的网格"
                if known
                else f"没有编码为{code}的单位"
            )
            raise UsageError(f"{what}。", "请对照 units.csv 写15位网格编码。")
    return list(valid.values()) if units is None else [valid[code] for code in dict.fromkeys(units)]


def _refuse_locked(connection: Connection, ctx: Context, at: datetime) -> None:
    lock = locks.lock_of(connection, ctx, ctx.period, at)
    if not lock.takes:
        remedy = "到了下发日再运行。" if lock.state == "not_open" else f"{lock.remedy}。"
        raise HeldError(f"{lock.why}。", remedy)


def _contents(connection: Connection, ctx: Context, form: Form) -> dict[str, Content]:
    """What every grid of the street is told; questions need the lists of all of them."""
    contents = prefill.lists(connection, ctx, form, ctx.district.units_valid_on(ctx.period.last_day, "grid"))
    if form.questions:
        questions.add(connection, ctx, form, contents)
    return contents


def _without(ctx: Context) -> list[dict[str, str]]:
    """Grids that existed when the quarter began and get no workbook, since they are gone when it ends."""
    began, ends = ctx.period.start, ctx.period.last_day
    gone = [u for u in ctx.district.units_valid_on(began, "grid") if u.valid_to and u.valid_to <= ends]
    return [{"unit": u.code, "name": u.name, "reason": f"{u.valid_to}起撤销"} for u in gone]


def _newest(connection: Connection, ctx: Context) -> dict[str, Row]:
    query = (
        select(tables.issue)
        .where(tables.issue.c.street_code == ctx.street_code, tables.issue.c.period == str(ctx.period))
        .order_by(tables.issue.c.issue_no)
    )
    return {row.unit_code: row for row in connection.execute(query)}


def _issue_one(job: _Job, unit: Unit, content: Content) -> str:
    """Write and record a workbook where one is due; returns what was done."""
    digest, before = _content_hash(job, unit, content), job.before.get(unit.code)
    if before is not None and before.content_hash == digest:
        if (job.ctx.settings.outbox / before.file).exists():
            return "unchanged"
        _write(job, before.file, _build(job, unit, content, (before.issue_no, before.issued_at)))
        return "restored"
    number = before.issue_no + 1 if before else 1
    made = _build(job, unit, content, (number, job.at))
    file = f"{job.folder}/{unit.code}_{unit.name}_{job.ctx.period}.xlsx"
    _write(job, file, made)
    if before is not None and before.file != file:  # the grid was renamed: its former workbook must not go out too
        (job.ctx.settings.outbox / before.file).unlink(missing_ok=True)
    where = {"street_code": job.ctx.street_code, "period": str(job.ctx.period), "unit_code": unit.code}
    values = {
        **where,
        "issue_no": number,
        "form_version": FORM_VERSION,
        "issued_at": job.at,
        "due_on": job.cycle.due_on,
        "file": file,
        "sha256": hashlib.sha256(made).hexdigest(),
        "content_hash": digest,
        "rows": {c.dataset: len(content.groups.get(c.dataset, ())) for c in job.form.groups},
        "questions": len(content.questions),
    }
    job.connection.execute(insert(tables.issue).values(**values))
    told = {"at": job.at, "actor": job.ctx.holder, "object": f"{'/'.join(where.values())}/{number}"}
    job.connection.execute(_AUDIT, told)
    _tell(job, unit, number)
    return "issued"


def _content_hash(job: _Job, unit: Unit, content: Content) -> str:
    """Over all that the workbook tells the grid; who holds its posts may change without another workbook."""
    said = {
        "version": FORM_VERSION,
        "unit": [unit.code, unit.name],
        "due_on": str(job.cycle.due_on),
        "headers": [[column.header for column in contract.columns] for contract in job.form.groups],
        "groups": {dataset: [asdict(line) for line in lines] for dataset, lines in content.groups.items()},
        "questions": content.questions,
    }
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _build(job: _Job, unit: Unit, content: Content, number_and_time: tuple[int, datetime]) -> bytes:
    return workbook.build(Issue(job.ctx.district, job.form, unit, job.cycle, content, *number_and_time, job.ctx.keys))


def _write(job: _Job, file: str, body: bytes) -> None:
    target = job.ctx.settings.outbox / file
    try:
        outbox.write_file(target, body)
    except OSError as error:
        raise CourtyardError(
            f"采集表写不进{target.parent}：{error.strerror}。", "请检查磁盘空间和权限，再运行一次。"
        ) from None


def _tell(job: _Job, unit: Unit, number: int) -> None:
    """Tell the grid that its workbook is there; the workbook itself, full of ID numbers, goes by no mail."""
    district, title = job.ctx.district, f"{job.cycle.period.title}采集表"
    again = "内容有更新，请用这一份，旧的作废。" if number > 1 else "表里已填好上季度末的情况，只改有变化的地方。"
    body = f"{unit.name}：\n{title}已下发。{again}\n请在{job.cycle.due_on}前交回。有疑问请联系{district.office.preparer}。谢谢！"
    whom = notices.contacts_of(district, unit.code, job.at.astimezone(SHANGHAI).date())
    cause = f"issue/{job.cycle.period}/{unit.code}/{number}"
    subject = f"{unit.name}{title}{'有更新' if number > 1 else '已下发'}"
    told = notices.addressed(district, whom, cause=cause, subject=subject, body=body, queued_at=job.at)
    notices.queue(job.connection, told)
