"""`courtyard issue`: which day it is, and how the result looks on a screen."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from rich.console import Console

from courtyard.errors import UsageError
from courtyard.period import SHANGHAI

_ISSUED_AT = time(9)  # a day given by hand means the morning of that day


def moment(day: str | None) -> datetime:
    """The time of issue: 9:00 of a day written as 2026-09-15, now when none is given."""
    if day is None:
        return datetime.now(SHANGHAI)
    try:
        return datetime.combine(date.fromisoformat(day), _ISSUED_AT, SHANGHAI)
    except ValueError:
        raise UsageError(f"“{day}”不是日期。", "请写成 2026-09-15 这样的日期。") from None


def show(console: Console, done: dict[str, Any]) -> None:
    """How many workbooks lie where, and which grids get none and why."""
    counts = {"issued": "新下发", "unchanged": "内容未变、沿用原表", "restored": "补回丢失的文件"}
    told = "，".join(f"{title} {len(done[key])} 份" for key, title in counts.items() if done[key])
    console.print(f"{done['period']} 采集表：{told or '没有可下发的网格'}", highlight=False)
    console.print(
        f"预填 {done['rows']:,} 行，待核实 {done['questions']:,} 项；报送截止日 {done['due_on']}", highlight=False
    )
    console.print(f"文件夹 {done['folder']}", highlight=False, soft_wrap=True)
    for entry in done["none"]:
        console.print(f"未下发：{entry['name']}（{entry['unit']}），{entry['reason']}", highlight=False, soft_wrap=True)
