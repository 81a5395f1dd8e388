"""The commands that look at schema mart: what it holds, and what it said as of a period."""

from __future__ import annotations

from typing import Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.settings import Settings
from courtyard.store import catalogue

PANEL = "The warehouse's history"


@app.command(rich_help_panel=PANEL)
def asof(
    view: Annotated[str, typer.Argument(help=f"One of {', '.join(catalogue.historic())}.")],
    period: Annotated[str, typer.Argument(help="A period, such as 2026Q1 or 2026-07: its last day counts.")],
    known_at: Annotated[str | None, typer.Option(metavar="DAY", help="As known at the end of this day.")] = None,
    where: Annotated[str | None, typer.Option(metavar="CODE", help="Only this unit or courtyard.")] = None,
    show_personal: Annotated[
        bool, typer.Option("--show-personal", help="Names, birth dates and rooms too; goes into the audit log.")
    ] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    as_json: Json = False,
) -> None:
    """What held on the last day of a period, as known now or on a day: counts and references."""
    from courtyard.cli import asof as asof_cli

    if as_csv and as_json:
        raise UsageError("--csv and --json do not go together.", "Choose one.")
    settings = Settings.from_env()
    asked = asof_cli.question(view, period, known_at, where, show_personal)
    with services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", asked.period.last_day))
        ctx = stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)
        found = asof_cli.answer(ctx, asked)
    if as_json:
        print_json(found.plain())
    elif as_csv:
        print(asof_cli.as_csv(found), end="")
    else:
        asof_cli.show(console, found)


@app.command(rich_help_panel=PANEL)
def marts(
    name: Annotated[str | None, typer.Argument(help="One view or function; all of them when left out.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Renew docs/marts.md.")] = False,
) -> None:
    """Every view and function of schema mart: columns, meaning, personal data and who may read it."""
    from courtyard.cli import marts as marts_cli

    with services(Settings.from_env()) as url:
        from courtyard.store import database

        found = marts_cli.read(database.engine(url))
    if write:
        marts_cli.PAGE.write_text(marts_cli.page(found), "utf-8")
        console.print(f"Renewed {marts_cli.PAGE.name}.")
        return
    print(marts_cli.shown(found, name))
