"""`courtyard outlines`: which courtyards the map shows as a point only, and a first drawing of them."""

from __future__ import annotations

from typing import Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json
from courtyard.district import load_district
from courtyard.settings import Settings


@app.command("outlines")
def list_or_draw(
    write: Annotated[
        bool, typer.Option("--write", help="Draw a provisional outline for each of them into the pack.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the courtyards without an outline, and those whose outline was drawn and not surveyed."""
    from courtyard.district import outline_drawing, outlines

    settings = Settings.from_env()
    district = load_district(settings.district_path)
    drawn = [outline.code for outline in district.outlines if not outline.properties.surveyed]
    without = outline_drawing.missing(district)
    if write and without:
        kept = [outline.model_dump(mode="json") for outline in district.outlines]
        path = settings.district_path / outlines.FILE
        path.write_text(outlines.written([*kept, *outline_drawing.drawn(district)]), "utf-8")
    told = {"courtyards": len(district.courtyards), "surveyed": len(district.outlines) - len(drawn)}
    told |= {"provisional": drawn, "without": [courtyard.code for courtyard in without]}
    if as_json:
        print_json({**told, "written": len(without) if write else 0})
        return
    console.print(
        f"{told['courtyards']} 个院落：实测轮廓 {told['surveyed']} 个，示意轮廓 {len(drawn)} 个，没有轮廓 {len(without)} 个",
        highlight=False,
    )
    for courtyard in without:
        console.print(f"  {courtyard.code}　{courtyard.name}", highlight=False)
    if write and without:
        console.print(f"已为这 {len(without)} 个院落画出示意轮廓，写入 {path}", highlight=False, soft_wrap=True)
