"""Delivered bytes to typed rows: workbooks, delimited text, JSON records, read in a sandbox.

`parse` is the stage; `parse_file` reads one file without a database. Both import what they need when
they are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from courtyard.context import Context
    from courtyard.district.models import CodeList, Contract
    from courtyard.parsing.tables import ParsedTable


def parse(ctx: Context) -> dict[str, Any]:
    """Parse the quarter's deliveries into staging; see `parsing.stage.parse`."""
    from courtyard.parsing import stage

    return stage.parse(ctx)


def parse_file(
    data: bytes,
    name: str,
    contracts: Sequence[Contract],
    codes: Mapping[str, CodeList],
    *,
    as_of: date | None = None,
) -> list[ParsedTable]:
    """Read one file without a database, in a sandbox of its own; see `parsing.files.parse_file`."""
    from courtyard.parsing import files

    return files.parse_file(data, name, contracts, codes, as_of=as_of)
