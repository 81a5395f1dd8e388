"""What a post may do with a case now, each with the fields of its form, and the doing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from courtyard.boards.forms import Typed
from courtyard.cases import acting, handing_down, letters, machine, replies
from courtyard.cases.doings import DOINGS, SATISFACTION
from courtyard.cases.event import Case
from courtyard.cases.letter_text import OUTCOMES
from courtyard.cases.letters import Letter
from courtyard.context import Context
from courtyard.district.working_time import Span
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

Choices = tuple[tuple[str, str], ...]
_YES, _NO = "yes", "no"
_MORE_TIME = ("1 working_days", "2 working_days", "3 working_days", "5 working_days", "10 working_days")
_HELP = {
    "answered": "反映人会看到，可以提出异议",
    "measured": "先防止出事，反映人会看到",
    "refused": "反映人会看到理由和去处",
    "noted": "只在本办内看",
    "extended": "每一级只能延一次，要在期限之前",
    "joined": "两处反映的是同一个问题",
    "written": "生成公函并登记期限，不写反映人",
}
_UP = (
    "released", "acknowledged", "answered", "followed_up", "measured", "raised", "handed_back", "written", "extended",
    "supervised", "classified", "placed", "joined", "refused", "noted",
)  # fmt: skip
_DOWN = ("acknowledged", "handed_down", "answered", "refused", "supervised", "noted")
_MAIN = {
    "held": "released",
    "waiting": "acknowledged",
    "handling": "answered",
    "closed": "followed_up",
    "answered": "followed_up",
}


@dataclass(frozen=True)
class Field:
    """One field; with `choices` one of them, else words: `suggest` names a list of the page. `lines` > 1 for a text."""

    name: str
    title: str
    is_required: bool = True
    choices: Choices = ()
    suggest: str = ""
    lines: int = 1


@dataclass(frozen=True)
class Form:
    """Something that can be done: `kind` is the event's, `about` a letter's number within the case or ''."""

    kind: str
    title: str
    fields: tuple[Field, ...]
    is_main: bool = False
    about: str = ""

    @property
    def note(self) -> str:
        return _HELP.get(self.kind, "")


def offered(ctx: Context, case: Case, post: str, at: datetime, sent: Sequence[Letter]) -> list[Form]:
    """The forms of what a post may do with a case as it stands, the likeliest first."""
    kinds = [k for k in (_UP if case.direction == "up" else _DOWN) if _may(ctx, case, k, post, at)]
    main = _MAIN.get(case.status)
    found = [Form(k, machine.TITLES[k], _fields(ctx, case, k), is_main=k == main) for k in kinds]
    if case.direction == "up" and _is_street(ctx, post):
        found[1:1] = [
            Form("replied", f"登记复函（{row.number}）", _REPLY, about=str(row.letter_no))
            for row in sent
            if row.kind == "request" and row.replied_at is None
        ]
    return sorted(found, key=lambda form: not form.is_main)


def _may(ctx: Context, case: Case, kind: str, post: str, at: datetime) -> bool:
    if case.status not in machine.ALLOWED[kind]:
        return False
    if kind == "written":
        return _is_street(ctx, post)
    if kind == "handed_down":
        has_below = ctx.district.unit_by_code[case.unit_code].kind in handing_down.BELOW
        return has_below and acting.permits(ctx, case, "acknowledged", post, at)
    if kind == "followed_up" and case.status == "answered":
        return acting.permits(ctx, case, kind, post, at) and case.followed_up_at is None
    return acting.permits(ctx, case, kind, post, at)


def _is_street(ctx: Context, post: str) -> bool:
    office = ctx.district.office
    return post in (office.preparer, office.reviewer) or post.startswith(f"{ctx.street_code}/")


def perform(ctx: Context, case: Case, kind: str, *, post: str, at: datetime, seen: int, typed: Typed) -> None:
    """Do what a form says; UsageError as the commands. Moved where the case went on since it was `seen`."""
    if kind not in (_UP if case.direction == "up" else _DOWN) and kind != "replied":
        raise UsageError("没有这个动作。", "请从工单页面上选择。")
    special = (_SPECIAL_UP if case.direction == "up" else _SPECIAL_DOWN).get(kind)
    if special is None:
        acting.act(ctx, case.case_no, kind, post=post, at=at, seen=seen, **said(ctx, case, kind, typed))
        return
    acting.unmoved(case, seen)
    special(ctx, case.case_no, typed, post, at)


def said(ctx: Context, case: Case, kind: str, typed: Typed) -> dict[str, object]:
    """What was typed into the fields of a form, as the library reads it."""
    found: dict[str, object] = {f.name: typed[f.name] for f in _fields(ctx, case, kind) if typed.get(f.name)}
    if "solved" in found:
        found["solved"] = found["solved"] == _YES
    if "courtyard_code" in found:
        found["courtyard_code"] = _code_of(ctx, str(found["courtyard_code"]), at=case.opened_at)
    return found


def _code_of(ctx: Context, written: str, at: datetime) -> str:
    """The code of a courtyard that is written by its code or by its whole name, where one alone bears it."""
    there = ctx.district.courtyards_on(at.astimezone(SHANGHAI).date())
    named = [courtyard.code for courtyard in there if written in (courtyard.code, courtyard.name)]
    return named[0] if len(named) == 1 else written


def _write(ctx: Context, case_no: str, typed: Typed, post: str, at: datetime) -> None:
    due = Span.parse(typed["due"]) if typed.get("due") in _MORE_TIME else None
    department, request = typed.get("department", ""), typed.get("request", "")
    letters.write(ctx, case_no, department, post=post, at=at, request=request, due=due)


def _reply(ctx: Context, case_no: str, typed: Typed, post: str, at: datetime) -> None:
    letter_no = int(typed["about"]) if typed.get("about", "").isdigit() else 0
    told = {name: typed.get(name, "") for name in ("number", "outcome", "text", "where")}
    if told["outcome"] == "refused" and not told["where"]:
        raise UsageError("没有写应由哪个单位办理。", "对方不予受理时，请写明应转交哪里；不明确就写“由街道研究”。")
    replies.reply(ctx, case_no, letter_no, post=post, at=at, **told)


def _done(ctx: Context, case_no: str, typed: Typed, post: str, at: datetime) -> None:
    handing_down.done(ctx, case_no, result=typed.get("text", ""), post=post, at=at)


def _send_back(ctx: Context, case_no: str, typed: Typed, post: str, at: datetime) -> None:
    if not typed.get("where"):
        raise UsageError("没有写应由谁办理。", "请写明应转交哪里。")
    handing_down.refuse(ctx, case_no, reason=typed.get("reason", ""), where=typed["where"], post=post, at=at)


_Special = Callable[[Context, str, Typed, str, datetime], object]
_SPECIAL_UP: dict[str, _Special] = {"written": _write, "replied": _reply}
_SPECIAL_DOWN: dict[str, _Special] = {
    "acknowledged": lambda ctx, case_no, typed, post, at: handing_down.acknowledge(ctx, case_no, post=post, at=at),
    "handed_down": lambda ctx, case_no, typed, post, at: handing_down.hand_down(ctx, case_no, post=post, at=at),
    "answered": _done,
    "refused": _send_back,
}
_REPLY = (
    Field("outcome", "结果", choices=tuple(OUTCOMES.items())),
    Field("text", "复函内容（摘要）", lines=3),
    Field("number", "对方文号", is_required=False),
    Field("where", "不予受理的，应转交哪里", is_required=False),
)


def _fields(ctx: Context, case: Case, kind: str) -> tuple[Field, ...]:
    """The fields of a form: what `DOINGS` needs of it, and what may be said besides."""
    if kind == "written":
        return _letter_fields(ctx, case)
    if kind in ("handed_down", "replied"):
        return ()
    needed = tuple(_field(ctx, case, kind, name) for name in DOINGS[kind].needs)
    return needed + tuple(_field(ctx, case, kind, name, is_required=False) for name in _MAY_SAY.get(kind, ()))


_MAY_SAY = {
    "extended": ("span",),
    "handed_back": ("unit_code",),
    "classified": ("urgency",),
    "followed_up": ("solved", "note"),
}


def _field(ctx: Context, case: Case, kind: str, name: str, *, is_required: bool = True) -> Field:
    rules = ctx.district.cases
    match name:
        case "text":
            return Field(name, {"answered": "答复", "measured": "做了什么"}.get(kind, "内容"), lines=3)
        case "note":
            return Field("text", "说了什么（不写人名）", is_required, lines=2)
        case "reason":
            return Field(name, "理由", lines=2)
        case "where":
            return Field(name, "应该找哪里")
        case "span":
            return Field(name, "延多久", is_required, (("", "与本级时限相同"), *_spans()))
        case "level":
            levels = [(level.level, level.title) for level in rules.levels if level.level != "department"]
            return Field(name, "转到哪一级", choices=tuple(levels))
        case "unit_code":
            return Field(name, "哪个单位（院落本来归的单位不用写）", is_required, suggest="units")
        case "category":
            return Field(name, "类别", choices=tuple((c.code, c.title) for c in rules.categories))
        case "urgency":
            terms = tuple((t.urgency, t.title) for t in rules.terms)
            return Field(name, "缓急", is_required, (("", "按类别"), *terms))
        case "courtyard_code":
            return Field(name, "院落（名称或编码）", suggest="courtyards")
        case "into":
            return Field(name, "并入哪一件（工单编号）", suggest="cases")
        case "satisfaction":
            return Field(name, "满意吗", choices=tuple(SATISFACTION.items()))
        case _:
            return Field(name, "解决了吗", is_required, ((_YES, "解决了"), (_NO, "没有解决，重新办理")))


def _letter_fields(ctx: Context, case: Case) -> tuple[Field, ...]:
    """A letter's; the departments that the category names come first."""
    named = ctx.district.cases.category(case.category).departments
    there = sorted(ctx.district.departments, key=lambda d: named.index(d.code) if d.code in named else len(named))
    return (
        Field("department", "发给", choices=tuple((d.code, d.name) for d in there)),
        Field("request", "请对方做什么（不写人名、电话）", lines=3),
        Field("due", "期限", False, (("", "按规则"), *_spans())),
    )


def _spans() -> Choices:
    return tuple((span, Span.parse(span).title) for span in _MORE_TIME)
