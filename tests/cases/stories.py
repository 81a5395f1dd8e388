"""Literal moments and events that the tests of cases start from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from courtyard.cases.event import Event
from courtyard.period import SHANGHAI

COURTYARD = "5101050050020002"
GRID, COMMUNITY, STREET = "510105005002001", "510105005002", "510105005"
GRID_POST, COMMUNITY_POST, STREET_POST = f"{GRID}/网格员", f"{COMMUNITY}/社区书记", f"{STREET}/社治办主任"
REVIEWER = "街道办事处审核岗"


def shanghai(written: str) -> datetime:
    """`2026-11-26 10:00` in Asia/Shanghai."""
    return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)


def opening(at: datetime, **data: Any) -> Event:
    """The event that opens a normal case of public lighting in the courtyard, told to its grid."""
    given = {
        "category": "light", "confidence": 0.9, "urgency": "normal", "courtyard_code": COURTYARD, "level": "courtyard",
        "unit_code": GRID, **data,
    }  # fmt: skip
    return Event("opened", at, "reporter", "report/resident_reports/R1", None, given)
