"""The commands of the grids' quarterly collection: issue, check, list, remind, close."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from courtyard.cli import show
from courtyard.cli.base import Json, Quarter, app, console, print_json, process_name, services
from courtyard.district import load_district
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings

PANEL = "The grids' quarterly collection"


@app.command(rich_help_panel=PANEL)
def check(
    file: Annotated[Path, typer.Argument(help="A workbook, CSV or JSON file as it would be submitted.")],
    period: Annotated[str | None, typer.Option(help="The period it is for, where the file does not say.")] = None,
    unit: Annotated[str | None, typer.Option(help="The grid's code, where the file does not say.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Check one dataset alone, whoever sends it.")] = None,
    annotate: Annotated[Path | None, typer.Option(help="Write the annotated copy to this .xlsx file.")] = None,
    as_json: Json = False,
) -> None:
    """Dry run of a submission: the receipt it would get. Stores nothing; exits 1 where it has findings."""
    from courtyard.cli import check as checks

    settings = Settings.from_env()
    district = load_district(settings.district_path)
    checked = checks.run(file, settings, district, dataset=dataset, period=period, unit=unit)
    if annotate:
        checks.annotate(checked, annotate)
    if as_json:
        print_json(checked.receipt.plain() | {"left_out": list(checked.receipt.left_out)})
    else:
        checks.show(console, file.name, checked.receipt)
    if checked.receipt.findings:
        raise typer.Exit(1)


@app.command(rich_help_panel=PANEL)
def issue(
    period: Quarter,
    unit: Annotated[list[str] | None, typer.Option(help="Only this grid; may be repeated.")] = None,
    at: Annotated[str | None, typer.Option(metavar="DATE", help="The day of issue, today unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Write a prefilled workbook for every grid into var/outbox/grid/; only changed ones are issued again."""
    from courtyard import submissions
    from courtyard.cli import issue as issue_cli

    settings, moment = Settings.from_env(), issue_cli.moment(at)
    Period.quarter(period)
    with services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder=f"cli:{process_name()}", settings=settings)
        with nullcontext() if as_json else console.status(f"正在生成 {period} 的采集表…"):
            done = submissions.issue(ctx, at=moment, units=unit)
    print_json(done) if as_json else issue_cli.show(console, done)


@app.command(rich_help_panel=PANEL)
def status(period: Quarter, as_json: Json = False) -> None:
    """What has come in for a quarter, what is missing or held, and what was published."""
    from courtyard.cli.status import quarter_status

    settings = Settings.from_env()
    Period.quarter(period)
    with services(settings):
        from courtyard import stages

        today = datetime.now(SHANGHAI).date()
        found = quarter_status(stages.context(period, holder="cli:status", settings=settings), today)
    print_json(found) if as_json else show.status(console, found)


@app.command(rich_help_panel=PANEL)
def cycle(
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help="A quarter; this one when left out.")] = None,
    as_json: Json = False,
) -> None:
    """When a quarter's workbooks go out, are due and frozen, whether it is open, and why."""
    from courtyard.cli import collection as looks
    from courtyard.submissions import collection

    now = datetime.now(SHANGHAI)
    settings, quarter = Settings.from_env(), Period.quarter(period) if period else Period.of("quarter", now)
    with services(settings):
        from courtyard import stages

        ctx = stages.context(str(quarter), holder="cli:cycle", settings=settings)
        with ctx.engine().connect() as connection:
            found = collection.calendar(connection, ctx, now.date())
    print_json(found) if as_json else looks.show_calendar(console, found)


Reason = Annotated[str, typer.Option("--reason", help="Why; every grid that is refused for it reads this.")]
Actor = Annotated[str | None, typer.Option("--by", help="The post that decides, the pack's preparer unless given.")]


@app.command(rich_help_panel=PANEL)
def close(period: Quarter, reason: Reason, by: Actor = None, as_json: Json = False) -> None:
    """Close a quarter: what grids send from now on is refused with this reason."""
    _lock(period, reason, by, as_json, closes=True)


@app.command(rich_help_panel=PANEL)
def reopen(period: Quarter, reason: Reason, by: Actor = None, as_json: Json = False) -> None:
    """Give a closed quarter back to its calendar; what was refused meanwhile is decided anew by the next run."""
    _lock(period, reason, by, as_json, closes=False)


def _lock(period: str, reason: str, by: str | None, as_json: bool, *, closes: bool) -> None:
    from courtyard.cli import collection as looks
    from courtyard.submissions import collection, locks

    settings, now = Settings.from_env(), datetime.now(SHANGHAI)
    Period.quarter(period)
    with services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder="cli:lock", settings=settings)
        change = locks.close if closes else locks.reopen
        change(ctx, reason, by or ctx.district.office.preparer, now)
        with ctx.engine().connect() as connection:
            found = collection.calendar(connection, ctx, now.date())
    print_json(found) if as_json else looks.show_calendar(console, found)


@app.command(name="submissions", rich_help_panel=PANEL)
def list_submissions(
    period: Quarter,
    unit: Annotated[str | None, typer.Option(help="Only this grid, by its code.")] = None,
    as_json: Json = False,
) -> None:
    """Every submission of a quarter: when, by which channel, what it is, how it stands and why."""
    from courtyard.cli import collection as looks
    from courtyard.submissions import collection

    settings = Settings.from_env()
    Period.quarter(period)
    with services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder="cli:submissions", settings=settings)
        with ctx.engine().connect() as connection:
            found = collection.listing(connection, ctx, unit)
    print_json(found) if as_json else looks.show_listing(console, found)


@app.command(rich_help_panel=PANEL)
def remind(
    period: Quarter,
    on: Annotated[str | None, typer.Option(metavar="DATE", help="The day, today unless given.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be queued.")] = False,
    as_json: Json = False,
) -> None:
    """Queue reminders to the grids that owe for a quarter, each step once; send with 'courtyard notices --send'."""
    from courtyard.cli import notices as notices_cli

    settings, day = Settings.from_env(), notices_cli.day(on)
    Period.quarter(period)
    with services(settings):
        from courtyard import stages

        done = notices_cli.remind(stages.context(period, holder="cli:remind", settings=settings), day, dry_run)
    print_json(done) if as_json else notices_cli.show_reminded(console, done, dry_run)


@app.command(rich_help_panel=PANEL)
def notices(
    unsent: Annotated[bool, typer.Option("--unsent", help="Only what has not gone out.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send what is queued first.")] = False,
    as_json: Json = False,
) -> None:
    """What was told to units by mail, WeCom or DingTalk, and what still waits."""
    from courtyard.cli import notices as notices_cli

    settings = Settings.from_env()
    with services(settings, sources=send):
        from courtyard import stages

        quarter = load_district(settings.district_path).office.first_quarter  # notices belong to no quarter
        ctx = stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)
        found = notices_cli.overview(ctx, unsent=unsent, send=send)
    print_json(found) if as_json else notices_cli.show(console, found)
