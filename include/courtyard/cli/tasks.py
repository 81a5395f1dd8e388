"""`courtyard tasks`: what departments ask of the street, whether it is admitted, and how far down it has come."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from courtyard.cli import base
from courtyard.cli.base import Json, app, console, office, print_json
from courtyard.cli.notices import day
from courtyard.period import SHANGHAI

if TYPE_CHECKING:
    from courtyard.context import Context

PANEL = "Cases"
NUMBERS = ("任务", "现在", "期限")  # columns that are not broken
tasks = typer.Typer(
    help="Tasks downward (交办任务): checked against the duty list, handed down by post, answered from below."
)
app.add_typer(tasks, name="tasks", rich_help_panel=PANEL)

Case = Annotated[str, typer.Argument(metavar="CASE", help="The task's number, of a part of it the part's own.")]
Post = Annotated[str, typer.Option("--post", help="The post that does it: never a person's name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the task.")]
_COLOURS = {"逾期": "red", "已退回": "yellow"}


@tasks.callback(invoke_without_command=True)
def whole(
    ctx: typer.Context,
    courtyard: Annotated[
        str | None, typer.Option("--courtyard", metavar="CODE", help="The tasks that land in it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List all tasks; with --courtyard, those that land in one courtyard."""
    if ctx.invoked_subcommand is None:
        _show_landing(courtyard, as_json) if courtyard else _show_list(as_json)


@tasks.command()
def add(
    asked_by: Annotated[str, typer.Option("--from", metavar="部门", help="The department that asks.")],
    title: Annotated[str, typer.Option("--title", help="What the task is called.")],
    basis: Annotated[str, typer.Option("--basis", help="The document it refers to.")],
    due: Annotated[str, typer.Option("--due", metavar="DATE", help="The last day.")],
    post: Post,
    courtyards: Annotated[
        list[str] | None, typer.Option("--courtyards", metavar="CODE", help="Where; may be repeated.")
    ] = None,
    communities: Annotated[
        list[str] | None, typer.Option("--communities", metavar="NAME", help="Whole communities.")
    ] = None,
    detail: Annotated[str, typer.Option("--detail", help="What is to be done.")] = "",
    knowingly: Annotated[
        bool, typer.Option("--knowingly", help="Admit what is not on the duty list, with a reason.")
    ] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it, with a reason.")] = False,
    letter: Annotated[bool, typer.Option("--letter", help="Draft a reply (函复) that refuses it.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Take a task from a department: on the duty list it is admitted, on the negative list refused."""
    last = day(due)
    with office() as ctx:
        from courtyard.cases import tasks as made

        now = base.now()
        places = made.places(ctx, _split(courtyards), _split(communities), now.date())
        asked = made.Asked(asked_by, title.strip(), basis.strip(), last, places, detail.strip())
        case = made.add(ctx, asked, post=post, at=now, decision=made.Decision(knowingly, refuse, reason, letter))
        entry = _show(ctx, case.case_no)[0]
    told = f"{entry['admission_title']}：{case.case_no} {title}（{len(places)}个院落）。{entry['reason']}"
    if entry["status"] != "refused":
        told += f"\n下一步：courtyard tasks hand-down {case.case_no} --post …"
    print_json(entry) if as_json else console.print(told, markup=False, highlight=False, soft_wrap=True)


@tasks.command("list")
def list_tasks(as_json: Json = False) -> None:
    """Every task: who asks, on what basis, and how many parts are done or late."""
    _show_list(as_json)


@tasks.command()
def show(case: Case, as_json: Json = False) -> None:
    """A task, or a part of it, with everything below it."""
    with office() as ctx:
        found = _show(ctx, case)
    if as_json:
        print_json(found)
        return
    top = found[0]
    console.print(f"{top['title']}（{top['asked_by']}，依据{top['basis']}）　{top['admission_title']}：{top['reason']}",
                  markup=False, highlight=False, soft_wrap=True)  # fmt: skip
    table = Table(
        *(
            Column(name, overflow="fold", no_wrap=name in NUMBERS)
            for name in ("任务", "单位", "院落", "状态", "期限", "结果")
        )
    )
    for entry in found:
        indent = "　" * entry["depth"]
        table.add_row(indent + entry["case_no"], entry["unit_name"], str(len(entry["courtyards"])), _state(entry),
                      _moment(entry["due_at"]), entry["result"] or "")  # fmt: skip
    console.print(table)


@tasks.command("hand-down")
def hand_down(case: Case, post: Post, as_json: Json = False) -> None:
    """Hand a task to each unit below that has courtyards in it: community, grid, courtyard."""
    with office() as ctx:
        from courtyard.cases import handing_down

        numbers = handing_down.hand_down(ctx, case, post=post, at=base.now())
        found = [_show(ctx, number)[0] for number in numbers]
    if as_json:
        print_json(found)
        return
    for entry in found:
        console.print(
            f"已交办 {entry['case_no']}  {entry['unit_name']}（{len(entry['courtyards'])}个院落）", highlight=False
        )


@tasks.command()
def acknowledge(case: Case, post: Post, as_json: Json = False) -> None:
    """Say that a unit has its part (签收)."""
    _act("acknowledge", "已签收", case, as_json, post=post)


@tasks.command()
def done(
    case: Case,
    result: Annotated[str, typer.Option("--result", help="What was done.")],
    post: Post,
    as_json: Json = False,
) -> None:
    """Report a unit's result; with the last one the task above is done too."""
    _act("done", "已办结", case, as_json, result=result, post=post)


@tasks.command()
def refuse(
    case: Case,
    post: Post,
    reason: Reason,
    where: Annotated[str, typer.Option("--where", help="Who should do it instead.")],
    letter: Annotated[bool, typer.Option("--letter", help="Draft a reply (函复) to the department.")] = False,
    as_json: Json = False,
) -> None:
    """Send a task back, or a unit's part of it, with a reason and where next."""
    _act("refuse", "已退回", case, as_json, reason=reason, where=where, post=post, letter=letter)


@tasks.command()
def burden(as_json: Json = False) -> None:
    """How many tasks each department gave in each year, and the share outside the duty list."""
    with office() as ctx:
        from courtyard.cases import task_lists

        found = task_lists.burden(ctx)
    if as_json:
        print_json(found)
        return
    names = ("交办部门", "年度", "任务", "准入", "知情准入", "退回", "清单外", "院落次")
    table = Table(*(Column(name, overflow="fold") for name in names))
    for row in found:
        counts = (row["year"], row["tasks"], row["allowed"], row["knowingly"], row["refused"])
        table.add_row(row["asked_by"], *map(str, counts), f"{float(row['outside_share']):.0%}", str(row["landings"]))
    console.print(table if found else "还没有交办任务。")


def _act(name: str, told: str, case: str, as_json: bool, **said: Any) -> None:
    with office() as ctx:
        from courtyard.cases import handing_down

        getattr(handing_down, name)(ctx, case, at=base.now(), **said)
        entry = _show(ctx, case)[0]
    print_json(entry) if as_json else console.print(f"{told}：{case}  {entry['unit_name']}", highlight=False)


def _show(ctx: Context, case: str) -> list[dict[str, Any]]:
    from courtyard.cases import task_lists

    return task_lists.tree(ctx, case)


def _show_list(as_json: bool) -> None:
    with office() as ctx:
        from courtyard.cases import task_lists

        found = task_lists.roots(ctx)
    if as_json:
        print_json(found)
        return
    names = ("任务", "名称", "交办部门", "准入", "状态", "期限", "下级办结")
    table = Table(*(Column(name, overflow="fold", no_wrap=name in NUMBERS) for name in names))
    for e in found:
        parts = f"{e['parts_done']}/{e['parts']}" + (f"，逾期{e['parts_late']}" if e["parts_late"] else "")
        table.add_row(
            e["case_no"], e["title"], e["asked_by"], e["admission_title"], _state(e), _moment(e["due_at"])[:10], parts
        )
    console.print(table if found else "还没有交办任务。")


def _show_landing(courtyard: str, as_json: bool) -> None:
    with office() as ctx:
        from courtyard.cases import task_lists

        found = task_lists.landing(ctx, courtyard)
    if as_json:
        print_json(found)
        return
    table = Table(
        *(
            Column(name, overflow="fold", no_wrap=name in NUMBERS)
            for name in ("任务", "名称", "交办部门", "现在", "单位", "状态", "期限")
        )
    )
    for e in found:
        table.add_row(
            e["case_no"],
            e["title"],
            e["asked_by"],
            e["landed_no"],
            e["unit_name"],
            _state(e),
            _moment(e["due_at"])[:10],
        )
    console.print(table if found else "没有任务落在这个院落。")


def _state(entry: dict[str, Any]) -> str:
    state = str(entry["state"])
    colour = next((colour for word, colour in _COLOURS.items() if word in state), "")
    return f"[{colour}]{state}[/{colour}]" if colour else state


def _split(given: list[str] | None) -> list[str]:
    """Several in one option, separated by commas or spaces, are several."""
    return [part for text in given or () for part in text.replace("，", ",").replace(",", " ").split()]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
