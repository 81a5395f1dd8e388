"""`courtyard views`: the files of a published report, and who may get which."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.period import Period
from courtyard.settings import Settings

TITLES = {"names": "原表", "masked": "脱敏", "counts": "统计"}


@app.command()
def views(
    report: Annotated[str, typer.Argument(help="A report of the pack, such as dibao_roster.")],
    period: Annotated[str, typer.Argument(help="The report's period, such as 2026-07.")],
    as_json: Json = False,
) -> None:
    """List the files of a report's latest revision: the full form and its views, to whom and on what basis."""
    from courtyard import reports

    settings = Settings.from_env()
    quarter = str(Period.of("quarter", Period.parse(period).last_day))
    with services(settings):
        from courtyard import stages

        ctx = stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)
        found = reports.entitled(ctx, report, period)
    if as_json:
        print_json(found)
        return
    table = Table("文件", "版本", "可提供给", "依据", title=f"{found['title']} {found['period']} r{found['revision']}")
    for entry in found["files"]:
        shown = (entry["file"], TITLES[entry["view"]], "、".join(entry["recipients"]) or "无", entry["basis"])
        table.add_row(*map(escape, shown))
    console.print(table)
    console.print(f"文件夹：{settings.published / found['folder']}", highlight=False, soft_wrap=True)
