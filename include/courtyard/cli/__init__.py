"""The command line: `courtyard …` and `python -m courtyard …`."""

from __future__ import annotations

import sys

from courtyard.errors import CourtyardError


def main() -> None:
    """Run the command line. Errors for users leave one line and exit code 2, never a traceback."""
    from courtyard.cli.commands import app

    try:
        app()
    except CourtyardError as error:
        print(f"courtyard: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("courtyard: stopped by the keyboard; run the command again to go on.", file=sys.stderr)
        raise SystemExit(130) from None
