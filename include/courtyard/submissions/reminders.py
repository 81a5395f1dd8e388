"""The words of reminders: what is missing, until when, and where to send it. Kind, and without personal data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from courtyard.district.models import District, SourceSpec, Unit
from courtyard.submissions.cycle import Cycle

Statuses = Mapping[str, str]
_WAYS = {
    "files": "放进街道的收件文件夹",
    "sftp": "上传到街道的文件服务器（SFTP）",
    "mail": "作为附件发到{address}",
}


def reminder(
    district: District, cycle: Cycle, unit: Unit, source: SourceSpec, lacking: Statuses, on: date
) -> tuple[str, str]:
    """Subject and body for a unit that owes `lacking` (dataset -> missing or rejected) on a day."""
    when = _when(cycle, on)
    lines = [
        f"{unit.name}：",
        f"{cycle.period.title}{source.title}的截止日是{_day(cycle.due_on)}，{when}。目前还缺：",
        *(f"· {line}" for line in _lacking(district, lacking)),
        f"请填好下发的采集表后交回，任选一种方式：{'；'.join(_ways(source))}。",
        "没有变化的表选“无变化”，没有内容的表选“本季度无”，都算报送。",
        f"刚刚已经交过的，不必理会这条提醒。有疑问请联系{district.office.preparer}。谢谢！",
    ]
    return f"提醒：{unit.name}{cycle.period.title}{source.title}{when}", "\n".join(lines)


def summary(
    district: District, cycle: Cycle, above: Unit, listed: Sequence[tuple[Unit, Statuses]], on: date
) -> tuple[str, str]:
    """Subject and body for a community or the street: which of its grids owe what, and since when."""
    subject = f"{above.name}{cycle.period.title}还有{len(listed)}个网格未报齐"
    lines = [
        f"{above.name}：",
        f"{cycle.period.title}采集已于{_day(cycle.due_on)}截止，{_when(cycle, on)}，还有{len(listed)}个网格未报齐：",
        *(f"· {unit.name}：{'、'.join(_lacking(district, lacking))}" for unit, lacking in listed),
        f"本季度{_day(cycle.frozen_on)}冻结，请协助联系。已提醒过各网格，不再逐个重复。",
    ]
    return subject, "\n".join(lines)


def _when(cycle: Cycle, on: date) -> str:
    left = (cycle.due_on - on).days
    if left > 0:
        return f"还有{left}天"
    return "今天截止" if left == 0 else f"已过{-left}天"


def _lacking(district: District, lacking: Statuses) -> list[str]:
    return [
        district.contracts[name].title + ("（已退回，请按回执改正后重报）" if status == "rejected" else "")
        for name, status in lacking.items()
    ]


def _ways(source: SourceSpec) -> list[str]:
    """How a workbook may be handed in; a mailbox only where the pack names its address."""
    ways = ((way.transport, way.options.get("address")) for way in source.ways if way.transport in _WAYS)
    return [_WAYS[kind].format(address=address) for kind, address in ways if kind != "mail" or address]


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"
