"""`courtyard handover`: the successor's pack, and who holds which post."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

PANEL = "Posts"


@app.command(rich_help_panel=PANEL)
def handover(
    unit: Annotated[
        str | None, typer.Argument(metavar="UNIT", help="A grid's, community's or the street's code.")
    ] = None,
    post: Annotated[str | None, typer.Option(help="The post; the one that changed hands last unless given.")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DAY", help="As of this day, today unless given.")] = None,
    out: Annotated[Path | None, typer.Option(help="The .xlsx file; below var/outbox/handover/ unless given.")] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Show every post, its holder, vacancies and coming changes.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write what a post's successor must know: courtyards, key groups, open items, promises, changes, submissions."""
    from courtyard.cli.notices import day

    at = datetime.now(SHANGHAI)
    moment = day(on)
    if listed:
        _list(unit, moment, as_json)
        return
    if unit is None:
        raise UsageError("没有写单位。", "请写单位编码，如 courtyard handover 某网格编码；或用 --list 查看岗位。")
    settings = Settings.from_env()
    with services(settings):
        from courtyard import handover as room
        from courtyard import stages

        ctx = stages.context(str(Period.of("quarter", moment)), holder=f"cli:{process_name()}", settings=settings)
        done = room.write(ctx, unit, post=post, on=moment, at=at, out=out)
    print_json(done) if as_json else _show(done)


def _show(done: dict[str, Any]) -> None:
    console.print(f"{done['unit_name']}{done['post']}：{done['from'] or '—'} → {done['to'] or '空缺'}，{done['day']}。")
    console.print("，".join(f"{title} {count} 条" for title, count in done["counts"].items()) + "。")
    console.print(f"交接单：{done['file']}", markup=False, soft_wrap=True)


def _list(unit: str | None, on: Any, as_json: bool) -> None:
    from courtyard.district import load_district
    from courtyard.handover import holding

    district = load_district(Settings.from_env().district_path)
    if unit is not None and unit not in district.unit_by_code:
        raise UsageError(f"没有编码为“{unit}”的单位。", "请对照 units.csv 写单位编码。")
    found = [entry for entry in holding.listing(district, on) if entry["unit"].startswith(unit or "")]
    if as_json:
        print_json({"on": on, "posts": found})
        return
    table = Table(
        *(Column(name, overflow="fold") for name in ("单位", "编码", "岗位", "现任", "自", "将变动", "现由谁负责"))
    )
    names = {u.code: u.name for u in district.units}
    for entry in found:
        coming = f"{entry['next_on']} {entry['next_holder'] or '空缺'}" if entry["next_on"] else ""
        answers = f"{names.get(entry['answers_unit'], '')}{entry['answers_post']}" if entry["state"] == "vacant" else ""
        who = entry["holder"] if entry["state"] == "held" else "空缺"
        cells = (entry["unit_name"], entry["unit"], entry["post"], who, str(entry["since"] or ""), coming, answers)
        table.add_row(*map(escape, cells), style="bold" if entry["state"] == "vacant" else "")
    console.print(table)
    vacant = sum(entry["state"] == "vacant" for entry in found)
    console.print(f"{on}：{len(found)} 个岗位，{vacant} 个空缺。")
