"""Cases in words, as lists and pages tell them: how much time is left or was used, who did something, what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from courtyard.cases.event import WHY

CHANNELS = {"page": "扫码填报", "worker": "网格员代报", "hotline": "12345热线", "georeport": "其他系统"}
_TEXTS = ("text", "reason", "where", "span", "into", "satisfaction", "department", "number", "outcome", "wanted")
_WHOSE = {"clock": "时限", "reporter": "反映人", "source": "来源系统"}


def left(one: Mapping[str, Any]) -> str:
    """The time this level has left until its deadline, working time where it has that: 剩3小时20分, 超2小时.

    `one` is a case as `overview` shows it.
    """
    if one["level_left_minutes"] is None:
        return "已逾期" if one["is_overdue"] else "—"
    return ("超" if one["level_left_minutes"] < 0 else "剩") + span(abs(one["level_left_minutes"]))


def total(one: Mapping[str, Any]) -> str:
    """The uninterrupted clock: the time since the first minute, and what it may be."""
    whole = int((one["total_due_at"] - one["opened_at"]).total_seconds() // 60)
    return f"{span(one['total_minutes'])}/{span(whole)}"


def whole_left(one: Mapping[str, Any], at: datetime) -> str:
    """What the uninterrupted clock has left, day and night: 剩3天/共7天, 超2天/共7天."""
    minutes = int((one["total_due_at"] - at).total_seconds() // 60)
    whole = int((one["total_due_at"] - one["opened_at"]).total_seconds() // 60)
    return f"{'超' if minutes < 0 else '剩'}{span(abs(minutes))}/共{span(whole)}"


def span(minutes: int) -> str:
    days, rest = divmod(minutes, 1440)
    hours, rest = divmod(rest, 60)
    parts = [(days, "天"), (hours, "小时"), (rest, "分")]
    return "".join(f"{count}{unit}" for count, unit in parts if count)[:16] or "0分"


def whose(post: str) -> str:
    """Who did something, without the unit's code."""
    return _WHOSE.get(post, post.partition("/")[2] or post)


def said(event: Mapping[str, Any]) -> str:
    """What an event of `overview.show` says, the words of a reporter among it."""
    data = event["data"]
    parts = [
        WHY.get(data.get("why", ""), ""),
        *(str(data[name]) for name in _TEXTS if data.get(name)),
        event["words"] or "",
    ]
    return "　".join(part for part in parts if part)
