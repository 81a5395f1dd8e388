"""Named SQL statements of a stage, kept in a `.sql` file beside the code that runs them."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from sqlalchemy import TextClause, text

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@lru_cache(maxsize=16)
def load(package: str, file: str) -> dict[str, TextClause]:
    """The statements of a package's SQL file by the name on the line `-- name: <name>` above each, in order."""
    parts = _NAME.split(files(package).joinpath(file).read_text("utf-8"))[1:]
    return {name: text(body.strip().removesuffix(";")) for name, body in zip(parts[::2], parts[1::2], strict=True)}
