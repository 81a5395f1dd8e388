"""`courtyard proposals`: what solved cases would change in the archive, and what posts decide on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from courtyard.cli import base
from courtyard.cli.base import Json, app, console, office, print_json
from courtyard.errors import UsageError

if TYPE_CHECKING:
    from courtyard.cases.proposing import Proposal

PANEL = "Cases"
NUMBERS = ("序号", "工单")  # columns that are not broken
proposals = typer.Typer(help="What solved cases would change in the archive (档案建议), for review by another post.")
app.add_typer(proposals, name="proposals", rich_help_panel=PANEL)

No = Annotated[int, typer.Argument(metavar="NO", help="The proposal's number.")]
Post = Annotated[str, typer.Option("--post", help="The post that does it: never a person's name.")]


@proposals.callback(invoke_without_command=True)
def whole(ctx: typer.Context, as_json: Json = False) -> None:
    """List all proposals when no other command is given."""
    if ctx.invoked_subcommand is None:
        list_proposals(as_json=as_json)


@proposals.command("list")
def list_proposals(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that nobody has decided.")] = False,
    as_json: Json = False,
) -> None:
    """Every proposal: its case, what it would add, and what became of it."""
    with office() as ctx:
        from courtyard.cases import proposing

        found = [p for p in proposing.listing(ctx) if p.verdict is None or not waiting]
        names = {code: c.name for code, c in ctx.district.courtyard_by_code.items()}
        modules = {name: module.title for name, module in proposing.MODULES.items()}
        verdicts = proposing.VERDICTS
    if as_json:
        print_json([vars(p) for p in found])
        return
    table = Table(
        *(
            Column(name, overflow="fold", no_wrap=name in NUMBERS)
            for name in ("序号", "工单", "院落", "类别", "建议", "状态", "交付")
        )
    )
    for p in found:
        table.add_row(str(p.proposal_no), p.case_no, names.get(p.courtyard_code or "", ""), modules[p.module], p.what,
                      verdicts[p.verdict], p.delivery_id or "")  # fmt: skip
    console.print(table if found else "没有档案建议。")


@proposals.command()
def add(
    case: Annotated[str, typer.Argument(metavar="CASE", help="An answered case.")],
    module: Annotated[str, typer.Argument(help="facilities, services or providers.")],
    what: Annotated[str, typer.Option("--what", help="What is proposed, in a sentence.")],
    post: Post,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="The new row; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Propose a facility, a service point or a provider for the archive."""
    row = dict(_pair(text) for text in values or ())
    with office() as ctx:
        from courtyard.cases import proposing

        made = proposing.propose(ctx, case, module, what=what, values=row, post=post, at=base.now())
    _done(
        made, f"已提第{made.proposal_no}号建议，待审核：courtyard proposals accept {made.proposal_no} --post …", as_json
    )


@proposals.command()
def accept(
    number: No, post: Post, reason: Annotated[str, typer.Option("--reason")] = "", as_json: Json = False
) -> None:
    """Accept one: it is landed, and the next run of the quarter brings it into the archive."""
    with office() as ctx:
        from courtyard.cases import proposing

        made = proposing.accept(ctx, number, post=post, at=base.now(), reason=reason)
        period = ctx.period
    _done(made, f"第{number}号建议已采纳，{period}的下一次运行后进入档案：courtyard run {period}", as_json)


@proposals.command()
def decline(
    number: No, post: Post, reason: Annotated[str, typer.Option("--reason", help="Why not.")], as_json: Json = False
) -> None:
    """Decline one, with a reason."""
    with office() as ctx:
        from courtyard.cases import proposing

        made = proposing.decline(ctx, number, post=post, at=base.now(), reason=reason)
    _done(made, f"第{number}号建议未采纳：{made.reason}", as_json)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"看不懂“{text}”。", "请写成 --set kind=充电桩 这样。")
    return name, value


def _done(made: Proposal, told: str, as_json: bool) -> None:
    value: Any = vars(made)
    print_json(value) if as_json else console.print(told, markup=False, highlight=False, soft_wrap=True)
