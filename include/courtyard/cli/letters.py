"""`courtyard letters`: what was written to departments about a case, their replies, and what is overdue."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from courtyard.cli import base
from courtyard.cli.base import Json, app, console, office, print_json
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

if TYPE_CHECKING:
    from courtyard.cases.letters import Letter
    from courtyard.context import Context

PANEL = "Cases"
NUMBERS = ("工单", "种类", "期限")  # columns that are not broken
letters = typer.Typer(help="Letters about cases (去函), their replies (复函) and what is overdue.")
app.add_typer(letters, name="letters", rich_help_panel=PANEL)

Case = Annotated[str, typer.Argument(metavar="CASE", help="The case's number, such as 261126-7K2QM.")]
No = Annotated[int, typer.Argument(metavar="LETTER_NO", help="The letter's number within the case: 1, 2, …")]
Post = Annotated[str, typer.Option("--post", help="The post that does it: never a person's name.")]


@letters.callback(invoke_without_command=True)
def whole(ctx: typer.Context, as_json: Json = False) -> None:
    """List all letters when no other command is given."""
    if ctx.invoked_subcommand is None:
        _show_list(None, False, as_json)


@letters.command("list")
def list_letters(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="Only of this case.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that wait for a late reply.")] = False,
    as_json: Json = False,
) -> None:
    """Every letter with its deadline, and what became of it."""
    _show_list(case, overdue, as_json)


@letters.command()
def write(
    case: Case,
    department: Annotated[str, typer.Argument(help="Its name, another name of it, or its code.")],
    request: Annotated[str, typer.Option("--request", help="What is asked. Name nobody and no number of a person.")],
    post: Post,
    due: Annotated[
        str | None,
        typer.Option("--due", metavar="SPAN", help="Such as '5 working_days'; as the rules say unless given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write to a department about a case: number, letter with timeline and photos, and the mail to it."""
    with office() as ctx:
        from courtyard.cases import letters as made
        from courtyard.district.working_time import Span

        try:
            within = Span.parse(due) if due else None
        except ValueError:
            raise UsageError(f"看不懂期限“{due}”。", "请写成 '5 working_days' 或 '24 hours' 这样。") from None
        row = made.write(ctx, case, department, post=post, at=base.now(), request=request, due=within)
        entry = _entry(ctx, row)
    _done(entry, f"已去函{entry['department_name']}：{row.number}，请于{row.due_on}前复函。\n{entry['path']}", as_json)


@letters.command()
def reply(
    case: Case,
    letter_no: No,
    outcome: Annotated[str, typer.Option("--outcome", help="done, accepted or refused.")],
    text: Annotated[str, typer.Option("--text", help="What it says, in short; kept inside the office.")],
    post: Post,
    number: Annotated[str, typer.Option("--number", metavar="文号", help="The reply's own number.")] = "",
    where: Annotated[str, typer.Option("--where", help="Of a refusal: whose matter it is instead.")] = "",
    as_json: Json = False,
) -> None:
    """Enter a department's reply; the reporters see that it came and what it means, not its words."""
    with office() as ctx:
        from courtyard.cases import replies

        now = base.now()
        row = replies.reply(
            ctx, case, letter_no, number=number, outcome=outcome, text=text, post=post, at=now, where=where
        )
        entry = _entry(ctx, row)
    more = f"，建议：{row.referred_to}；工单已回到街道，请即处理" if row.outcome == "refused" else ""
    _done(entry, f"已登记{entry['department_name']}的复函：{entry['state']}{more}。", as_json)


@letters.command()
def show(case: Case, letter_no: No, as_json: Json = False) -> None:
    """One letter: what was asked, what was replied, how often it was chased, and where its file is."""
    with office() as ctx:
        from courtyard.cases import letters as made

        with ctx.engine().connect() as connection:
            entry = _entry(ctx, made.find(connection, ctx, case, letter_no))
    lines = [
        f"{entry['kind_title']} {entry['number']} 致{entry['department_name']}（工单{case}，第{letter_no}封）",
        f"发出：{_moment(entry['written_at'])}　请于{entry['due_on']}前复函　{entry['state']}",
        f"请办理：{entry['request']}" if entry["request"] else "",
        f"复函：{entry['reply_number'] or '无文号'}，{_moment(entry['replied_at'])}：{entry['reply']}"
        if entry["replied_at"]
        else "",
        f"应转：{entry['referred_to']}" if entry["referred_to"] else "",
        f"文件：{entry['path']}",
    ]
    _done(entry, "\n".join(line for line in lines if line), as_json)


def _show_list(case: str | None, overdue: bool, as_json: bool) -> None:
    with office() as ctx:
        from courtyard.cases import letters as made

        found = [_entry(ctx, row) for row in made.listing(ctx, case)]
    found = [entry for entry in found if entry["is_overdue"] or not overdue]
    if as_json:
        print_json(found)
        return
    names = ("工单", "文号", "种类", "致", "期限", "状态")
    table = Table(*(Column(name, overflow="fold", no_wrap=name in NUMBERS) for name in names))
    for e in found:
        state = f"[red]{e['state']}[/red]" if e["is_overdue"] else e["state"]
        place = f"{e['case_no']}/{e['letter_no']}"
        table.add_row(place, e["number"], e["kind_title"], e["short_name"], str(e["due_on"]), state)
    console.print(table if found else "没有去函。")
    late = sum(entry["is_overdue"] for entry in found)
    console.print(f"{len(found)} 封，{late} 封逾期未复。", highlight=False)


def _entry(ctx: Context, row: Letter) -> dict[str, Any]:
    """A letter as it is shown, with where it stands today."""
    from courtyard.cases import departments
    from courtyard.cases.letter_text import OUTCOMES
    from courtyard.cases.letters import KINDS

    today = base.now().date()
    waits = row.kind == "request" and row.replied_at is None
    path: Path = ctx.settings.outbox / row.file
    return {
        **vars(row),
        "kind_title": KINDS[row.kind],
        "department_name": departments.name_of(ctx.district, row.department),
        "short_name": departments.short_name_of(ctx.district, row.department),
        "is_overdue": waits and row.due_on < today,
        "state": _state(row, waits, today, OUTCOMES),
        "path": str(path),
    }


def _state(row: Letter, waits: bool, today: date, outcomes: dict[str, str]) -> str:
    if row.kind != "request":
        return "—"
    if not waits:
        return outcomes.get(row.outcome or "", "已复函")
    late = (today - row.due_on).days
    chased = f"，已催{row.chased}次" if row.chased else ""
    return f"逾期{late}天未复{chased}" if late > 0 else f"待复函{chased}"


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""


def _done(value: Any, told: str, as_json: bool) -> None:
    print_json(value) if as_json else console.print(told, markup=False, highlight=False, soft_wrap=True)
