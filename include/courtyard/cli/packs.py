"""`courtyard pack`: a pack for another street office."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json
from courtyard.settings import Settings

pack = typer.Typer(help="District packs: what a street office edits.", no_args_is_help=True)
app.add_typer(pack, name="pack", rich_help_panel="Setting up")


@pack.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder for the pack.")],
    street: Annotated[str, typer.Option(help="The street's 9-digit code, such as 510107005.")],
    communities: Annotated[
        Path, typer.Option(help="A CSV file with the columns code, name, street_code, street_name.")
    ],
    courtyards: Annotated[int, typer.Option(min=1, max=400, help="Synthetic courtyards in each community.")] = 24,
    city_district: Annotated[
        str | None, typer.Option(help="Its district; chengdu_districts.csv beside the file knows Chengdu's.")
    ] = None,
    letter_mark: Annotated[str | None, typer.Option(help="机关代字 of its letters, such as 玉林办函.")] = None,
    as_json: Json = False,
) -> None:
    """Copy the present pack for another street office: its units from a file, synthetic courtyards, no code.

    Exits 1 when something in the new pack still names the first office; each place is printed.
    """
    from courtyard.sample import another_office

    office = another_office.from_file(communities, street, city_district, letter_mark)
    left = another_office.make(Settings.from_env().district_path, folder, office, courtyards)
    if as_json:
        print_json(
            {"folder": str(folder), "street": office.short_name, "communities": len(office.communities), "left": left}
        )
    else:
        count = len(office.communities)
        console.print(
            f"{office.short_name}（{office.city_district}，{count}个社区）的街道配置包在 {folder}", soft_wrap=True
        )
        for place in left:
            console.print(f"  仍写着原街道：{place}", soft_wrap=True, highlight=False)
    if left:
        raise typer.Exit(1)
