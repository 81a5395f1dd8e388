"""`courtyard train`: a linkage model of the office's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.district import load_district
from courtyard.settings import Settings


@app.command()
def train(
    out: Annotated[Path | None, typer.Option(help="Where the model goes; rules/linkage-v<N>.json of the pack.")] = None,
    as_json: Json = False,
) -> None:
    """Learn the linkage model from the pairs that ID numbers prove in this warehouse; changes no data.

    The pack goes on with its own model until rules/linkage.yaml names the new one.
    """
    from courtyard import stages
    from courtyard.identity import training

    settings = Settings.from_env()
    with services(settings):
        ctx = stages.context(
            str(load_district(settings.district_path).office.first_quarter), holder=process_name(), settings=settings
        )
        linkage = ctx.district.linkage
        path = out or ctx.district.root / "rules" / f"linkage-v{linkage.version + 1}.json"
        with ctx.engine().connect() as connection:
            model = training.train(connection, ctx)
    path.write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", "utf-8")
    told = {"model": str(path), "used": linkage.model, "version": linkage.version}
    if as_json:
        print_json(told)
        return
    console.print(f"Model written to {path}.", soft_wrap=True)
    console.print(
        f"To use it, set model and version in rules/linkage.yaml (now {linkage.model}, version {linkage.version})."
    )
