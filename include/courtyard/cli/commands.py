"""The commands. Each prints what a person reads, or with --json what a program reads."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from courtyard.cli import show
from courtyard.district import load_district
from courtyard.errors import CourtyardError
from courtyard.period import SHANGHAI, Period
from courtyard.privacy import keys
from courtyard.settings import Settings

app = typer.Typer(
    name="courtyard",
    help="Courtyard (数字院落): quarters of a street office, from messy submissions to filed reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Quarter = Annotated[str, typer.Argument(metavar="PERIOD", help="A quarter, such as 2026Q3.")]


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def _services(settings: Settings, *, sources: bool = False) -> Iterator[str]:
    """The warehouse's URL, with PostgreSQL and (for `sources`) the sample's stand-ins up meanwhile."""
    from courtyard.runtime.supervisor import running

    with running(settings, standins=sources and settings.sample.exists()) as services:
        yield services.url


@app.command()
def init(as_json: Json = False) -> None:
    """Make the keys, the warehouse and its roles. Does nothing when they are there."""
    settings = Settings.from_env()
    made = keys.create(settings.keys)
    load_district(settings.district_path)
    with _services(settings):
        pass
    if as_json:
        _print_json({"keys": str(settings.keys), "keys_made": made, "var": str(settings.var)})
    else:
        console.print(f"Keys {'made' if made else 'found'} in {settings.keys}; keep a backup of that folder.")
        console.print(f"Warehouse ready; data in {settings.var}.")


@app.command()
def sample(
    scale: Annotated[float, typer.Option(min=0.01, help="1 is the whole street: 40,000 households.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal bytes.")] = 20260701,
    as_json: Json = False,
) -> None:
    """Write the sample street: four quarters of department systems, grid workbooks and resident reports."""
    from courtyard.runtime.sampling import draw_sample

    settings = Settings.from_env()
    progress = None if as_json else console.print
    summary = draw_sample(settings, scale=scale, seed=seed, progress=progress)
    _print_json(show.plain(summary)) if as_json else console.print(f"Sample street in {settings.sample}.")


@app.command()
def run(
    period: Quarter,
    refetch: Annotated[bool, typer.Option("--refetch", help="Ask the sources again for what has landed.")] = False,
    as_json: Json = False,
) -> None:
    """Run all stages of a quarter in this process: the same functions as the Airflow tasks.

    Exits 1 when a source or a report is held, 0 when the ledger balances.
    """
    settings = Settings.from_env()
    Period.quarter(period)
    results: dict[str, Any] = {}
    with _services(settings, sources=True):
        from courtyard import stages

        _stage_inbox(settings, period)
        ctx = stages.context(period, holder=f"cli:{_process_name()}", settings=settings, refetch=refetch)
        since = time.monotonic()
        for step, result in stages.run_quarter(ctx):
            seconds = time.monotonic() - since
            told = {"error": str(result)} if isinstance(result, CourtyardError) else result
            results[step] = {**told, "seconds": round(seconds, 2)}
            if not as_json:
                show.step(console, step, result, seconds)
            since = time.monotonic()
        ledger = show.ledger_rows(ctx.engine(), period)
    held = [step for step, result in results.items() if "error" in result] + results["publish"]["held"]
    unbalanced = [entry for entry in ledger if entry["residual"]]
    if as_json:
        _print_json({"period": period, "steps": results, "ledger": ledger})
    else:
        show.ledger_summary(console, ledger)
        show.publications(console, settings, results["publish"])
    if held or unbalanced:
        raise typer.Exit(1)


def _stage_inbox(settings: Settings, period: str) -> None:
    if settings.sample.exists():
        from courtyard.sample.standins import stage_inbox

        stage_inbox(settings, period)


def _process_name() -> str:
    import os
    import socket

    return f"{socket.gethostname()}/{os.getpid()}"


@app.command()
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
        _print_json(checked.receipt.plain() | {"left_out": list(checked.receipt.left_out)})
    else:
        checks.show(console, file.name, checked.receipt)
    if checked.receipt.findings:
        raise typer.Exit(1)


@app.command()
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
    with _services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder=f"cli:{_process_name()}", settings=settings)
        with nullcontext() if as_json else console.status(f"正在生成 {period} 的采集表…"):
            done = submissions.issue(ctx, at=moment, units=unit)
    _print_json(done) if as_json else issue_cli.show(console, done)


@app.command()
def status(period: Quarter, as_json: Json = False) -> None:
    """What has come in for a quarter, what is missing or held, and what was published."""
    from courtyard.cli.status import quarter_status

    settings = Settings.from_env()
    Period.quarter(period)
    with _services(settings):
        from courtyard import stages

        today = datetime.now(SHANGHAI).date()
        found = quarter_status(stages.context(period, holder="cli:status", settings=settings), today)
    _print_json(found) if as_json else show.status(console, found)


@app.command()
def cycle(
    period: Annotated[str | None, typer.Argument(metavar="PERIOD", help="A quarter; this one when left out.")] = None,
    as_json: Json = False,
) -> None:
    """When a quarter's workbooks go out, are due and frozen, whether it is open, and why."""
    from courtyard.cli import collection

    now = datetime.now(SHANGHAI)
    settings, quarter = Settings.from_env(), Period.quarter(period) if period else Period.of("quarter", now)
    with _services(settings):
        from courtyard import stages

        ctx = stages.context(str(quarter), holder="cli:cycle", settings=settings)
        with ctx.engine().connect() as connection:
            found = collection.calendar(connection, ctx, now.date())
    _print_json(found) if as_json else collection.show_calendar(console, found)


Reason = Annotated[str, typer.Option("--reason", help="Why; every grid that is refused for it reads this.")]
Actor = Annotated[str | None, typer.Option("--by", help="The post that decides, the pack's preparer unless given.")]


@app.command()
def close(period: Quarter, reason: Reason, by: Actor = None, as_json: Json = False) -> None:
    """Close a quarter: what grids send from now on is refused with this reason."""
    _lock(period, reason, by, as_json, closes=True)


@app.command()
def reopen(period: Quarter, reason: Reason, by: Actor = None, as_json: Json = False) -> None:
    """Give a closed quarter back to its calendar; what was refused meanwhile is decided anew by the next run."""
    _lock(period, reason, by, as_json, closes=False)


def _lock(period: str, reason: str, by: str | None, as_json: bool, *, closes: bool) -> None:
    from courtyard.cli import collection
    from courtyard.submissions import locks

    settings, now = Settings.from_env(), datetime.now(SHANGHAI)
    Period.quarter(period)
    with _services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder="cli:lock", settings=settings)
        change = locks.close if closes else locks.reopen
        change(ctx, reason, by or ctx.district.office.preparer, now)
        with ctx.engine().connect() as connection:
            found = collection.calendar(connection, ctx, now.date())
    _print_json(found) if as_json else collection.show_calendar(console, found)


@app.command(name="submissions")
def list_submissions(
    period: Quarter,
    unit: Annotated[str | None, typer.Option(help="Only this grid, by its code.")] = None,
    as_json: Json = False,
) -> None:
    """Every submission of a quarter: when, by which channel, what it is, how it stands and why."""
    from courtyard.cli import collection

    settings = Settings.from_env()
    Period.quarter(period)
    with _services(settings):
        from courtyard import stages

        ctx = stages.context(period, holder="cli:submissions", settings=settings)
        with ctx.engine().connect() as connection:
            found = collection.listing(connection, ctx, unit)
    _print_json(found) if as_json else collection.show_listing(console, found)


@app.command()
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
    with _services(settings):
        from courtyard import stages

        done = notices_cli.remind(stages.context(period, holder="cli:remind", settings=settings), day, dry_run)
    _print_json(done) if as_json else notices_cli.show_reminded(console, done, dry_run)


@app.command()
def notices(
    unsent: Annotated[bool, typer.Option("--unsent", help="Only what has not gone out.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Send what is queued first.")] = False,
    as_json: Json = False,
) -> None:
    """What was told to units by mail, WeCom or DingTalk, and what still waits."""
    from courtyard.cli import notices as notices_cli

    settings = Settings.from_env()
    with _services(settings, sources=send):
        from courtyard import stages

        quarter = load_district(settings.district_path).office.first_quarter  # notices belong to no quarter
        ctx = stages.context(quarter, holder=f"cli:{_process_name()}", settings=settings)
        found = notices_cli.overview(ctx, unsent=unsent, send=send)
    _print_json(found) if as_json else notices_cli.show(console, found)


@app.command()
def trace(
    report: Annotated[str, typer.Argument(help="A report of the pack, such as dibao_roster.")],
    period: Annotated[str, typer.Argument(help="The report's period, such as 2026-07.")],
    cell: Annotated[str, typer.Argument(help="A cell of the published workbook, such as F7.")],
    as_json: Json = False,
) -> None:
    """From a cell of a published form to the delivered rows it was made of."""
    from courtyard import reports

    settings = Settings.from_env()
    target = Period.parse(period)
    with _services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", target.last_day))
        found = reports.trace(
            stages.context(quarter, holder="cli:trace", settings=settings), report, str(target), cell.upper()
        )
    _print_json(found) if as_json else show.trace(console, found)


@app.command()
def url(as_json: Json = False) -> None:
    """Print the warehouse's URL. The address answers while the server runs ('make up')."""
    settings = Settings.from_env()
    with _services(settings) as found:
        _print_json({"url": found}) if as_json else print(found)


@app.command()
def ledger(
    content_hash: Annotated[bool, typer.Option("--hash", help="Print the hash of the current belief.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With --hash: history and recorded times too.")] = False,
    as_json: Json = False,
) -> None:
    """Every delivery with its rows: landed = merged + quarantined + superseded + held, residual 0."""
    settings = Settings.from_env()
    with _services(settings) as found:
        from courtyard.store import database
        from courtyard.warehouse.hashing import content_hash as hash_of

        engine = database.engine(found)
        if content_hash:
            digest = hash_of(engine, full=full)
            _print_json({"hash": digest}) if as_json else print(digest)
            return
        rows = show.ledger_rows(engine)
    if as_json:
        _print_json({"deliveries": rows})
    else:
        show.ledger_table(console, rows)
        show.ledger_summary(console, rows)
    if any(row["residual"] for row in rows):
        raise typer.Exit(1)


@app.command()
def contracts(
    dataset: Annotated[str | None, typer.Argument(help="One dataset; all of them when left out.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Renew docs/contracts and the pack's schemas.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows' JSON Schema.")] = False,
) -> None:
    """What each dataset must look like, made from its contract: a page in Chinese, or JSON Schema."""
    from courtyard.cli import contracts as made

    pack = Settings.from_env().district_path
    if write:
        renewed = made.write(pack)
        console.print(f"Renewed {len(renewed)} file(s).")
        return
    print(made.shown(pack, dataset, as_json=as_json))


@app.command()
def demo(
    scale: Annotated[float, typer.Option(min=0.01, envvar="COURTYARD_SCALE", help="1 is the whole street.")] = 1.0,
) -> None:
    """Run four quarters of the sample street through a real Airflow scheduler, then stop everything."""
    from courtyard.runtime.demo import run_demo

    raise typer.Exit(run_demo(Settings.from_env(), scale=scale, console=console))


@app.command()
def up() -> None:
    """Start PostgreSQL, the stand-ins and Airflow, and leave them running; prints address and login."""
    from courtyard.runtime.demo import bring_up

    raise typer.Exit(bring_up(Settings.from_env(), console=console))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def airflow(words: typer.Context) -> None:
    """Run Airflow's own command line on this installation: courtyard airflow backfill create --help."""
    import subprocess
    import sys

    from courtyard.runtime.airflow import environment, prepare

    settings = Settings.from_env()
    with _services(settings) as found:
        prepare(settings, found)
        env = environment(settings, found, scheduled=True)
        done = subprocess.run([sys.executable, "-m", "airflow", *words.args], env=env, check=False)
    raise typer.Exit(done.returncode)


@app.command()
def down() -> None:
    """Stop everything that 'up' started, with every child."""
    from courtyard.runtime.supervisor import shut_down

    stopped = shut_down(Settings.from_env())
    console.print(f"Stopped {stopped} process(es)." if stopped else "Nothing was running.")
