"""The commands of upkeep: let a held batch pass, rebuild the warehouse from landed bytes."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.errors import UsageError
from courtyard.period import Period
from courtyard.settings import Settings

PANEL = "Upkeep"


@app.command(rich_help_panel=PANEL)
def release(
    batch: Annotated[str, typer.Argument(help="A held batch, as 'courtyard status' names it.")],
    reason: Annotated[str, typer.Option(help="Why so few rows are right.")],
    post: Annotated[str, typer.Option(help="The post that decides, not a person's name.")],
    as_json: Json = False,
) -> None:
    """Let a batch pass that is held because it lists too few rows, or none; the next run of its quarter takes it."""
    from courtyard.validation import releasing

    settings = Settings.from_env()
    with services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", datetime.now(UTC).date()))
        ctx = stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)
        releasing.release(ctx, batch, reason=reason, post=post, at=datetime.now(UTC))
    if as_json:
        print_json({"batch": batch, "status": "parsed"})
    else:
        console.print(f"已放行 {batch}，下次运行该季度时继续处理。")


@app.command(rich_help_panel=PANEL)
def rebuild(
    period: Annotated[list[str] | None, typer.Option(help="Only what came for this quarter; may be repeated.")] = None,
    into: Annotated[str, typer.Option(help="An empty database: a name on the warehouse's server, or a URL.")] = (
        "courtyard_rebuilt"
    ),
    order: Annotated[str, typer.Option(help="received | shuffled")] = "received",
    seed: Annotated[int, typer.Option(help="With --order shuffled: which order.")] = 0,
    as_json: Json = False,
) -> None:
    """Build the warehouse anew from landed bytes, in a database of its own, and print both content hashes.

    The warehouse itself, receipts and publications are not touched.
    """
    if order not in ("received", "shuffled"):
        raise UsageError(f"There is no order '{order}'.", "Choose received or shuffled.")
    settings = Settings.from_env()
    with services(settings):
        from courtyard.rebuilding import rebuild as build

        built = build(
            settings,
            into,
            quarters=period or (),
            seed=seed if order == "shuffled" else None,
            progress=lambda line: None if as_json else console.print(line),
        )
    if as_json:
        print_json(asdict(built))
        return
    console.print(f"{built.deliveries} deliveries in {len(built.runs)} run(s) into {into}.")
    console.print(f"current {built.current}\nfull    {built.full}", soft_wrap=True)
