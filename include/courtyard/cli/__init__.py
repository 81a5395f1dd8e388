"""The command line: `courtyard …` and `python -m courtyard …`."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from courtyard.errors import CourtyardError

if TYPE_CHECKING:
    import typer


def application() -> typer.Typer:
    """The application with all its commands."""
    from courtyard.cli import (  # noqa: F401  (they put themselves in)
        archive_commands,
        backfill,
        burden,
        case_actions,
        case_figures,
        cases,
        commands,
        desk,
        grid_commands,
        handover,
        installation,
        intake_keys,
        letters,
        mart_commands,
        outlines,
        packs,
        proposals,
        releasing,
        residents,
        revisions,
        running,
        tasks,
        training,
        upkeep,
        views,
        watching,
    )
    from courtyard.cli.base import app

    return app


def main() -> None:
    """Run the command line. Errors leave one line and exit code 2, never a traceback on the screen."""

    try:
        application()()
    except CourtyardError as error:
        print(f"courtyard: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("courtyard: stopped by the keyboard; run the command again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
    except Exception as error:
        place = _note(error)
        print(f"courtyard: unexpected {type(error).__name__}; where it happened is in {place}.", file=sys.stderr)
        raise SystemExit(2) from None


def _note(error: Exception) -> Path:
    """Keep the call stack for a developer, without the error's text: that may hold a row's values."""
    from courtyard.settings import Settings

    place = Settings.from_env().run_dir / "unexpected.txt"
    place.parent.mkdir(parents=True, exist_ok=True)
    stack = "".join(traceback.format_tb(error.__traceback__))
    place.write_text(f"{type(error).__module__}.{type(error).__name__}\n{stack}", "utf-8")
    place.chmod(0o600)
    return place
