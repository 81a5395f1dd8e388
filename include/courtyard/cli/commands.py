"""The commands. Each prints what a person reads, or with --json what a program reads."""

from __future__ import annotations

from typing import Annotated

import typer

from courtyard.cli import show
from courtyard.cli.base import Json, app, console, print_json, services
from courtyard.district import load_district
from courtyard.period import Period
from courtyard.privacy import keys
from courtyard.settings import Settings


@app.command()
def init(as_json: Json = False) -> None:
    """Make the keys, the warehouse and its roles. Does nothing when they are there."""
    settings = Settings.from_env()
    made = keys.create(settings.keys)
    load_district(settings.district_path)
    with services(settings):
        pass
    if as_json:
        print_json({"keys": str(settings.keys), "keys_made": made, "var": str(settings.var)})
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
    print_json(show.plain(summary)) if as_json else console.print(f"Sample street in {settings.sample}.")


@app.command()
def trace(
    report: Annotated[str, typer.Argument(help="A report of the pack, such as dibao_roster.")],
    period: Annotated[str, typer.Argument(help="The report's period, such as 2026-07.")],
    cell: Annotated[str, typer.Argument(help="A cell of the published workbook, such as F7.")],
    revision: Annotated[int | None, typer.Option(help="The revision, the last unless given.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every row, not only the first 1,000.")] = False,
    as_json: Json = False,
) -> None:
    """From a cell of a published form to its definition, its rule, and the delivered rows it was made of."""
    from courtyard import reports

    settings = Settings.from_env()
    target = Period.parse(period)
    with services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", target.last_day))
        found = reports.trace(
            stages.context(quarter, holder="cli:trace", settings=settings),
            report,
            str(target),
            cell.upper(),
            revision,
            None if every else 1000,
        )
    print_json(found) if as_json else show.trace(console, found)


@app.command()
def url(as_json: Json = False) -> None:
    """Print the warehouse's URL. The address answers while the server runs ('make up')."""
    settings = Settings.from_env()
    with services(settings) as found:
        print_json({"url": found}) if as_json else print(found)


@app.command()
def ledger(
    content_hash: Annotated[bool, typer.Option("--hash", help="Print the hash of the current belief.")] = False,
    full: Annotated[bool, typer.Option("--full", help="With --hash: history and recorded times too.")] = False,
    as_json: Json = False,
) -> None:
    """Every delivery with its rows: landed = merged + quarantined + superseded + held, residual 0."""
    settings = Settings.from_env()
    with services(settings) as found:
        from courtyard.store import database
        from courtyard.warehouse.hashing import content_hash as hash_of

        engine, street = database.engine(found), load_district(settings.district_path).office.street_code
        if content_hash:
            digest = hash_of(engine, full=full, street=street)
            print_json({"hash": digest}) if as_json else print(digest)
            return
        rows = show.ledger_rows(engine, street)
    if as_json:
        print_json({"deliveries": rows})
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


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def airflow(words: typer.Context) -> None:
    """Run Airflow's own command line on this installation: courtyard airflow backfill create --help."""
    import subprocess
    import sys

    from courtyard.runtime.airflow import environment, prepare

    settings = Settings.from_env()
    with services(settings) as found:
        prepare(settings, found)
        env = environment(settings, found, scheduled=True)
        done = subprocess.run([sys.executable, "-m", "airflow", *words.args], env=env, check=False)
    raise typer.Exit(done.returncode)
