"""What an issued workbook says of itself: its cover, and the sheets that only machines read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from courtyard.parsing import metadata
from courtyard.parsing.cells import shown
from courtyard.parsing.sheets import Sheet

COVER = "填报说明"
IDENTITY = "_courtyard"
SERVICE = (COVER, IDENTITY, "_选项")  # none of them holds rows
_KEYS = {
    "version": re.compile(r"[\w.-]{1,16}"),
    "unit": re.compile(r"\d{9}|\d{12}|\d{15}"),
    "period": re.compile(r"\d{4}(?:Q[1-4]|H[12]|-\d\d)?"),
    "issue_no": re.compile(r"\d{1,6}"),
    "signature": re.compile(r"[0-9a-f]{1,64}"),
}


def is_service(sheet: Sheet) -> bool:
    """Whether a sheet belongs to the workbook's making: never data, never reported as unused."""
    return sheet.title.strip() in SERVICE


def identity(sheets: Sequence[Sheet]) -> dict[str, Any]:
    """`issue` and `nature` of a workbook, as far as it tells them; anything that cannot be such a value is left out."""
    found: dict[str, Any] = {}
    for sheet in sheets:
        if sheet.title.strip() == IDENTITY and (issue := _issue(sheet)):
            found["issue"] = issue
        elif sheet.title.strip() == COVER and (nature := metadata.read(sheet.rows).nature):
            found["nature"] = nature
    return found


def _issue(sheet: Sheet) -> dict[str, str]:
    """Column A names, column B says."""
    pairs = {shown(row.cells.get(1)).strip(): shown(row.cells.get(2)).strip() for row in sheet.rows}
    return {key: pairs[key] for key, pattern in _KEYS.items() if pattern.fullmatch(pairs.get(key, ""))}
