"""`courtyard cases <action>`: what a post does with a case. Each is landed first, then it happens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from courtyard.cli import base
from courtyard.cli import cases as shown
from courtyard.cli.base import Json, console, print_json
from courtyard.cli.cases import CaseNo, cases

PANEL = "What a post does"
Post = Annotated[str, typer.Option("--post", help="The post that acts, <unit code>/<post>: never a person's name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays with the case. Name nobody.")]
Words = Annotated[str, typer.Option("--text", help="What is told; it stays with the case. Name nobody.")]


@cases.command(rich_help_panel=PANEL)
def acknowledge(case_no: CaseNo, post: Post, as_json: Json = False) -> None:
    """签收: the unit has seen it and works on it."""
    _act(case_no, "acknowledged", post, as_json)


@cases.command(rich_help_panel=PANEL)
def measure(case_no: CaseNo, post: Post, text: Words, as_json: Json = False) -> None:
    """临时安全措施: what was done at once so that nobody comes to harm. The reporter reads it."""
    _act(case_no, "measured", post, as_json, text=text)


@cases.command(rich_help_panel=PANEL)
def extend(
    case_no: CaseNo,
    post: Post,
    reason: Reason,
    by: Annotated[
        str | None, typer.Option("--by", help="A span such as '2 working_days'; what the level has, unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """延期: more time for this level, before its deadline. The uninterrupted clock goes on."""
    _act(case_no, "extended", post, as_json, reason=reason, span=by)


@cases.command("hand-back", rich_help_panel=PANEL)
def hand_back(
    case_no: CaseNo,
    post: Post,
    reason: Reason,
    to: Annotated[str, typer.Option("--to", help="The level that gets it: courtyard, community or street.")],
    unit: Annotated[str | None, typer.Option("--unit", help="Its unit, where it is not the courtyard's own.")] = None,
    as_json: Json = False,
) -> None:
    """退单: it belongs to another unit, which has its whole time. The uninterrupted clock goes on."""
    _act(case_no, "handed_back", post, as_json, reason=reason, level=to, unit_code=unit)


@cases.command("raise", rich_help_panel=PANEL)
def raise_(case_no: CaseNo, post: Post, reason: Reason, as_json: Json = False) -> None:
    """上报: to the next level before the time is up."""
    _act(case_no, "raised", post, as_json, reason=reason)


@cases.command(rich_help_panel=PANEL)
def supervise(case_no: CaseNo, post: Post, reason: Reason, as_json: Json = False) -> None:
    """督办: from a unit above the one that has it."""
    _act(case_no, "supervised", post, as_json, reason=reason)


@cases.command(rich_help_panel=PANEL)
def answer(case_no: CaseNo, post: Post, text: Words, as_json: Json = False) -> None:
    """答复: the reporter reads it and can confirm or object; nothing is closed without it."""
    _act(case_no, "answered", post, as_json, text=text)


@cases.command(rich_help_panel=PANEL)
def refuse(
    case_no: CaseNo,
    post: Post,
    reason: Reason,
    where: Annotated[str, typer.Option("--where", help="Where the reporter should go instead.")],
    as_json: Json = False,
) -> None:
    """不予受理: the reporter reads why and where to go."""
    _act(case_no, "refused", post, as_json, reason=reason, where=where)


@cases.command(rich_help_panel=PANEL)
def release(case_no: CaseNo, post: Post, as_json: Json = False) -> None:
    """核实后受理: a held case is a real one."""
    _act(case_no, "released", post, as_json)


@cases.command(rich_help_panel=PANEL)
def classify(
    case_no: CaseNo,
    category: Annotated[str, typer.Argument(help="A category of rules/cases.yaml, such as light.")],
    post: Post,
    urgency: Annotated[
        str | None, typer.Option(help="emergency, urgent or normal; the category's unless given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """确定类别: correct what the rules took it for."""
    _act(case_no, "classified", post, as_json, category=category, urgency=urgency)


@cases.command(rich_help_panel=PANEL)
def place(
    case_no: CaseNo,
    courtyard: Annotated[str, typer.Argument(help="The courtyard's code.")],
    post: Post,
    to: Annotated[str | None, typer.Option("--to", help="The level that gets it.")] = None,
    as_json: Json = False,
) -> None:
    """确定院落: where it is. A case that nobody knew where to send goes to the level its category starts at."""
    _act(case_no, "placed", post, as_json, courtyard_code=courtyard, level=to)


@cases.command(rich_help_panel=PANEL)
def join(
    case_no: CaseNo,
    into: Annotated[str, typer.Argument(metavar="INTO", help="The open case of the same problem.")],
    post: Post,
    as_json: Json = False,
) -> None:
    """并入: the same problem as another open case; its reporters are all told there."""
    _act(case_no, "joined", post, as_json, into=into)


@cases.command("follow-up", rich_help_panel=PANEL)
def follow_up(
    case_no: CaseNo,
    post: Post,
    satisfaction: Annotated[str, typer.Option(help="satisfied, neutral or dissatisfied.")],
    solved: Annotated[
        bool, typer.Option("--solved/--not-solved", help="Not solved puts it back on the ladder.")
    ] = True,
    text: Annotated[str | None, typer.Option("--text", help="What was said, without a name.")] = None,
    as_json: Json = False,
) -> None:
    """回访: whether it is really solved, and how satisfied the reporter is."""
    _act(case_no, "followed_up", post, as_json, satisfaction=satisfaction, solved=solved, text=text)


@cases.command(rich_help_panel=PANEL)
def note(case_no: CaseNo, post: Post, text: Words, as_json: Json = False) -> None:
    """备注: for the office only; nobody is told."""
    _act(case_no, "noted", post, as_json, text=text)


def _act(case_no: str, kind: str, post: str, as_json: bool, **data: Any) -> None:
    with shown.office() as ctx:
        from dataclasses import asdict

        from courtyard.cases import acting
        from courtyard.cases.event import STATUS_TITLES
        from courtyard.cases.machine import TITLES

        case = acting.act(ctx, case_no, kind, post=post, at=base.now(), **data)
        unit = ctx.district.unit_by_code[case.unit_code].name
    if as_json:
        print_json(asdict(case))
        return
    until = case.acknowledge_due_at if case.status == "waiting" else case.solve_due_at
    clock = f"，时限 {shown.moment(until)}" if until and case.status in ("waiting", "handling") else ""
    told = f"{case.case_no} {TITLES[kind]}，记下了。现在{STATUS_TITLES[case.status]}，在{unit}{clock}。"
    console.print(told, highlight=False, markup=False, soft_wrap=True)
