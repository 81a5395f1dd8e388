"""What an alert is about: one cause, in words, by a key that is the same however often it is seen."""

from __future__ import annotations

from dataclasses import dataclass

from courtyard.district.watch import AlertKind
from courtyard.period import Period

TITLES: dict[AlertKind, str] = {
    "task": "任务失败",
    "source": "取数失败",
    "missing": "数据未到",
    "idle": "流程停了",
    "silent": "没有上报",
    "volume": "数据量异常",
    "held": "数据被暂缓",
    "quarantine": "隔离过多",
    "residual": "数据未入库",
    "follow_on": "续算未做",
    "notice": "通知发不出",
    "letter": "去函逾期",
    "deadline": "报表将到期",
    "overdue": "报表逾期",
}
# When these are over, what comes next is told instead: a form that is signed now waits to be delivered.
QUIETLY_OVER: frozenset[AlertKind] = frozenset({"deadline", "overdue", "volume"})


@dataclass(frozen=True)
class Cause:
    """`key` names it (`source/population`); `periods` are those for which it is so. No word of it is personal data."""

    key: str
    kind: AlertKind
    place: str
    what: str
    remedy: str
    periods: tuple[str, ...] = ()
    source: str | None = None
    unit_code: str | None = None


def named(periods: list[str] | tuple[str, ...], most: int = 4) -> str:
    """Periods in words; of many the first and the last, and how many there are."""
    titles = [Period.parse(period).title for period in periods]
    return "、".join(titles) if len(titles) <= most else f"{titles[0]}至{titles[-1]}共 {len(titles)} 期"


def in_order(periods: set[str]) -> list[str]:
    """Periods by their first day."""
    return sorted(periods, key=lambda text: (Period.parse(text).start, text))


def left_of(periods: list[str], well: str) -> list[str]:
    """The periods that are still wrong once one is well: a quarter stands for its months too."""
    done = Period.parse(well)
    parts = {str(part) for part in done.parts("month")} if done.kind == "quarter" else set()
    return [period for period in periods if period != well and period not in parts]
