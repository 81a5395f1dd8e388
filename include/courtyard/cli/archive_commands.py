"""The command that looks into a courtyard's archive."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from courtyard.cli import archive
from courtyard.cli.base import Json, app, console, print_json, services
from courtyard.district import load_district
from courtyard.errors import UsageError
from courtyard.period import SHANGHAI, Period
from courtyard.settings import Settings
from courtyard.warehouse import dossier


@app.command()
def show(
    courtyard: Annotated[str, typer.Argument(help="Its code, name, address or another name of it.")],
    period: Annotated[
        str | None, typer.Argument(metavar="[PERIOD]", help="A quarter; the newest when left out.")
    ] = None,
    as_known: Annotated[
        str | None, typer.Option("--as-known", metavar="DAY", help="As known at the end of a day, such as 2026-04-15.")
    ] = None,
    as_json: Json = False,
) -> None:
    """A courtyard's archive of a quarter: five modules, key groups, tags with reasons, indicators. Counts, no names."""
    settings = Settings.from_env()
    district = load_district(settings.district_path)
    place = dossier.find(district, courtyard)
    quarter = str(Period.quarter(period)) if period else None
    day = _day(as_known)
    with services(settings) as url:
        from courtyard.store import database

        with database.engine(url, "publisher").connect() as connection:
            found = dossier.read(connection, district, place, quarter, day)
    if as_json:
        found["recorded_at"] = found["recorded_at"].astimezone(SHANGHAI).isoformat()
        print_json(found)
    else:
        archive.show(console, district, found)


def _day(written: str | None) -> date | None:
    """The day of an option; UsageError when it is none."""
    if written is None:
        return None
    try:
        return datetime.strptime(written, "%Y-%m-%d").date()
    except ValueError:
        raise UsageError(f"'{written}' is no day.", "Write it as 2026-04-15.") from None
