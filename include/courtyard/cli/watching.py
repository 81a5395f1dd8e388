"""`courtyard alerts` and `courtyard watch`: what is wrong, since when, and what to do about it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from courtyard.cli.base import Json, app, console, now, office, print_json
from courtyard.period import SHANGHAI

PANEL = "Monitoring"
STATES = {"fresh": "正常", "late": "迟到", "failed": "取数失败", "idle": "停了", "silent": "无上报"}
_SHOWN = ("cause", "kind", "place", "source", "unit_code", "periods", "what", "remedy", "since", "last_seen_at", "times", "told_at", "times_told", "recovered_at")  # fmt: skip


@app.command(rich_help_panel=PANEL)
def alerts(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: Json = False,
) -> None:
    """What people were alerted to and what is still open: one line a cause, with its remedy."""
    with office() as ctx:
        from courtyard.watching import ledger

        with ctx.engine().connect() as connection:
            rows = ledger.all_of(connection, ctx) if everything else ledger.open_ones(connection, ctx)
    found = [{name: getattr(row, name) for name in _SHOWN} for row in rows]
    print_json(found) if as_json else _print_alerts(found)


@app.command(rich_help_panel=PANEL)
def watch(
    tell: Annotated[bool, typer.Option("--tell", help="Also tell what is new, as the hourly watch does.")] = False,
    as_json: Json = False,
) -> None:
    """Look now: how every source stands, what is stuck, which forms are due. Tells nobody unless asked to."""
    with office() as ctx:
        from courtyard.watching import looking

        at = now()
        found = looking.shown(ctx, at)
        done = looking.watch(ctx, at=at) if tell else None
    if as_json:
        print_json({**found, **({"done": done} if done else {})})
        return
    _print_sources(found["sources"])
    for cause in found["causes"]:
        _print_cause(cause)
    console.print(f"{len(found['causes'])} 项需要处理。" if found["causes"] else "没有需要处理的。")
    if done:
        console.print(f"新告知 {done['told']} 项，结束 {done['over']} 项。")


def _print_alerts(found: list[dict[str, Any]]) -> None:
    for row in found:
        _print_cause(row)
        seen = f"自 {_moment(row['since'])}，已见 {row['times']} 次，"
        told = f"{_moment(row['told_at'])} 告知" if row["told_at"] else "尚未告知"
        over = f"，{_moment(row['recovered_at'])} 结束" if row["recovered_at"] else ""
        console.print(f"   {seen}{told}{over}", highlight=False, soft_wrap=True)
    console.print(f"{len(found)} 项。" if found else "没有告警。")


def _print_cause(cause: dict[str, Any]) -> None:
    from courtyard.watching.cause import TITLES, named

    periods = named(cause["periods"]) if named(cause["periods"]) not in cause["place"] else ""
    console.print(
        f"[bold]{TITLES[cause['kind']]}[/bold]  {escape(cause['place'])}  {periods}", highlight=False, soft_wrap=True
    )
    console.print(
        f"   原因：{cause['what']}\n   处理：{cause['remedy']}", markup=False, highlight=False, soft_wrap=True
    )


def _print_sources(states: list[dict[str, Any]]) -> None:
    table = Table("来源", "状态", "最近一期", "落地时间", "应到", "行数", "往期", title="来源是否按时")
    for state in states:
        usual = f"{state['usual_rows']:,.0f}" if state["usual_rows"] is not None else ""
        rows = f"{state['rows']:,}" if state["rows"] is not None else ""
        cells = (state["last_period"] or "", _moment(state["last_landed_at"]), state["due_period"] or "", rows, usual)
        style = "" if state["state"] == "fresh" else "bold red"
        table.add_row(escape(state["title"]), STATES[state["state"]], *cells, style=style)
    console.print(table)


def _moment(at: Any) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if at else ""
