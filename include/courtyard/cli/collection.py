"""How a quarter's collection looks on a screen: `status`, `cycle`, `close`, `reopen` and `submissions`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from courtyard.period import SHANGHAI
from courtyard.submissions import advice
from courtyard.submissions.outcome import TITLES


def show_board(console: Console, entries: list[dict[str, str]]) -> None:
    """One line a grid and category."""
    for entry in entries:
        line = f"{entry['title']}：{entry['name']}：{entry['reason']}。{entry['next']}。"
        console.print(line, highlight=False, soft_wrap=True)


def show_calendar(console: Console, found: dict[str, Any]) -> None:
    console.print(
        f"{found['period']}：{found['issued_on']} 下发，{found['due_on']} 截止，{found['frozen_on']} 冻结",
        highlight=False,
    )
    console.print(f"状态：{found['title']}。{found['why']}。{found['remedy']}。", highlight=False, soft_wrap=True)


def show_listing(console: Console, rows: list[dict[str, Any]]) -> None:
    """One line a submission."""
    table = Table("报送时间", "渠道", "网格", "季度", "性质", "状态", "说明", title=f"{len(rows)} 次报送")
    for row in rows:
        marks = [title for key, title in (("is_late", "迟报"), ("is_restatement", "冻结后")) if row[key]]
        kind = advice.KINDS[row["kind"]] + (f"（{'、'.join(marks)}）" if marks else "")
        sent = row["sent_at"].astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        channel = advice.CHANNELS.get(row["channel"], row["channel"])
        unit = row["unit_name"] or row["unit_code"] or row["name"]
        table.add_row(sent, channel, unit, row["period"], kind, TITLES[row["status"]], _why(row))
    console.print(table)


def _why(row: dict[str, Any]) -> str:
    """The reason; of a correction, how many rows it changes."""
    if row["reason"] or not row["changes"]:
        return row["reason"]
    total = {key: sum(one[key] for one in row["changes"].values()) for key in ("added", "changed", "removed")}
    return f"比上次增{total['added']}行、改{total['changed']}行、减{total['removed']}行"
