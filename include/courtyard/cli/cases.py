"""`courtyard cases`: what is open, both clocks, one case with all that happened, and letting the clocks go on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from courtyard.cases.telling import left, said, total, whose
from courtyard.cli import base
from courtyard.cli.base import Json, app, console, office, print_json
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

if TYPE_CHECKING:
    pass

cases = typer.Typer(
    help="Cases (工单): what residents report and departments ask, on the ladder 院落→社区→街道→部门 until it is answered.",
    no_args_is_help=True,
)
app.add_typer(cases, name="cases", rich_help_panel="Cases of residents")
CaseNo = Annotated[str, typer.Argument(metavar="CASE", help="A case number, such as 261126-7K2QM.")]
Unit = Annotated[str | None, typer.Option("--unit", help="Only what this unit, or one below it, has: its code.")]


@cases.command("list")
def list_cases(
    unit: Unit = None,
    level: Annotated[str | None, typer.Option(help="courtyard, community, street or department.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed, refused and joined ones too.")] = False,
    as_json: Json = False,
) -> None:
    """Open cases, overdue first: who has each, the time this level has left, the time since the first minute."""
    with office() as ctx, ctx.engine().connect() as connection:
        from courtyard.cases import overview

        found = overview.listing(connection, ctx, base.now(), unit=unit, everything=everything)
    found = [one for one in found if (not level or one["level"] == level) and (one["is_overdue"] or not overdue)]
    print_json(found) if as_json else _print_list(found)


@cases.command()
def held(unit: Unit = None, as_json: Json = False) -> None:
    """Cases that wait for a person to release or refuse them: what may be spam is held, never deleted."""
    with office() as ctx, ctx.engine().connect() as connection:
        from courtyard.cases import overview

        found = [one for one in overview.listing(connection, ctx, base.now(), unit=unit) if one["status"] == "held"]
    print_json(found) if as_json else _print_list(found)


@cases.command()
def due(
    within: Annotated[
        str, typer.Option("--within", help="A span such as '1 working_days' or '8 hours'.")
    ] = "1 working_days",
    as_json: Json = False,
) -> None:
    """What is overdue or runs out soon, and closed cases that are to be followed up (回访)."""
    with office() as ctx, ctx.engine().connect() as connection:
        from courtyard.cases import overview
        from courtyard.district.working_time import Span

        try:
            until = ctx.district.office.working_time.after(base.now(), Span.parse(within))
        except ValueError:
            raise UsageError(f"“{within}”不是一段时间。", "请写如 '1 working_days' 或 '8 hours'。") from None
        found = overview.due(connection, ctx, base.now(), until=until)
    print_json(found) if as_json else _print_list(found)


@cases.command()
def show(case_no: CaseNo, as_json: Json = False) -> None:
    """One case: both clocks, who reported it in which words, and everything that happened. The reading is audited."""
    with office() as ctx, ctx.engine().begin() as connection:
        from courtyard.cases import overview

        found = overview.show(connection, ctx, case_no, base.now())
        names = {unit.code: unit.name for unit in ctx.district.units}
    print_json(found) if as_json else _print_one(found, names)


@cases.command()
def advance(as_json: Json = False) -> None:
    """Take up what was merged and let every deadline that has passed happen: what the DAG does every five minutes."""
    with office() as ctx:
        from courtyard import cases as room

        done = room.run(ctx, at=base.now())
    if as_json:
        print_json(done)
        return
    told = f"新开 {done['opened']} 件，并入 {done['joined']} 件，反映人回复 {done['replied']} 条，到期 {done['moved']} 件。"
    console.print(told, highlight=False)


def _print_list(found: list[dict[str, Any]]) -> None:
    table = Table(
        Column("工单", no_wrap=True),
        *(Column(title, overflow="fold") for title in ("状态", "类别", "院落", "现由", "本级剩余", "总用时/总时限")),
    )  # fmt: skip
    for one in found:
        state = (
            one["status_title"] + ("，待回访" if one["follow_up"] else "") + ("，督办" if one["is_supervised"] else "")
        )
        whose = f"{one['level_title']} {one['unit_name']}"
        row = (
            one["case_no"],
            state,
            f"{one['category_title']}（{one['urgency_title']}）",
            one["courtyard_name"],
            whose,
        )
        table.add_row(*map(escape, row), left(one), total(one), style="red" if one["is_overdue"] else None)
    if found:
        console.print(table)
    late = sum(one["is_overdue"] for one in found)
    console.print(f"{len(found)} 件，其中逾期 {late} 件。", highlight=False)


def _print_one(found: dict[str, Any], names: dict[str, str]) -> None:
    state = (
        found["status_title"] + ("，督办" if found["is_supervised"] else "") + ("，逾期" if found["is_overdue"] else "")
    )
    confidence = f"把握 {found['confidence']:.0%}"
    lines = [
        f"{found['case_no']}  {found['category_title']}（{found['urgency_title']}，{confidence}）  {state}",
        f"院落：{found['courtyard_name'] or '待定'}　现由：{found['level_title']} {found['unit_name']} {found['post']}",
        f"本级：{left(found)}{_until(found['level_due_at'])}　总时限（从第一分钟起）：{total(found)}{_until(found['total_due_at'])}",
    ]
    if found["emergency"]:
        lines.append(f"紧急：已请反映人拨打{found['emergency']}。")
    for report in found["reports"]:
        who = "　".join(filter(None, (report["reporter"], report["address"])))
        lines.append(
            f"反映（{report['channel']}，{moment(report['reported_at'])}）{who}：{report['description'] or ''}"
        )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    table = Table("序", "时间", "事项", "级别", "岗位", Column("内容", overflow="fold"))
    for event in found["events"]:
        where = f"{names.get(event['unit_code'], event['unit_code'])}"
        table.add_row(
            str(event["seq"]), moment(event["at"]), event["title"], where, whose(event["post"]), escape(said(event))
        )
    console.print(table)


def _until(moment_: datetime | None) -> str:
    return f"（到{moment(moment_)}）" if moment_ else ""


def moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
