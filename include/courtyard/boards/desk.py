"""核实台: what waits for a person, everything said about it side by side, and one click with a reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Request
from sqlalchemy import Connection
from starlette.responses import Response

from courtyard.boards import answering, desk_words, forms, guard, menu
from courtyard.boards.refusal import Refused
from courtyard.boards.who import Who
from courtyard.context import Context
from courtyard.desk import pending, queue
from courtyard.desk.deciding import Decision, Signed
from courtyard.errors import UsageError
from courtyard.period import Period

PER_PAGE = 50
_DUE = {"overdue": "已逾期", "soon": "7天内到期", "later": "7天以后", "none": "不限期"}
_SOON_DAYS = 7


@dataclass(frozen=True)
class Filters:
    """Which entries somebody works through; all of it may stand in an address."""

    kind: str = ""
    owner: str = ""
    due: str = ""
    quarter: str = ""

    @classmethod
    def of(cls, written: Any) -> Filters:
        """The filters of a query string or a posted form; what makes no sense is left out."""
        found = {name: str(written.get(name, ""))[:40] for name in cls.__dataclass_fields__}
        for name, known in (("kind", queue.KINDS), ("due", _DUE)):
            found[name] = found[name] if found[name] in known else ""
        try:
            found["quarter"] = found["quarter"] and str(Period.quarter(found["quarter"]))
        except UsageError:
            raise Refused(400, f"没有“{found['quarter']}”这个季度。", "请写成 2026Q3 这样。") from None
        return cls(**found)

    def query(self, **more: str) -> str:
        """As the end of an address: '' or '?kind=claim&…'."""
        said = {name: value for name, value in {**asdict(self), **more}.items() if value}
        return f"?{urlencode(said)}" if said else ""

    def fit(self, entry: dict[str, Any], today: date) -> bool:
        is_wanted = self.kind in ("", entry["kind"]) and self.owner in ("", entry["owner"])
        return is_wanted and self.due in ("", _due_of(entry["due_on"], today))


def mount(app: FastAPI) -> None:
    """Add the queue, its entries and the decision on one."""

    @app.get("/desk")
    def whole(request: Request, page: int = 1, done: str = "", who: Who = guard.allowed(menu.DESK)) -> Response:
        return _queue(request, who, Filters.of(request.query_params), page, done)

    @app.get("/desk/{wanted}")
    def one(request: Request, wanted: str, done: str = "", who: Who = guard.allowed(menu.DESK)) -> Response:
        return _entry(request, who, wanted, done=done)

    @app.post("/desk/{wanted}")
    def decide(
        request: Request,
        wanted: str,
        typed: forms.Typed = Depends(forms.typed),
        who: Who = guard.allowed(menu.DESK),
    ) -> Response:
        return _decide(request, who, wanted, typed)


def is_for(who: Who, ctx: Context, entry: dict[str, Any]) -> bool:
    """Whether an entry is this user's to see: the street's all, a unit's and a department's own."""
    if who.role == "street":
        return True
    if who.role == "community":
        return who.unit_code is not None and queue.is_of(entry, who.unit_code)
    own = [s.source for s in ctx.district.sources.values() if who.department and s.department == who.department]
    return any(queue.is_of(entry, source) for source in own)


@dataclass(frozen=True)
class _Work:
    """What is open to a user; the decisions that wait for the next run, and those on these entries by id."""

    entries: list[dict[str, Any]]
    waiting: list[Decision]
    decided: dict[str, Decision]

    @classmethod
    def of(cls, connection: Connection, ctx: Context, who: Who, filters: Filters) -> _Work:
        quarter = Period.quarter(filters.quarter) if filters.quarter else None
        found = [e for e in queue.listing(connection, ctx, period=quarter) if is_for(who, ctx, e)]
        waiting = pending.waiting(connection, ctx)
        return cls(found, waiting, {e["id"]: d for e in found if (d := pending.standing(e, waiting))})

    def left(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["id"] not in self.decided]

    def after(self, wanted: str, filters: Filters, today: date) -> str | None:
        """The entry to look at next: the first one after this that nobody decided, from the top after the last."""
        ids = [e["id"] for e in self.entries if filters.fit(e, today)]
        start = ids.index(wanted) + 1 if wanted in ids else 0
        return next((i for i in ids[start:] + ids[:start] if i not in self.decided and i != wanted), None)


def _queue(request: Request, who: Who, filters: Filters, page: int, done: str) -> Response:
    ctx, today = guard.context(request), guard.today(request)
    with ctx.engine().connect() as connection:
        work = _Work.of(connection, ctx, who, filters)
        quarter = filters.quarter or str(queue.newest_quarter(connection, ctx))
    left = work.left()
    found = [e for e in left if filters.fit(e, today)]
    last = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), last)
    lines = [_line(ctx, entry, today) for entry in found[(page - 1) * PER_PAGE : page * PER_PAGE]]
    return answering.page(
        request,
        "desk.html",
        lines=lines,
        decided=[{**_line(ctx, e, today), "decision": work.decided[e["id"]]} for e in work.entries if e["id"] in work.decided],
        counts=Counter(left=len(left), shown=len(found)) + Counter(_due_of(e["due_on"], today) for e in left),
        kinds=[(kind, title, n) for kind, title in queue.KINDS.items() if (n := sum(e["kind"] == kind for e in left))],
        owners=sorted({(e["owner"], e["owner_name"]) for e in left}, key=lambda owner: owner[1]),
        dues=_DUE,
        filters=filters,
        quarter=quarter,
        pages=(page, last),
        done=done if done in work.decided else "",
    )  # fmt: skip


def _line(ctx: Context, entry: dict[str, Any], today: date) -> dict[str, Any]:
    about = entry.get("attribute_title") or desk_words.DOUBTS.get(entry.get("reason", ""), "")
    due = desk_words.due_said(entry["due_on"], today)
    return {**entry, "about": about, "due": due, "sources": desk_words.source_titles(ctx, entry)}


def _due_of(due_on: date | None, today: date) -> str:
    if due_on is None:
        return "none"
    return "overdue" if due_on < today else "soon" if (due_on - today).days <= _SOON_DAYS else "later"


def _found(request: Request, who: Who, connection: Connection, ctx: Context, wanted: str) -> dict[str, Any]:
    """The entry with its values; Refused where there is none, 403 where it is not this user's."""
    try:
        entry = queue.show(connection, ctx, wanted, with_values=True)
    except UsageError:
        raise Refused(
            404, f"核实台没有编号为{wanted[:24]}的事项。", "它可能属于已经变动的说法，请回到核实台重新选择。"
        ) from None
    if not is_for(who, ctx, entry):
        guard.forbid(request, "这一件不由您的单位核实。", "请由负责的单位或街道核实。")
    return entry


def _entry(
    request: Request, who: Who, wanted: str, *, done: str = "", typed: forms.Typed | None = None,
    problem: tuple[int, str, str] | None = None,
) -> Response:  # fmt: skip
    """The page of one entry, the look audited; after a `problem` with what was typed."""
    ctx, today = guard.context(request), guard.today(request)
    filters = Filters.of(typed or request.query_params)
    with ctx.engine().begin() as connection:
        entry = _found(request, who, connection, ctx, wanted)
        queue.audit(connection, ctx, guard.now(request), [wanted])
        work = _Work.of(connection, ctx, who, filters)
    standing = pending.standing(entry, work.waiting)
    is_pair = entry["kind"] == queue.DUPLICATE
    return answering.page(
        request,
        "desk_entry.html",
        problem[0] if problem else 200,
        entry=_line(ctx, entry, today),
        sides=[] if is_pair else desk_words.sides(ctx, entry, standing),
        pair=desk_words.compared(ctx, entry) if is_pair else [],
        rule="" if is_pair else desk_words.rule_said(ctx.district, entry["rule"]),
        settled=_settled(entry),
        standing=standing and {**standing, "said": desk_words.verdict_said(entry, standing)},
        instead_of=pending.standing_no(entry, standing),
        reasons=desk_words.REASONS,
        typed=typed or {},
        problem=problem,
        filters=filters,
        left=sum(filters.fit(e, today) for e in work.left()),
        following=work.after(wanted, filters, today),
        done=done if done in work.decided else "",
    )


def _settled(entry: dict[str, Any]) -> str:
    if entry["kind"] == queue.DUPLICATE:
        return {"same": "已定为同一人", "different": "已定为不是同一人"}.get(entry["status"], "")
    return desk_words.SETTLED.get(entry["settled_how"] or "", "已核实") if entry["status"] != "open" else ""


def _decide(request: Request, who: Who, wanted: str, typed: forms.Typed) -> Response:
    ctx, today = guard.context(request), guard.today(request)
    with ctx.engine().connect() as connection:
        _found(request, who, connection, ctx, wanted)
    verdict = typed.get("verdict", "")
    value = typed.get("value") or None if verdict == "value" else None
    choice = pending.Choice(verdict, value, typed.get("basis", ""), typed.get("instead_of", ""))
    try:
        if not typed.get("reason"):
            raise UsageError("没有写理由，决定没有记下。", "请写明怎样核实的，例如“上门核实”。")
        if verdict == "value" and not value:
            raise UsageError("没有写另有的值，决定没有记下。", "请在“另有其值”一格写上核实到的内容。")
        signed = Signed(who.acting(ctx.district), typed["reason"], guard.now(request))
        pending.decide(ctx, wanted, choice, signed)
    except UsageError as error:
        status = 409 if isinstance(error, pending.Overtaken) else 400
        return _entry(request, who, wanted, typed=typed, problem=(status, error.message, error.remedy))
    filters = Filters.of(typed)
    with ctx.engine().connect() as connection:
        following = _Work.of(connection, ctx, who, filters).after(wanted, filters, today)
    return answering.back(request, f"/desk{f'/{following}' if following else ''}{filters.query(done=wanted)}")
