"""The commands of the catalogue and of the burden ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from courtyard.cli.base import Json, app, console, print_json, process_name, services
from courtyard.period import Period
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context

PANEL = "Reports"


@contextmanager
def _office() -> Iterator[Context]:
    """The office's context; which quarter it is plays no part."""
    settings = Settings.from_env()
    with services(settings):
        from courtyard import stages

        quarter = str(Period.of("quarter", datetime.now(UTC).date()))
        yield stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)


@app.command(rich_help_panel=PANEL)
def catalogue(as_json: Json = False) -> None:
    """Bring the catalogue of reports (published/catalogue/) up to date and print its first page's path."""
    with _office() as ctx:
        from courtyard.reports import catalogue as site

        page = site.build(ctx)
    print_json({"page": str(page)}) if as_json else console.print(str(page), highlight=False, soft_wrap=True)
