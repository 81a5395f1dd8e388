"""What all commands share: the application, its options, and the services that a command needs meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from courtyard.period import SHANGHAI
from courtyard.settings import Settings

if TYPE_CHECKING:
    from courtyard.context import Context

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


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def now() -> datetime:
    """The clock of the person at the keyboard."""
    return datetime.now(SHANGHAI)


@contextmanager
def services(settings: Settings, *, sources: bool = False) -> Iterator[str]:
    """The warehouse's URL, with PostgreSQL and (for `sources`) the residents' service and the sample's stand-ins up."""
    from courtyard.runtime.supervisor import running

    with running(settings, standins=sources and settings.sample.exists(), intake=sources) as services:
        yield services.url


@contextmanager
def office(*, sources: bool = False) -> Iterator[Context]:
    """The office's context today, for what belongs to no quarter."""
    from courtyard.period import Period

    settings = Settings.from_env()
    with services(settings, sources=sources):
        from courtyard import stages

        quarter = str(Period.of("quarter", now().date()))
        yield stages.context(quarter, holder=f"cli:{process_name()}", settings=settings)


def process_name() -> str:
    import os
    import socket

    return f"{socket.gethostname()}/{os.getpid()}"
