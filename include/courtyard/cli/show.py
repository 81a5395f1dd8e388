"""How results look on a screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, is_dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy import Engine, text

from courtyard.cli import collection
from courtyard.errors import CourtyardError
from courtyard.settings import Settings
from courtyard.store import runs
from courtyard.submissions.outcome import TITLES
from courtyard.watching.summaries import summary

LEDGER_COLUMNS = (
    "source", "dataset", "period", "sha256",
    "landed", "merged", "quarantined", "superseded", "held", "structural", "residual",
)  # fmt: skip
COUNTS = LEDGER_COLUMNS[4:]
COUNT_TITLES = dict(zip(COUNTS, ("落地", "合并", "隔离", "被替代", "暂挂", "表头附注", "差额"), strict=True))
STATUS_TITLES = {
    **TITLES, "landed": "已落地", "absent": "对方无数据", "failed": "取数失败",
}  # fmt: skip


def plain(value: Any) -> Any:
    """A dataclass as a dict; anything else as it is."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def ledger_rows(engine: Engine, street: str, quarter: str | None = None) -> list[dict[str, Any]]:
    """The ledger of a street, one dict a batch, of one quarter's deliveries or of all."""
    from courtyard.period import Period

    columns = ", ".join(LEDGER_COLUMNS)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                f"SELECT {columns} FROM mart.ledger WHERE street_code = :street ORDER BY period, source, dataset, sha256"
            ),
            {"street": street},
        )
        found = [dict(row._mapping) for row in rows]
    if quarter is None:
        return found
    whole = Period.quarter(quarter)
    return [row for row in found if whole.start <= Period.parse(row["period"]).last_day < whole.end]


def step(console: Console, name: str, result: dict[str, Any] | CourtyardError, seconds: float) -> None:
    """One line as a stage ends."""
    if isinstance(result, CourtyardError):
        console.print(f"[red]✗[/red] {name:24} {seconds:6.1f} s  {result}", highlight=False, soft_wrap=True)
        return
    told = escape(summary(name.partition(":")[0], result))
    console.print(f"[green]✓[/green] {name:24} {seconds:6.1f} s  {told}", highlight=False, soft_wrap=True)


def ledger_table(console: Console, rows: list[dict[str, Any]]) -> None:
    """Source, dataset and period a line; a source's many workbooks are added up."""
    table = Table("来源", "数据集", "所属期", *(COUNT_TITLES[c] for c in COUNTS), title="收数台账")
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    for row in rows:
        sums.setdefault((row["source"], row["dataset"], row["period"]), Counter()).update({c: row[c] for c in COUNTS})
    for key, counts in sums.items():
        table.add_row(*key, *(f"{counts[c]:,}" for c in COUNTS))
    console.print(table)


def ledger_summary(console: Console, rows: list[dict[str, Any]]) -> None:
    """The one line that must balance."""
    total = {c: sum(row[c] for row in rows) for c in COUNTS}
    deliveries = len({(row["source"], row["sha256"]) for row in rows})
    told = "  ".join(f"{COUNT_TITLES[c]} {total[c]:,}" for c in COUNTS)
    console.print(f"交付 {deliveries} 份  {told}", highlight=False, soft_wrap=True)


def publications(console: Console, settings: Settings, result: dict[str, Any]) -> None:
    """What was published, left unchanged, or held and why."""
    for entry in result["published"]:
        console.print(f"已发布  {settings.published / entry['folder']}", highlight=False, soft_wrap=True)
    if result["unchanged"]:
        console.print(f"内容未变，不出新版：{len(result['unchanged'])} 张", highlight=False)
    for entry in result["held"]:
        console.print(f"[yellow]暂挂[/yellow]  {entry['report']} {entry['period']}：{entry['reason']}", highlight=False)


def status(console: Console, found: dict[str, Any]) -> None:
    """The quarter at a glance: sources, grids, reports."""
    table = Table("来源", "所属期", "状态", "原因", title=f"{found['period']} 取数")
    for row in found["sources"]:
        table.add_row(row["source"], row["period"], STATUS_TITLES.get(row["status"], row["status"]), row["reason"])
    console.print(table)
    if found["grids"]:
        table = Table("数据集", *(STATUS_TITLES[s] for s in found["grid_statuses"]), title="网格报送")
        for dataset, counts in found["grids"].items():
            table.add_row(dataset, *(str(counts.get(s, 0)) for s in found["grid_statuses"]))
        console.print(table)
    collection.show_calendar(console, found["cycle"])
    collection.show_board(console, found["board"])
    cases = found["cases"]
    console.print(
        f"工单：未结 {cases['open']} 件，其中到今天逾期 {cases['overdue']} 件，待核 {cases['held']} 件；待回访 {cases['follow_up']} 件",
        highlight=False,
    )
    for row in found["held_batches"]:
        console.print(
            f"暂挂/退回：{row['source']} {row['name']} {row['dataset']}：{row['reason']}（批次 {row['batch_id']}）",
            highlight=False,
            soft_wrap=True,
        )
    for row in found["due"]:
        told = f"[yellow]待续算[/yellow]：{row['quarter']}，自 {runs.moment(row['asked_at'])} 起，{row['reason']}"
        console.print(told, highlight=False, soft_wrap=True)
    for row in found["runs"]:
        run = runs.named(row["holder"], row["kind"], row["reason"], row["opened_at"])
        console.print(f"运行：{run} {runs.OUTCOMES[row['outcome']]}", highlight=False, soft_wrap=True)
    for row in found["reports"]:
        console.print(f"报表 {row['report']} {row['period']}：{row['state']}", highlight=False, soft_wrap=True)


def trace(console: Console, found: dict[str, Any]) -> None:
    """Where a cell comes from: what it is, by which rule, out of which rows."""
    sources, rule = found["rows"], found["rule"]
    cell = found["cell"] + (f"（合并单元格，值在 {found['anchor']}）" if found["anchor"] != found["cell"] else "")
    column = f"“{found['column']}”" if found["column"] else ""
    lines = [
        f"{found['title']} {found['period']} 第{found['revision']}版 {cell}：{found['kind']}{column}",
        f"口径：{found['definition']}",
        f"依据：{rule['basis']}；定义 {rule['file']}",
    ]
    lines += [
        f"{title}：{rule[key]}"
        for key, title in (("text", "文字"), ("sql", "查询"), ("facts", "计数行"))
        if key in rule
    ]
    if rule.get("measures"):
        lines.append(f"由这些量得来：{'、'.join(rule['measures'])}")
    if "datasets" in rule:
        also = f"（参照 {'、'.join(rule['lookups'])}）" if rule["lookups"] else ""
        lines.append(
            f"数据集：{'、'.join(rule['datasets'])}{also}，统计截止日 {rule['as_of']}，数据截至 {rule['known_at']}"
        )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not sources:
        return
    names = ("来源", "文件", "工作表", "行", "数据集", "记录", "生效", "入库")
    table = Table(*(Column(name, overflow="fold") for name in names), title=f"{found['count']} 行来源")
    for row in sources[:50]:
        record = (row["dataset"], row["record"], row["valid_from"], row["recorded_at"])
        cells = (row["source"], row["name"], row["sheet"], row["row_no"], *record)
        table.add_row(*("" if value is None else str(value) for value in cells))
    console.print(table)
    if found["count"] > 50:
        told = "；".join(f"{file['name']} {file['sheet']} {file['rows']} 行" for file in found["files"][:20])
        console.print(f"共 {found['count']} 行：{told}。用 --json --all 看每一行。", markup=False, soft_wrap=True)
